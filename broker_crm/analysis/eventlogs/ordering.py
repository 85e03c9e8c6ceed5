"""Files of event logs that people order on the page: a worker makes them, and they pass away."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, settings
from broker_crm.analysis.eventlogs import exporting
from broker_crm.analysis.eventlogs.choosing import Chosen
from broker_crm.analysis.eventlogs.models import LogExport, LogExportPiece
from broker_crm.analysis.eventlogs.pseudonyms import Names
from broker_crm.process import duties

DUTY = "log-exports"
KEPT = timedelta(days=7)
LEASE = timedelta(minutes=15)
MOST_ATTEMPTS = 3
MOST_WAITING = 5
"""Orders of one person that may wait at once."""
PIECE = 1_000_000
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a file may be.

    Attributes:
        format: of `exporting.write`.
        ending: of the file.
        columns: of CSV.
        media_type: of the download.
    """

    format: str
    ending: str
    media_type: str
    columns: str = "disco"


FORMS: Mapping[str, Form] = {
    "xes": Form("xes", ".xes", "application/xml"),
    "ocel-json": Form("ocel", ".json", "application/json"),
    "ocel-sqlite": Form("ocel", ".sqlite", "application/vnd.sqlite3"),
    "csv-disco": Form("csv", ".csv", "text/csv"),
    "csv-celonis": Form("csv", ".csv", "text/csv", "celonis"),
    "parquet": Form("parquet", ".zip", "application/zip"),
}


log = logging.getLogger(__name__)


class TooManyOrders(Exception):
    """Several orders of this person wait already."""


def order(
    session: Session,
    form: str,
    chosen: Chosen,
    *,
    masked: bool,
    by: str,
) -> LogExport:
    """Order a file.

    Args:
        session: the caller commits, and rings the bell.
        form: one of `FORMS`.
        chosen: which cases.
        masked: whether people, clients and records get pseudonyms.
        by: login; whether the person may see names is the caller's to know.

    Raises:
        TooManyOrders: several wait already.
    """
    waiting = select(LogExport.id).where(LogExport.by == by, LogExport.state == "ordered")
    if len(session.scalars(waiting).all()) >= MOST_WAITING:
        raise TooManyOrders
    made = LogExport(
        by=by,
        at=clock.now(),
        form=form,
        process=chosen.process,
        first_day=chosen.start,
        last_day=chosen.end,
        masked=masked,
    )
    session.add(made)
    session.flush()
    return made


def orders(session: Session, login: str) -> list[LogExport]:
    """A person's orders, the newest first."""
    statement = select(LogExport).where(LogExport.by == login)
    return list(session.scalars(statement.order_by(LogExport.at.desc(), LogExport.id)))


def made(session: Session, export_id: UUID, login: str) -> LogExport | None:
    """A file that was made for this person; None where there is none."""
    found = session.get(LogExport, export_id)
    return found if found is not None and found.by == login and found.state == "made" else None


def content(factory: sessionmaker[Session], export_id: UUID) -> Iterator[bytes]:
    """A file, piece by piece; no transaction stays open while a slow reader takes one in."""
    number = 0
    while True:
        wanted = select(LogExportPiece.content).where(
            LogExportPiece.export_id == export_id, LogExportPiece.number == number
        )
        with factory() as session:
            session.connection(execution_options={"read_only": True})
            piece = session.scalar(wanted)
        if piece is None:
            return
        yield piece
        number += 1


def throw_away(session: Session, export_id: UUID, login: str) -> None:
    """Delete an order of this person with its file.

    Args:
        session: the caller commits.
        export_id: of the order; one that is gone does no harm.
        login: of the person.
    """
    found = session.get(LogExport, export_id)
    if found is not None and found.by == login:
        _delete(session, [found.id])


def name_of(export: LogExport) -> str:
    """What the file is called when it is saved."""
    parts = [
        "broker_crm",
        export.process or "all",
        *(day.isoformat() for day in (export.first_day, export.last_day) if day),
        "masked" if export.masked else "names",
    ]
    return "-".join(parts) + FORMS[export.form].ending


