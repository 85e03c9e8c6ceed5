"""Columns of all cases and steps in memory, true to the last event: what the questions ask.

The database holds rows, which a question over years of work would have to read one by one. Here the
same facts lie by column in DuckDB, in this process's memory. Before each question the events
written since the last one say which cases changed; only those are read again, so that an answer is
right at once after a completion.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import duckdb
import numpy as np
from sqlalchemy import ColumnElement, Engine, or_, select, true
from sqlalchemy.orm import Session

from broker_crm.analysis import interruptions, reading
from broker_crm.analysis.marks import Marks, marks
from broker_crm.analysis.office_time import OfficeTime
from broker_crm.analysis.reading import Columns
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

TABLES = {
    "case_file": """
        case_id VARCHAR, process VARCHAR, version INTEGER, product VARCHAR, client_kind VARCHAR,
        sector VARCHAR, size VARCHAR, vip BOOLEAN, region VARCHAR, complexity VARCHAR,
        owner VARCHAR, started_on DATE, started_s DOUBLE, ended_on DATE, ended_s DOUBLE,
        ended_d DOUBLE, status VARCHAR, outcome VARCHAR, ending VARCHAR, reason VARCHAR""",
    "task": """
        task_id VARCHAR, case_id VARCHAR, element VARCHAR, step VARCHAR, kind VARCHAR,
        lane VARCHAR, person VARCHAR, status VARCHAR, created_at TIMESTAMP, done_at TIMESTAMP,
        created_on DATE, due_on DATE, done_on DATE, created_s DOUBLE, started_s DOUBLE,
        done_s DOUBLE, created_d DOUBLE, first_due_d DOUBLE, due_d DOUBLE, done_d DOUBLE,
        outcome VARCHAR,
        meaning VARCHAR, reason VARCHAR, loop INTEGER, std_days DOUBLE, std_minutes DOUBLE,
        std_cost DOUBLE, minutes DOUBLE""",
    "stint": "task_id VARCHAR, person VARCHAR, from_d DOUBLE, to_d DOUBLE, case_id VARCHAR",
    "pause": "task_id VARCHAR, reason VARCHAR, from_s DOUBLE, until_s DOUBLE, case_id VARCHAR",
    "happening": """
        case_id VARCHAR, kind VARCHAR, element VARCHAR, from_element VARCHAR, version INTEGER,
        actor VARCHAR, happened_at TIMESTAMP, at_s DOUBLE""",
    "offer_line": """
        line_id BIGINT, offer_id BIGINT, case_id VARCHAR, offer_version INTEGER,
        offer_status VARCHAR, person VARCHAR, approver VARCHAR, prepared_on DATE,
        line_product VARCHAR, band VARCHAR, premium DOUBLE, commission_percent DOUBLE,
        std_premium DOUBLE, std_commission_percent DOUBLE, premium_deviation DOUBLE,
        commission_deviation DOUBLE, premium_effect DOUBLE, commission_effect DOUBLE,
        other_premium_effect DOUBLE, other_commission_effect DOUBLE, deviates BOOLEAN""",
}
"""Columns ending in `_s` are office seconds, in `_d` working days, since the calendar began."""


@dataclass(slots=True)
class Mirror:
    """The columns of one database."""

    connection: duckdb.DuckDBPyConnection = field(
        default_factory=lambda: duckdb.connect(":memory:")
    )
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

    Args:
        session: reads what changed; nothing is written.
    """
    engine = session.get_bind().engine
    with _guard:
        mirror = _mirrors.setdefault(engine, Mirror())
    with mirror.lock:
        _refresh(session, mirror)
        cursor = mirror.connection.cursor()
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
    with _at_once(mirror):
        for table, shape in TABLES.items():
            mirror.connection.execute(f"CREATE OR REPLACE TABLE {table} ({shape})")
        _take(session, mirror, true())
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
    with _at_once(mirror):
        for start in range(0, len(changed), CHUNK):
            some = changed[start : start + CHUNK]
            _forget(mirror, some)
            _take(session, mirror, ProcessInstance.id.in_(some))
    for each in seen:
        mirror.missing.pop(each, None)
    _miss(mirror, (each for each in range(number + 1, last.id) if each not in seen))
    mirror.newest = max(mirror.newest, (last.id, last.instance_id.hex))


@contextmanager
def _at_once(mirror: Mirror) -> Iterator[None]:
    """Who asks meanwhile sees the columns as they were; what fails leaves them so."""
    mirror.connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        mirror.connection.execute("ROLLBACK")
        raise
    mirror.connection.execute("COMMIT")


def _miss(mirror: Mirror, numbers: Iterator[int]) -> None:
    until = monotonic() + PATIENCE
    for each, _place in zip(numbers, range(RECENT), strict=False):
        mirror.missing[each] = until


def _newest(session: Session) -> tuple[int, str] | None:
    statement = select(ProcessEvent.id, ProcessEvent.instance_id)
    row = session.execute(statement.order_by(ProcessEvent.id.desc()).limit(1)).first()
    return None if row is None else (row.id, row.instance_id.hex)


def _forget(mirror: Mirror, cases: Sequence[UUID]) -> None:
    names = [each.hex for each in cases]
    for table in TABLES:
        mirror.connection.execute(
            f"DELETE FROM {table} WHERE case_id IN (SELECT unnest(?))", [names]
        )


def _take(session: Session, mirror: Mirror, which: ColumnElement[bool]) -> None:
    office = mirror.office
    assert office is not None

    def marks_of(version_id: int) -> Marks:
        if version_id not in mirror.marks:
            mirror.marks[version_id] = marks(session, version_id)
        return mirror.marks[version_id]

    _insert(mirror, "case_file", reading.cases(session, office, marks_of, which))
    _insert(mirror, "task", reading.tasks(session, office, marks_of, which))
    _insert(mirror, "stint", reading.stints(session, office, which))
    _insert(mirror, "pause", interruptions.pauses(session, office, which))
    _insert(mirror, "happening", interruptions.happenings(session, office, which))
    _insert(mirror, "offer_line", reading.offer_lines(session, office, which))


def _insert(mirror: Mirror, table: str, pieces: Iterable[Columns]) -> None:
    for columns in pieces:
        _insert_piece(mirror, table, columns)


def _insert_piece(mirror: Mirror, table: str, columns: Columns) -> None:
    if not len(columns["case_id"]):
        return
    mirror.connection.register(
        "incoming",
        {
            name: values.astype("datetime64[s]")
            if values.dtype == np.dtype("datetime64[D]")
            else values
            for name, values in columns.items()
        },
    )
    names = ", ".join(columns)
    mirror.connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming")
    mirror.connection.unregister("incoming")


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
    if rows == mirror.people:
        return
    with _at_once(mirror):
        mirror.connection.execute(
            "CREATE OR REPLACE TABLE person"
            " (login VARCHAR, team VARCHAR, active BOOLEAN, sells BOOLEAN)"
        )
        if rows:
            mirror.connection.executemany("INSERT INTO person VALUES (?, ?, ?, ?)", rows)
    mirror.people = rows
