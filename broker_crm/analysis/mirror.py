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
        case_no INTEGER, case_id VARCHAR, process VARCHAR, version INTEGER, product VARCHAR,
        client_kind VARCHAR, sector VARCHAR, size VARCHAR, vip BOOLEAN, region VARCHAR,
        complexity VARCHAR, owner VARCHAR, started_on DATE, started_s DOUBLE, ended_on DATE,
        ended_s DOUBLE, ended_d DOUBLE, status VARCHAR, outcome VARCHAR, ending VARCHAR,
        reason VARCHAR""",
    "task": """
        task_no INTEGER, case_no INTEGER, task_id VARCHAR, element VARCHAR, step VARCHAR,
        kind VARCHAR, lane VARCHAR, person VARCHAR, status VARCHAR, created_at TIMESTAMP,
        done_at TIMESTAMP, created_on DATE, due_on DATE, done_on DATE, created_s DOUBLE,
        started_s DOUBLE, done_s DOUBLE, created_d DOUBLE, first_due_d DOUBLE, due_d DOUBLE,
        done_d DOUBLE, outcome VARCHAR, meaning VARCHAR, reason VARCHAR, loop INTEGER,
        std_days DOUBLE, std_minutes DOUBLE, std_cost DOUBLE, minutes DOUBLE, passed_on BOOLEAN,
        closes BOOLEAN""",
    "stint": "task_no INTEGER, case_no INTEGER, person VARCHAR, from_d DOUBLE, to_d DOUBLE",
    "pause": "task_no INTEGER, case_no INTEGER, reason VARCHAR, from_s DOUBLE, until_s DOUBLE",
    "happening": """
        case_no INTEGER, kind VARCHAR, element VARCHAR, from_element VARCHAR, version INTEGER,
        actor VARCHAR, happened_at TIMESTAMP, at_s DOUBLE""",
    "offer_line": """
        case_no INTEGER, line_id BIGINT, offer_id BIGINT, offer_version INTEGER,
        offer_status VARCHAR, person VARCHAR, approver VARCHAR, prepared_on DATE,
        line_product VARCHAR, band VARCHAR, premium DOUBLE, commission_percent DOUBLE,
        std_premium DOUBLE, std_commission_percent DOUBLE, premium_deviation DOUBLE,
        commission_deviation DOUBLE, premium_effect DOUBLE, commission_effect DOUBLE,
        other_premium_effect DOUBLE, other_commission_effect DOUBLE, deviates BOOLEAN""",
}
"""Columns ending in `_s` are office seconds, in `_d` working days, since the calendar began. Cases
and steps have numbers of their own here, `case_no` and `task_no`, by which they are joined and
counted; `case_id` and `task_id` are the ids of instance and user task, in hex. A step *closes* its
case when it was the last one done, and is *passed on* when more than one person held it."""
ARRIVING = {
    "case_file": "* EXCLUDE (case_no) FROM case_file",
    "task": "''::VARCHAR AS case_id, * EXCLUDE (task_no, case_no, passed_on, closes) FROM task",
    "stint": "''::VARCHAR AS task_id, ''::VARCHAR AS case_id, person, from_d, to_d FROM stint",
    "pause": "''::VARCHAR AS task_id, ''::VARCHAR AS case_id, reason, from_s, until_s FROM pause",
    "happening": "''::VARCHAR AS case_id, * EXCLUDE (case_no) FROM happening",
    "offer_line": "''::VARCHAR AS case_id, * EXCLUDE (case_no) FROM offer_line",
}
"""What is read, before it has numbers."""
KEPT = {
    "case_file": "nextval('case_numbers') AS case_no, * FROM arriving_case_file",
    "task": """
        nextval('task_numbers') AS task_no, c.case_no, t.* EXCLUDE (case_id),
        t.task_id IN (SELECT task_id FROM arriving_stint) AS passed_on,
        t.status = 'completed' AND row_number() OVER (
          PARTITION BY c.case_no, t.status ORDER BY t.done_at DESC, t.task_id) = 1 AS closes
        FROM arriving_task t JOIN case_file c USING (case_id) ORDER BY t.created_at""",
    "stint": """
        t.task_no, t.case_no, s.person, s.from_d, s.to_d
        FROM arriving_stint s JOIN task t USING (task_id) WHERE t.passed_on""",
    "pause": "t.task_no, t.case_no, p.* EXCLUDE (task_id, case_id)"
    " FROM arriving_pause p JOIN task t USING (task_id)",
    "happening": "c.case_no, h.* EXCLUDE (case_id)"
    " FROM arriving_happening h JOIN case_file c USING (case_id)",
    "offer_line": "c.case_no, l.* EXCLUDE (case_id)"
    " FROM arriving_offer_line l JOIN case_file c USING (case_id)",
}
"""What is kept of it. Steps lie in the order of time, so that a period skips the other years."""


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
        for numbers in ("case_numbers", "task_numbers"):
            mirror.connection.execute(f"CREATE OR REPLACE SEQUENCE {numbers}")
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
    numbers = mirror.connection.execute(
        "SELECT case_no FROM case_file WHERE case_id IN (SELECT unnest(?))",
        [[each.hex for each in cases]],
    ).fetchall()
    for table in TABLES:
        mirror.connection.execute(
            f"DELETE FROM {table} WHERE case_no IN (SELECT unnest(?::INTEGER[]))",
            [[number for (number,) in numbers]],
        )


def _take(session: Session, mirror: Mirror, which: ColumnElement[bool]) -> None:
    office = mirror.office
    assert office is not None

    def marks_of(version_id: int) -> Marks:
        if version_id not in mirror.marks:
            mirror.marks[version_id] = marks(session, version_id)
        return mirror.marks[version_id]

    arriving: dict[str, Iterable[Columns]] = {
        "case_file": reading.cases(session, office, marks_of, which),
        "task": reading.tasks(session, office, marks_of, which),
        "stint": reading.stints(session, office, which),
        "pause": interruptions.pauses(session, office, which),
        "happening": interruptions.happenings(session, office, which),
        "offer_line": reading.offer_lines(session, office, which),
    }
    for table, pieces in arriving.items():
        mirror.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE arriving_{table} AS SELECT {ARRIVING[table]} LIMIT 0"
        )
        for columns in pieces:
            _arrive(mirror, table, columns)
    for table, told in KEPT.items():
        mirror.connection.execute(f"INSERT INTO {table} BY NAME SELECT {told}")
    for table in KEPT:
        mirror.connection.execute(f"DROP TABLE arriving_{table}")


def _arrive(mirror: Mirror, table: str, columns: Columns) -> None:
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
    mirror.connection.execute(
        f"INSERT INTO arriving_{table} ({names}) SELECT {names} FROM incoming"
    )
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
