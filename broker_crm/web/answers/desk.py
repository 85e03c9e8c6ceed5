"""Where answers are put into words outside of requests: the languages without the pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from flask import Flask
from flask_babel import force_locale
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.web import language


@cache
def _desk() -> Flask:
    app = Flask("broker_crm.web")
    language.set_up(app)
    return app


@contextmanager
def writing_in(wanted: str) -> Iterator[None]:
    """Texts, figures and days are written in a language, 'lt' or 'en'."""
    with _desk().app_context(), force_locale(wanted):
        yield


@contextmanager
def reading(factory: sessionmaker[Session]) -> Iterator[Session]:
    """A session that only reads; on SQLite it never takes the write lock."""
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        yield session
