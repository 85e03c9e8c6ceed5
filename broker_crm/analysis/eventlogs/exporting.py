"""Exports the work as an event log: a file that appears when it is whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from broker_crm.analysis.eventlogs import (
    writing_csv,
    writing_ocel,
    writing_ocel_json,
    writing_parquet,
    writing_xes,
)
from broker_crm.analysis.eventlogs.choosing import Chosen
from broker_crm.analysis.eventlogs.pseudonyms import Names
from broker_crm.analysis.eventlogs.stories import stories
from broker_crm.crm import audit
from broker_crm.db import sessions, snapshot
from broker_crm.process.calendars import company_calendar

ENDINGS = {
    "xes": (".xes",),
    "ocel": (".json", ".jsonocel", ".sqlite"),
    "csv": (".csv",),
    "parquet": ("", ".zip"),
}
"""Format to endings of its files; Parquet without one is a folder."""


class ExportRefused(Exception):
    """The file can't be written; nothing was."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        events: events of XES, steps of OCEL and CSV, events of the history in Parquet.
        size: bytes.
    """

    events: int
    size: int


@contextmanager
def one_moment(engine: Engine) -> Iterator[Session]:
    """A session that sees the database as it is now, and its calendar, which is made when it is
    first asked for."""
    with sessions(engine).begin() as session:
        company_calendar(session)
    with snapshot(engine) as connection, Session(connection) as session:
        yield session


def write(
    session: Session,
    format_: str,
    target: Path,
    chosen: Chosen,
    names: Names,
    *,
    columns: str = "disco",
    force: bool = False,
) -> Exported:
    """Write an event log.

    Args:
        session: reads only; that of `one_moment` tells of one moment.
        format_: 'xes', 'ocel', 'csv' or 'parquet'.
        target: the file; its ending chooses between forms of a format.
        chosen: which cases.
        names: what cases and people are called.
        columns: of CSV, 'disco' or 'celonis'.
        force: replace a file that is there.

    Raises:
        ExportRefused: the ending is another format's, the file is there already, or can't be
            written.
    """
    ending = target.suffix.lower()
    if ending not in ENDINGS[format_]:
        known = " or ".join(each or "a folder" for each in ENDINGS[format_])
        raise ExportRefused(f"{target}: {format_} is written to {known}. Choose such a name.")
    if target.exists() and not force:
        raise ExportRefused(
            f"{target} exists already. Choose another name, or replace it with --force."
        )
    lots = stories(session, chosen, named=not names.masked)
    try:
        with _appearing(target) as draft:
            if format_ == "xes":
                events = writing_xes.write(lots, draft, names)
            elif format_ == "csv":
                events = writing_csv.write(lots, draft, names, columns)
            elif format_ == "parquet":
                draft.mkdir()
                events = writing_parquet.write(session, lots, draft, names)
                if ending == ".zip":
                    _zip(draft)
            elif ending == ".sqlite":
                events = writing_ocel.write(session, lots, draft, names)
            else:
                between = draft.with_name("log.sqlite")
                events = writing_ocel.write(session, lots, between, names)
                writing_ocel_json.write(between, draft)
            size = sum(each.stat().st_size for each in (draft, *draft.glob("*")) if each.is_file())
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportRefused(
            f"{target} can't be written: {reason}. Choose another place."
        ) from error
    return Exported(events, size)


def note(
    session: Session, format_: str, chosen: Chosen, names: Names, done: Exported, *, by: str | None
) -> None:
    """Note in the audit trail what left the system.

    Args:
        session: the caller commits.
        format_: of the file.
        chosen: which cases it holds.
        names: whether they are masked.
        done: what was written.
        by: login; None for the command line.
    """
    audit.note(
        session,
        "log-exported",
        None,
        by=by,
        format=format_,
        masked=names.masked,
        process=chosen.process,
        first=chosen.start.isoformat() if chosen.start else None,
        last=chosen.end.isoformat() if chosen.end else None,
        events=done.events,
    )


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A draft beside the target that takes its name when it is whole and on the disk."""
    if target.is_dir() and target.suffix:
        raise ExportRefused(f"{target} is a folder. Choose a file's name.")
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        draft = Path(folder) / f"draft{target.suffix.lower()}"
        yield draft
        for file in (draft, *draft.glob("*")):
            if file.is_file():
                descriptor = os.open(file, os.O_RDONLY)
                os.fsync(descriptor)
                os.close(descriptor)
        if target.is_dir():
            _replace_folder(target, Path(folder))
        draft.replace(target)


def _replace_folder(target: Path, folder: Path) -> None:
    """Take away a folder that holds nothing but an earlier export."""
    others = {each.name for each in target.iterdir()} - {
        f"{name}.parquet" for name in writing_parquet.FILES
    }
    if others:
        raise ExportRefused(
            f"{target} holds other files too, such as {min(others)}. Choose another folder."
        )
    target.replace(folder / "earlier")


def _zip(folder: Path) -> None:
    """Put the files of a folder into an archive that takes its name."""
    archive = folder.with_name("archive")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
        for name in writing_parquet.FILES:
            made.write(folder / f"{name}.parquet", f"{name}.parquet")
    shutil.rmtree(folder)
    archive.replace(folder)