def register() -> None:
    """Let workers make what was ordered; safe to repeat."""
    duties.register(DUTY, begin)


def begin(factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False) -> int:
    """Make what was ordered beside the sweeps, which never wait for a file.

    Args:
        factory: makes sessions.
        stopping: asked between files; a worker that stops leaves its file to another.

    Returns:
        1 when it began, 0 when nothing waits or this worker is at it already.
    """
    if DUTY in {thread.name for thread in threading.enumerate()}:
        return 0
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        due = or_(_waits(), LogExport.at < clock.now() - KEPT)
        if session.scalar(select(LogExport.id).where(due).limit(1)) is None:
            return 0
    threading.Thread(target=_apart, args=(factory, stopping), name=DUTY, daemon=True).start()
    return 1


def _apart(factory: sessionmaker[Session], stopping: Callable[[], bool]) -> None:
    try:
        make(factory, stopping)
    except Exception:
        log.exception("a file could not be made; it is tried again after a while")


def make(factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False) -> int:
    """Make what was ordered, and delete what was kept long enough.

    Args:
        factory: makes sessions.
        stopping: asked between files.

    Returns:
        How many files were made.
    """
    _tidy(factory)
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        waiting = list(session.scalars(select(LogExport.id).where(_waits()).order_by(LogExport.at)))
    done = 0
    for export_id in waiting:
        if stopping():
            break
        if _take(factory, export_id):
            done += _make(factory, export_id)
    return done


def _waits() -> ColumnElement[bool]:
    free = or_(LogExport.lease_until.is_(None), LogExport.lease_until < clock.now())
    return and_(LogExport.state == "ordered", free)


def _take(factory: sessionmaker[Session], export_id: UUID) -> bool:
    """Lease an order; False when another worker has it, or it was tried often enough."""
    with factory.begin() as session:
        found = session.scalar(
            select(LogExport).where(LogExport.id == export_id, _waits()).with_for_update()
        )
        if found is None:
            return False
        if found.attempts >= MOST_ATTEMPTS:
            found.state = "failed"
            return False
        found.attempts += 1
        found.lease_until = clock.now() + LEASE
        return True


def _make(factory: sessionmaker[Session], export_id: UUID) -> bool:
    engine = factory.kw["bind"]
    with factory() as session:
        ordered = session.get_one(LogExport, export_id)
    form = FORMS[ordered.form]
    chosen = Chosen(ordered.process, ordered.first_day, ordered.last_day)
    names = Names(settings.load().data_key if ordered.masked else None)
    with tempfile.TemporaryDirectory(prefix="crm-export-") as folder:
        file = Path(folder) / f"log{form.ending}"
        with exporting.one_moment(engine) as session:
            done = exporting.write(session, form.format, file, chosen, names, columns=form.columns)
        _keep(factory, export_id, file)
    with factory.begin() as session:
        found = session.get(LogExport, export_id, with_for_update=True)
        if found is None:
            return False
        found.state, found.made_at, found.lease_until = "made", clock.now(), None
        found.events, found.size = done.events, done.size
        exporting.note(session, form.format, chosen, names, done, by=found.by)
    return True


def _keep(factory: sessionmaker[Session], export_id: UUID, file: Path) -> None:
    """Each piece in a transaction of its own, so that people's work never waits for a file."""
    with factory.begin() as session:
        session.execute(delete(LogExportPiece).where(LogExportPiece.export_id == export_id))
    with file.open("rb") as opened:
        number = 0
        while piece := opened.read(PIECE):
            with factory.begin() as session:
                session.add(LogExportPiece(export_id=export_id, number=number, content=piece))
            number += 1


def _tidy(factory: sessionmaker[Session]) -> None:
    before = clock.now() - KEPT
    old = select(LogExport.id).where(LogExport.at < before)
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        passed = list(session.scalars(old))
    for export_id in passed:
        with factory.begin() as session:
            _delete(session, [export_id])


def _delete(session: Session, ids: list[UUID]) -> None:
    session.execute(delete(LogExportPiece).where(LogExportPiece.export_id.in_(ids)))
    session.execute(delete(LogExport).where(LogExport.id.in_(ids)))
