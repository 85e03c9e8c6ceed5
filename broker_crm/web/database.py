"""The request's reading session, and transactions for what the request changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app, g
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import metrics
from broker_crm.db import UNAVAILABLE, connect, sessions
from broker_crm.settings import Settings

ENGINE = "broker_crm.engine"
FACTORY = "broker_crm.sessions"
PATIENCE = 8
"""Seconds that a request waits for a case on which a lost host may still have its hand."""


def set_up(app: Flask, settings: Settings) -> None:
    app.extensions[ENGINE] = connect(settings.database_url, patience=PATIENCE)
    metrics.watch(app.extensions[ENGINE])
    app.extensions[FACTORY] = sessions(app.extensions[ENGINE])
    app.teardown_appcontext(_close)


def factory() -> sessionmaker[Session]:
    """For commands that manage their own transactions."""
    made: sessionmaker[Session] = current_app.extensions[FACTORY]
    return made


def current() -> Session:
    """The request's session for reading; on SQLite it never takes the write lock."""
    session: Session | None = g.get("session")
    if session is None:
        session = g.session = factory()()
        session.connection(execution_options={"read_only": True})
    return session


@contextmanager
def reading() -> Iterator[Connection]:
    """One short look at the database, without a session."""
    engine: Engine = current_app.extensions[ENGINE]
    level = "AUTOCOMMIT" if engine.dialect.name == "postgresql" else None
    options: dict[str, Any] = {"isolation_level": level} if level else {"read_only": True}
    with engine.connect().execution_options(**options) as connection:
        yield connection


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction, committed when the block ends well; later reading sees it."""
    with factory().begin() as session:
        yield session
    reread()


def reread() -> None:
    """Let later reading see what was written meanwhile."""
    _close(None)


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("session", None)
    if session is not None:
        try:
            session.close()
        except UNAVAILABLE:
            session.invalidate()
