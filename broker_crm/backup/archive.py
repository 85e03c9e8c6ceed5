"""The file of a backup: a ZIP with a manifest and one file of JSON lines for each table.

`manifest.json` says what it is, when it was taken, at which revision of the schema, and each
table's columns, number of rows and SHA-256. `tables/NAME.jsonl` has one list of values a row.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from broker_crm.backup.values import BY_NAME

FORMAT = "broker_crm backup"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 10_000_000
"""Bytes."""


UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    OSError,
    NotImplementedError,
    RuntimeError,
)
"""What the reading of a damaged ZIP can raise."""


class BackupRefused(Exception):
    """A backup can't be used; nothing was changed."""


class NotABackup(BackupRefused):
    """The file is something else."""


class BackupDamaged(BackupRefused):
    """The file is cut short or was changed."""


class BackupTooNew(BackupRefused):
    """A newer release made the file."""


@dataclass(frozen=True, slots=True)
class TableCopy:
    """What the manifest says of a table."""

    name: str
    columns: dict[str, str]
    """Kinds by name, in the order of the values in a row."""
    rows: int
    sha256: str

    @property
    def path(self) -> str:
        return table_path(self.name)


@dataclass(frozen=True, slots=True)
class Manifest:
    taken_at: datetime
    release: str
    schema: str
    """Revision of the database's schema."""
    database: str
    """'sqlite' or 'postgresql'."""
    tables: tuple[TableCopy, ...]
    """Those that others name come before them."""

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def as_json(self) -> bytes:
        document = {
            "format": FORMAT,
            "formatVersion": FORMAT_VERSION,
            "takenAt": self.taken_at.isoformat(),
            "release": self.release,
            "schema": self.schema,
            "database": self.database,
            "tables": [asdict(table) for table in self.tables],
        }
        return json.dumps(document, indent=1).encode()


def table_path(name: str) -> str:
    return f"tables/{name}.jsonl"


class Backup:
    """A backup opened for reading.

    Raises:
        NotABackup, BackupDamaged, BackupTooNew: when it can't be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise NotABackup(f"{path} can't be read: {error.strerror}.") from error
        try:
            self._zip = zipfile.ZipFile(self._file)
        except zipfile.BadZipFile as error:
            begins = self._begins_like_one()
            self._file.close()
            if begins:
                raise self._damaged("it is cut short") from error
            raise NotABackup(f"{path} is not a backup of this product.") from error
        try:
            self.manifest = self._manifest()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Backup:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()

    def verify(self) -> None:
        """Read everything once and compare it with the manifest.

        Raises:
            BackupDamaged: naming the table.
        """
        for table in self.manifest.tables:
            for _line in self._lines(table):
                pass

    def rows(self, table: TableCopy) -> Iterator[dict[str, object]]:
        """The rows of a table, one after the other."""
        kinds = [BY_NAME[kind] for kind in table.columns.values()]
        for number, line in enumerate(self._lines(table), 1):
            try:
                values: list[Any] = json.loads(line)
                yield {
                    name: None if value is None else kind.read(value)
                    for name, kind, value in zip(table.columns, kinds, values, strict=True)
                }
            except (ValueError, TypeError, ArithmeticError) as error:
                raise self._damaged(f"row {number} of {table.name}: {error}") from error

    def _lines(self, table: TableCopy) -> Iterator[bytes]:
        digest, rows = hashlib.sha256(), 0
        try:
            with self._zip.open(table.path) as lines:
                for line in lines:
                    digest.update(line)
                    rows += 1
                    yield line
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            KeyError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise self._damaged(f"{table.name}: {error}") from error
        if rows != table.rows or digest.hexdigest() != table.sha256:
            raise self._damaged(f"{table.name} is not what the manifest says")

    def _manifest(self) -> Manifest:
        try:
            info = self._zip.getinfo(MANIFEST)
        except KeyError as error:
            raise NotABackup(
                f"{self.path} is not a backup of this product: it has no {MANIFEST}."
            ) from error
        try:
            if info.file_size > LARGEST_MANIFEST:
                raise ValueError("it is far too large")
            document = json.loads(self._zip.read(info))
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise self._damaged(f"{MANIFEST}: {error}") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise NotABackup(f"{self.path} is not a backup of this product.")
        version = document.get("formatVersion")
        if version != FORMAT_VERSION:
            raise BackupTooNew(
                f"{self.path} has format {version}; this release reads format {FORMAT_VERSION}. "
                "Restore it with the release that made it or a newer one."
            )
        try:
            tables = tuple(TableCopy(**table) for table in document["tables"])
            unknown = {kind for table in tables for kind in table.columns.values()} - set(BY_NAME)
            if unknown:
                raise ValueError(f"unknown kinds of columns: {', '.join(sorted(unknown))}")
            return Manifest(
                datetime.fromisoformat(document["takenAt"]),
                document["release"],
                document["schema"],
                document["database"],
                tables,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._damaged(f"{MANIFEST}: {error}") from error

    def _begins_like_one(self) -> bool:
        self._file.seek(0)
        return self._file.read(4) == b"PK\x03\x04"

    def _damaged(self, how: str) -> BackupDamaged:
        return BackupDamaged(
            f"{self.path} is damaged: {how}. Nothing was restored; take another copy of the file, "
            "or an older backup."
        )
