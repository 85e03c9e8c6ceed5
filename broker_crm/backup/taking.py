"""Takes a backup while everything goes on: one snapshot, streamed into a file."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO

import orjson
from sqlalchemy import Connection, Engine, Table, select

from broker_crm import clock
from broker_crm.backup.archive import MANIFEST, BackupRefused, Manifest, TableCopy, table_path
from broker_crm.backup.values import kind_of, read_from
from broker_crm.db import snapshot
from broker_crm.schema import METADATA, head

MOMENTARY = frozenset({"heartbeat", "event_log", "log_export", "log_export_piece"})
"""Tables that tell of this moment and this system only, or hold copies of files that can be brought
in or made again; their rows stay out."""
STREAMED = 500
"""Rows in memory at a time."""


class AlreadyThere(BackupRefused):
    """A file of that name exists; it is never overwritten."""


def back_up(engine: Engine, target: Path) -> Manifest:
    """Write a consistent copy of a database that is migrated to this release.

    Readers and writers go on. The file is for its owner only; it appears under its name when it is
    whole and on the disk. The key that signs sessions, settings and diagrams in folders are not in
    it: what was published is.

    Args:
        engine: of the database.
        target: file that does not exist yet.

    Raises:
        AlreadyThere: the file exists.
        BackupRefused: the file can't be written.
    """
    if target.exists():
        raise AlreadyThere(f"{target} exists already. Choose another name, or remove it first.")
    try:
        with (
            _appearing(target) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive,
            snapshot(engine) as connection,
        ):
            taken_at = clock.now()
            tables = tuple(_copy(connection, table, archive) for table in METADATA.sorted_tables)
            manifest = Manifest(
                taken_at, version("broker_crm"), head(), engine.dialect.name, tables
            )
            archive.writestr(MANIFEST, manifest.as_json())
    except OSError as error:
        raise BackupRefused(f"{target} can't be written: {error.strerror}.") from error
    return manifest


def _copy(connection: Connection, table: Table, archive: zipfile.ZipFile) -> TableCopy:
    kinds = {column.name: kind_of(column) for column in table.columns}
    writers = [kind.write for kind in kinds.values()]
    digest, rows = hashlib.sha256(), 0
    with archive.open(table_path(table.name), "w", force_zip64=True) as lines:
        for row in _rows(connection, table):
            line = orjson.dumps(
                [
                    None if value is None else write(value)
                    for write, value in zip(writers, row, strict=True)
                ],
                option=orjson.OPT_APPEND_NEWLINE,
            )
            digest.update(line)
            lines.write(line)
            rows += 1
    columns = {name: kind.name for name, kind in kinds.items()}
    return TableCopy(table.name, columns, rows, digest.hexdigest())


def _rows(connection: Connection, table: Table) -> Iterator[tuple[object, ...]]:
    """All rows; those that point to others of their own table come after those."""
    if table.name in MOMENTARY:
        return
    columns = [read_from(column, connection.dialect.name) for column in table.columns]
    points = [
        column.is_not(None)
        for column in table.columns
        if any(key.column.table is table for key in column.foreign_keys)
    ]
    order = (*points, *table.primary_key.columns)
    statement = select(*columns).order_by(*order).execution_options(yield_per=STREAMED)
    for row in connection.execute(statement):
        yield tuple(row)


@contextmanager
def _appearing(target: Path) -> Iterator[IO[bytes]]:
    """A file for its owner that gets its name when it is whole and on the disk, or not at all."""
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, target)
        except FileExistsError as error:
            raise AlreadyThere(f"{target} was made by another at the same time.") from error
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
