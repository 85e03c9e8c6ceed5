"""The database: declarative base, engines for SQLite and PostgreSQL, sessions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout)
"""Errors that say that the database could not be reached or used, whatever was asked of it."""
IDLE_SINCE = "idle since"
TRUSTED_IDLE = 1.0
"""Seconds for which a connection back in the pool is taken to live without asking."""
POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 11_000,
    "application_name": "broker_crm",
}
"""Seconds, and milliseconds in the last: a cut network is noticed within a dozen seconds, where the
system's own defaults would wait for hours."""
POSTGRES_SESSION = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "11s",
    "idle_in_transaction_session_timeout": "60s",
}
"""The same on the server's side, so that a lost host's locks are soon given back."""
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all models."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored and given back in UTC on every database.

    Raises:
        ValueError: when a naive datetime is bound.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A naive datetime can't be stored: {value!r}. Give it a time zone.")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A reading transaction that sees a migrated database as it is now; writers go on."""
    options: dict[str, Any] = {"read_only": True}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        yield connection


def new_id() -> uuid.UUID:
    """A fresh random identifier for rows that must not be guessable."""
    return uuid.uuid4()


def connect(url: str, *, echo: bool = False, patience: int | None = None) -> Engine:
    """Open an engine.

    SQLite runs in WAL mode with foreign keys on, and every transaction that may write begins
    IMMEDIATE, because deferred transactions lose updates or fail when several processes write.
    Errors never show the values that statements were given: they are people's data.

    Args:
        url: an SQLAlchemy URL, `sqlite:///…` or `postgresql+psycopg://…`.
        echo: log statements.
        patience: seconds to wait for a lock that somebody else holds; None for as long as it
            takes on PostgreSQL, and for 15 seconds on SQLite.
    """
    if url.startswith("sqlite"):
        engine = create_engine(url, echo=echo, hide_parameters=True)
        event.listen(engine, "connect", partial(_prepare_sqlite_connection, patience or 15))
        event.listen(engine, "begin", _begin_sqlite_transaction)
        return engine
    given = make_url(url).query
    wished = POSTGRES_SESSION | ({"lock_timeout": f"{patience}s"} if patience else {})
    session = " ".join(f"-c {name}={value}" for name, value in wished.items())
    options = POSTGRES_OPTIONS | {"options": session}
    engine = create_engine(
        url,
        echo=echo,
        hide_parameters=True,
        connect_args={name: value for name, value in options.items() if name not in given},
    )
    event.listen(engine, "checkin", _note_time)
    event.listen(engine, "checkout", _refuse_dead_connection)
    return engine


def _prepare_sqlite_connection(
    patience: int, connection: Any, _record: ConnectionPoolEntry
) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={patience * 1000}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite_transaction(connection: Any) -> None:
    read_only = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _note_time(_connection: Any, record: ConnectionPoolEntry | None) -> None:
    if record is not None:
        record.info[IDLE_SINCE] = monotonic()


def _refuse_dead_connection(
    connection: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """Ask a connection that lay idle whether it still lives; the pool replaces a dead one."""
    since = record.info.get(IDLE_SINCE)
    if since is None or monotonic() - since < TRUSTED_IDLE:
        return
    try:
        alive = not connection.closed and connection.execute("SELECT 1") is not None
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error
    if not alive:
        raise DisconnectionError


def insert(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of the session's database, which knows ON CONFLICT."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if on_postgresql else sqlite.insert(table)


def sessions(engine: Engine) -> sessionmaker[Session]:
    """A session factory whose rows stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)
