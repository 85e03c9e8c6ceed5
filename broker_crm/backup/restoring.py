"""Makes a database from a backup: all of it, or nothing.

A SQLite file is made beside its place and gets its name when it is whole; in PostgreSQL all happens
in one transaction. The copy begins at the backup's revision of the schema and is migrated up.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, Table, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from broker_crm import schema
from broker_crm.backup.archive import (
    Backup,
    BackupDamaged,
    BackupRefused,
    BackupTooNew,
    TableCopy,
)
from broker_crm.backup.settling import reset_sequences, settle
from broker_crm.backup.values import BY_NAME
from broker_crm.db import connect
from broker_crm.integrity import Violation, violations

AT_ONCE = 500
"""Rows in one statement."""
WHERE_TO = "Restore into a new one: broker-crm restore FILE --into URL"


class DatabaseNotEmpty(BackupRefused):
    """There is something in the database already."""


@dataclass(frozen=True, slots=True)
class Restored:
    taken_at: datetime
    tables: int
    rows: int
    letters: int
    """How many wait under the hold."""
    in_doubt: int
    found: list[Violation]
    """By the check of the whole copy: as in the original, if there is any."""


def restore(file: Path, url: str) -> Restored:
    """Make a database from a backup.

    Outgoing mail is held, letters that were being sent are in doubt, everybody has to sign in
    again, API tokens are revoked, and interrupted attempts of workers do not count.

    Args:
        file: the backup.
        url: SQLAlchemy URL of an empty PostgreSQL database or of a SQLite file to be made.

    Raises:
        BackupRefused: the backup or the database can't be used; nothing has changed.
    """
    with Backup(file) as backup:
        if not schema.knows(backup.manifest.schema):
            raise BackupTooNew(
                f"{file} has the schema revision {backup.manifest.schema}, which only a newer "
                "release knows. Restore it with that release."
            )
        backup.verify()
        if url.startswith("sqlite"):
            return _into_sqlite(backup, Path(make_url(url).database or ""))
        return _into_postgres(backup, url)


def _into_sqlite(backup: Backup, target: Path) -> Restored:
    _refuse_if_there(target)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.restoring-", dir=target.parent))
    except OSError as error:
        raise BackupRefused(f"{target.parent} can't be written to: {error.strerror}.") from error
    try:
        draft = folder / target.name
        engine = connect(f"sqlite:///{draft}")
        event.listen(engine, "connect", _load_freely)
        with _disposed(engine), engine.connect() as connection:
            restored = _fill(connection, backup)
            connection.commit()
        draft.chmod(0o600)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        try:
            os.link(draft, target)
        except FileExistsError as error:
            raise DatabaseNotEmpty(f"{target} was made by another at the same time.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return restored


def _into_postgres(backup: Backup, url: str) -> Restored:
    engine = connect(url)
    with _disposed(engine), engine.begin() as connection:
        schema.lock(connection)
        if inspect(connection).get_table_names():
            raise DatabaseNotEmpty(f"The database is not empty. {WHERE_TO}")
        return _fill(connection, backup)


def _fill(connection: Connection, backup: Backup) -> Restored:
    manifest = backup.manifest
    schema.migrate(connection, manifest.schema)
    for copy in manifest.tables:
        _load(connection, backup, copy)
    schema.migrate(connection, "head")
    if connection.dialect.name == "postgresql":
        reset_sequences(connection)
    with Session(connection, join_transaction_mode="rollback_only") as session:
        letters, in_doubt = settle(session, manifest.taken_at)
        session.flush()
        found = list(violations(session))
        session.commit()
    return Restored(
        manifest.taken_at, len(manifest.tables), manifest.rows, letters, in_doubt, found
    )


def _load(connection: Connection, backup: Backup, copy: TableCopy) -> None:
    there = {column["name"] for column in inspect(connection).get_columns(copy.name)}
    if there != set(copy.columns):
        raise BackupDamaged(
            f"{backup.path}: the columns of {copy.name} are not those of the schema revision "
            f"{backup.manifest.schema}. Nothing was restored."
        )
    columns = [Column(name, BY_NAME[kind].stored()) for name, kind in copy.columns.items()]
    table = Table(copy.name, MetaData(), *columns)
    insert = table.insert()
    connection.execute(table.delete())
    done = 0
    source = backup.rows(copy)
    while rows := list(islice(source, AT_ONCE)):
        try:
            connection.execute(insert, rows)
        except DBAPIError as error:
            reason = str(error.orig).splitlines()[0]
            raise BackupRefused(
                f"{copy.name}, rows {done + 1} to {done + len(rows)}, can't be written: {reason}. "
                "Nothing was restored."
            ) from error
        done += len(rows)


def _refuse_if_there(target: Path) -> None:
    if target.exists():
        raise DatabaseNotEmpty(
            f"{target} exists already. Move it away together with its -wal and -shm files, or "
            "restore into a new one: broker-crm restore FILE --into URL"
        )
    for leftover in (Path(f"{target}-wal"), Path(f"{target}-shm"), Path(f"{target}-journal")):
        if leftover.exists():
            raise DatabaseNotEmpty(
                f"{leftover} is left of another database and would spoil the copy. Move it away."
            )


def _load_freely(connection: sqlite3.Connection, _record: object) -> None:
    """Foreign keys are checked at the end, and the disk waits once."""
    for pragma in ("foreign_keys=OFF", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _disposed(engine: Engine) -> Iterator[None]:
    try:
        yield
    finally:
        engine.dispose()
