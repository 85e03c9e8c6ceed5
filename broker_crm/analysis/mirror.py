"""Columns of all cases and steps in memory, true to the last event: what the questions ask.

The database holds rows, which a question over years of work would have to read one by one. Here the
same facts lie by column in DuckDB, in this process's memory. Before each question the events
written since the last one say which cases changed; only those are read again, so that an answer is
right at once after a completion.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import duckdb
from sqlalchemy import ColumnElement, Engine, or_, select, true
from sqlalchemy.orm import Session

from broker_crm.analysis import interruptions, reading
from broker_crm.analysis.marks import Marks, marks
from broker_crm.analysis.office_time import OfficeTime
from broker_crm.analysis.tables import Columns, ColumnTables
from broker_crm.people.models import Role, User, UserRole
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessEvent, ProcessInstance

CHUNK = 400
"""Cases read again in one statement."""
RECENT = 20_000
"""Events before the newest one among which an unfinished transaction may still have its own."""
PATIENCE = 900.0
"""Seconds for which an event's number that is missing may still appear; transactions are shorter
by far (`idle_in_transaction_session_timeout`)."""


@dataclass(slots=True)
class Mirror:
    """The columns of one database."""

    tables: ColumnTables = field(default_factory=ColumnTables)
    lock: threading.Lock = field(default_factory=threading.Lock)
    office: OfficeTime | None = None
    newest: tuple[int, str] | None = None
    """Number and case of the last event that is in the columns."""
    missing: dict[int, float] = field(default_factory=dict)
    """Numbers of events not seen yet, and until when they are looked for."""
    people: list[Sequence[Any]] = field(default_factory=list)
    marks: dict[int, Marks] = field(default_factory=dict)


_mirrors: WeakKeyDictionary[Engine, Mirror] = WeakKeyDictionary()
_guard = threading.Lock()


@contextmanager
def columns(session: Session) -> Iterator[tuple[duckdb.DuckDBPyConnection, OfficeTime]]:
    """The columns as the database is now, and the office time in which they count.

    They stay so for as long as they are asked, whatever others read in meanwhile: numbers of cases
    and steps mean the same in all statements.

    Args:
        session: reads what changed; nothing is written.
    """
    engine = session.get_bind().engine
    with _guard:
        mirror = _mirrors.get(engine) or _mirrors.setdefault(engine, Mirror())
    with mirror.lock:
        _refresh(session, mirror)
        cursor = mirror.tables.at_one_moment()
        office = mirror.office
    assert office is not None
    try:
        yield cursor, office
    finally:
        cursor.close()


def _refresh(session: Session, mirror: Mirror) -> None:
    calendar = company_calendar(session)
    if (
        mirror.office is None
        or mirror.office.calendar is not calendar
        or not _follows(session, mirror)
    ):
        mirror.office = OfficeTime(calendar)
        _load(session, mirror)
    else:
        _follow(session, mirror)
    _note_people(session, mirror)


def _follows(session: Session, mirror: Mirror) -> bool:
    """Is this still the database whose events the columns hold?"""
    if mirror.newest is None:
        return False
    number, case_id = mirror.newest
    found = session.scalar(select(ProcessEvent.instance_id).where(ProcessEvent.id == number))
    return found is not None and found.hex == case_id


def _load(session: Session, mirror: Mirror) -> None:
    mirror.marks.clear()
    mirror.missing.clear()
    mirror.newest = None
    newest = _newest(session)
    if newest is not None:
        number = newest[0]
        there = set(
            session.scalars(select(ProcessEvent.id).where(ProcessEvent.id > number - RECENT))
        )
        first = min(there)
        _miss(mirror, (each for each in range(first, number) if each not in there))
    _arrive(session, mirror, [true()])
    with mirror.tables.at_once():
        mirror.tables.clear()
        mirror.tables.keep()
    mirror.people = []
    mirror.newest = newest


def _follow(session: Session, mirror: Mirror) -> None:
    assert mirror.newest is not None
    number = mirror.newest[0]
    now = monotonic()
    mirror.missing = {each: until for each, until in mirror.missing.items() if until > now}
    wanted = [ProcessEvent.id > number]
    if mirror.missing:
        wanted.append(ProcessEvent.id.in_(list(mirror.missing)))
    rows = session.execute(
        select(ProcessEvent.id, ProcessEvent.instance_id)
        .where(or_(*wanted))
        .order_by(ProcessEvent.id)
    ).all()
    if not rows:
        return
    seen = {row.id for row in rows}
    last = rows[-1]
    changed = list({row.instance_id for row in rows})
    parts = [changed[start : start + CHUNK] for start in range(0, len(changed), CHUNK)]
    _arrive(session, mirror, [ProcessInstance.id.in_(some) for some in parts])
    with mirror.tables.at_once():
        mirror.tables.forget([each.hex for each in changed])
        mirror.tables.keep()
    for each in seen:
        mirror.missing.pop(each, None)
    _miss(mirror, (each for each in range(number + 1, last.id) if each not in seen))
    mirror.newest = max(mirror.newest, (last.id, last.instance_id.hex))


def _miss(mirror: Mirror, numbers: Iterator[int]) -> None:
    until = monotonic() + PATIENCE
    for each, _place in zip(numbers, range(RECENT), strict=False):
        mirror.missing[each] = until


def _newest(session: Session) -> tuple[int, str] | None:
    statement = select(ProcessEvent.id, ProcessEvent.instance_id)
    row = session.execute(statement.order_by(ProcessEvent.id.desc()).limit(1)).first()
    return None if row is None else (row.id, row.instance_id.hex)


def _arrive(session: Session, mirror: Mirror, parts: Sequence[ColumnElement[bool]]) -> None:
    """Lay the cases that meet one of the conditions beside the tables."""
    office = mirror.office
    assert office is not None

    def marks_of(version_id: int) -> Marks:
        if version_id not in mirror.marks:
            mirror.marks[version_id] = marks(session, version_id)
        return mirror.marks[version_id]

    mirror.tables.arrive(
        {
            "case_file": _each(parts, lambda one: reading.cases(session, office, marks_of, one)),
            "task": _each(parts, lambda one: reading.tasks(session, office, marks_of, one)),
            "stint": _each(parts, lambda one: reading.stints(session, office, one)),
            "pause": _each(parts, lambda one: interruptions.pauses(session, office, one)),
            "happening": _each(parts, lambda one: interruptions.happenings(session, office, one)),
            "offer_line": _each(parts, lambda one: reading.offer_lines(session, office, one)),
        }
    )


def _each(
    parts: Sequence[ColumnElement[bool]],
    read: Callable[[ColumnElement[bool]], Iterator[Columns]],
) -> Iterator[Columns]:
    for part in parts:
        yield from read(part)


def _note_people(session: Session, mirror: Mirror) -> None:
    selling = select(UserRole.login).where(UserRole.role == Role.SALESPERSON)
    rows: list[Sequence[Any]] = list(
        session.execute(
            select(
                User.login,
                User.team_key,
                User.active,
                User.login.in_(selling).label("sells"),
            ).order_by(User.login)
        )
    )
    if rows != mirror.people:
        mirror.tables.know_people(rows)
        mirror.people = rows
