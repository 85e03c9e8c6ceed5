"""The whole schema, and its migrations to the newest revision."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

import broker_crm.analysis.eventlogs.models
import broker_crm.analysis.models
import broker_crm.crm.models
import broker_crm.definitions.models
import broker_crm.heartbeat
import broker_crm.outreach.models
import broker_crm.people.models
import broker_crm.people.saved_views
import broker_crm.process.experiments.models
import broker_crm.process.migration.models
import broker_crm.process.models
import broker_crm.process.steering.models
import broker_crm.scenarios.models  # noqa: F401
from broker_crm.db import Base, connect

METADATA = Base.metadata
LOCK = 7203114
"""Of PostgreSQL's advisory locks: held while migrating."""
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class SchemaTooNew(Exception):
    """The database was made by a newer release; this one would spoil it."""


class SchemaTooOld(Exception):
    """The database lacks tables or columns of this release."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database to the newest revision; safe to repeat, and while others do the same.

    Args:
        url: SQLAlchemy URL.
        revision: another one to stop at.

    Raises:
        SchemaTooNew: this release does not know the database's revision.
    """
    engine = connect(url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
            migrate(connection, revision)
            connection.commit()
    finally:
        engine.dispose()


def migrate(connection: Connection, revision: str) -> None:
    """Bring a database to a revision within the caller's transaction.

    Raises:
        SchemaTooNew: this release does not know the database's revision.
    """
    _refuse_unknown(connection)
    command.upgrade(_config(connection), revision)


def lock(connection: Connection) -> None:
    """Let nobody else migrate this PostgreSQL database until the transaction ends."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def knows(revision: str) -> bool:
    """True when this release can migrate from a revision."""
    return revision in _known()


def require_current(engine: Engine) -> None:
    """Refuse a database that is not at this release's revision.

    Raises:
        SchemaTooNew: this release does not know the database's revision.
        SchemaTooOld: the database has to be migrated first.
    """
    with engine.connect().execution_options(read_only=True) as connection:
        if _refuse_unknown(connection) != head():
            raise SchemaTooOld(
                "The database is not prepared for this release. Run: broker-crm prepare"
            )


def standing(connection: Connection) -> Literal["ok", "old", "new"]:
    """How the database's revision stands to this release's."""
    try:
        return "ok" if _refuse_unknown(connection) == head() else "old"
    except SchemaTooNew:
        return "new"


@cache
def head() -> str:
    """The revision that this release works with."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head() or ""


@cache
def _known() -> frozenset[str]:
    return frozenset(each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions())


def _refuse_unknown(connection: Connection) -> str | None:
    """The database's revision; None when it has none yet."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in _known():
        raise SchemaTooNew(
            f"The database is at revision {current}, which only a newer release knows. "
            "Start that release, or restore a backup made before it."
        )
    return current


def write_revision(url: str, message: str, revision: str) -> None:
    """Write a revision with the differences between a database and the models."""
    engine = connect(url)
    with engine.connect() as connection:
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=revision)
    engine.dispose()


def differences(connection: Connection) -> list[object]:
    """What the models have and the database has not, or the other way round."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, METADATA))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
