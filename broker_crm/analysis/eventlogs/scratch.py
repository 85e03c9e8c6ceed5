"""A foreign log opened as a ledger, with the tables that one's own work has."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import duckdb
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.eventlogs.fields import Reading
from broker_crm.analysis.eventlogs.interpreting import interpret
from broker_crm.analysis.eventlogs.models import EventLog
from broker_crm.analysis.eventlogs.staging import as_file
from broker_crm.analysis.ledger import Ledger, ledger
from broker_crm.analysis.office_time import OfficeTime, RoundTheClock
from broker_crm.analysis.tables import ColumnTables
from broker_crm.process.calendars import company_calendar

KEPT = 3
"""Logs open at once in this process; the one asked longest ago is closed."""
KEPT_STEPS = 1_000_000
"""Steps of logs that stay open beside the one asked last."""
PIECE = 100_000

CASE_FILE = """
    SELECT c.case_id, c.process, v.number AS version, c.product, c.client_kind, c.sector, c.size,
        c.region, c.complexity, s.owner, s.started_on, s.started_s,
        CASE WHEN ended THEN s.ended_on END AS ended_on,
        CASE WHEN ended THEN s.ended_s END AS ended_s,
        CASE WHEN ended THEN s.ended_d END AS ended_d,
        CASE WHEN ended THEN 'completed' ELSE 'active' END AS status,
        CASE WHEN ended THEN c.outcome END AS outcome, c.reason
    FROM case_trait c
    JOIN (
        SELECT case_id, arg_min(person, created_s) AS owner, min(created_on) AS started_on,
            min(created_s) AS started_s, max(done_on) AS ended_on, max(done_s) AS ended_s,
            max(done_d) AS ended_d, bool_and(status <> 'open') AS no_open
        FROM arriving_task GROUP BY case_id
    ) s USING (case_id)
    LEFT JOIN version_name v ON v.name = c.version
    CROSS JOIN LATERAL (
        SELECT s.no_open AND (c.outcome IS NOT NULL OR NOT {outcomes}) AS ended
    ) e
"""
TASK = """
    SELECT 's' || lpad(s.id::VARCHAR, 9, '0') AS task_id, s.case_id,
        s.activity AS element, s.activity AS step,
        '' AS kind, s.resource AS person, s.status, s.created_at, s.done_at,
        t.created_on, t.due_on, t.done_on, t.created_s, t.started_s, t.done_s, t.created_d,
        t.due_d AS first_due_d, t.due_d, t.done_d, s.step_outcome AS outcome, s.loop,
        s.std_days, s.std_minutes, s.std_cost, s.minutes
    FROM step s JOIN stamp t USING (id)
"""
PERSON = """
    SELECT resource AS login, mode(team) AS team, TRUE AS active, TRUE AS sells
    FROM step WHERE resource IS NOT NULL GROUP BY resource ORDER BY resource
"""


class NoSuchLog(LookupError):
    """There is no log of this id, or nobody has said yet what its columns hold."""


@dataclass(frozen=True, slots=True)
class _Open:
    connection: duckdb.DuckDBPyConnection
    office: OfficeTime
    now: datetime
    steps: int


_kept: OrderedDict[tuple[UUID, int, int], _Open] = OrderedDict()
_guard = threading.Lock()


def ledger_of(session: Session, log_id: UUID | None) -> AbstractContextManager[Ledger]:
    """One's own work, or a foreign log: where pages choose between the two.

    Args:
        session: reads only.
        log_id: of a log; None for one's own work.

    Raises:
        NoSuchLog: on entering, when there is no such log to look into.
    """
    return ledger(session) if log_id is None else scratch_ledger(session, log_id)


@contextmanager
def scratch_ledger(session: Session, log_id: UUID) -> Iterator[Ledger]:
    """A foreign log; “now” is the last instant that it tells of.

    It has no diagram, standards, offers or hand-overs unless its columns told of them, and a case
    has ended when no step of it is open and, where a column holds outcomes, it has one.

    Args:
        session: reads only.
        log_id: of the log.

    Raises:
        NoSuchLog: there is no such log to look into.
    """
    found = session.execute(
        select(EventLog.revision, EventLog.read).where(EventLog.id == log_id)
    ).first()
    if found is None or not found.read:
        raise NoSuchLog(log_id)
    calendar = company_calendar(session)
    key = (log_id, found.revision, id(calendar))
    with _guard:
        if key not in _kept:
            log = session.get_one(EventLog, log_id)
            _kept[key] = _opened(log, OfficeTime(calendar))
            session.expire(log, ["content"])
            _close_some(session, key)
        _kept.move_to_end(key)
        there = _kept[key]
        cursor = there.connection.cursor()
    try:
        yield Ledger(session, cursor, there.office, there.now)
    finally:
        cursor.close()


def _close_some(session: Session, latest: tuple[UUID, int, int]) -> None:
    """Close logs that are gone or read otherwise now, and those asked longest ago."""
    found = select(EventLog.id, EventLog.revision)
    known = {(log_id, revision) for log_id, revision in session.execute(found)}
    for key in [key for key in _kept if key[:2] not in known and key != latest]:
        del _kept[key]
    while len(_kept) > KEPT or (
        len(_kept) > 1 and sum(each.steps for each in _kept.values()) > KEPT_STEPS
    ):
        _kept.popitem(last=False)


def version_names(ledger: Ledger) -> dict[int, str]:
    """Number to name of the versions of a foreign log; own work has numbers alone."""
    tables = ledger.rows("SELECT table_name FROM information_schema.tables", {})
    if {"table_name": "version_name"} not in tables:
        return {}
    rows = ledger.rows("SELECT number, name FROM version_name ORDER BY number", {})
    return {row["number"]: row["name"] for row in rows}


def _opened(log: EventLog, office: OfficeTime) -> _Open:
    tables = ColumnTables()
    connection = tables.connection
    reading = Reading.of(log.mapping)
    with as_file(log.content) as parquet:
        interpret(connection, parquet, reading, log.name)
    connection.execute("SET enable_external_access = false")
    counting = RoundTheClock(office.calendar) if log.round_the_clock else office
    _stamp(connection, counting)
    cases = CASE_FILE.format(outcomes="outcome" in reading.columns)
    tables.arrive({"task": TASK, "case_file": cases})
    tables.keep()
    tables.know_people(connection.execute(PERSON).fetchall())
    last = connection.execute(
        "SELECT max(greatest(coalesce(done_at, created_at), created_at, started_at)) FROM step"
    ).fetchone()
    for table in ("step", "stamp", "case_trait"):
        connection.execute(f"DROP TABLE {table}")
    assert last is not None
    now = (last[0] or datetime(2000, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001
    return _Open(connection, counting, now, log.steps)


def _stamp(connection: duckdb.DuckDBPyConnection, office: OfficeTime) -> None:
    """Office time of all instants, in pieces."""
    connection.execute("""
        CREATE TABLE stamp (id BIGINT, created_on DATE, due_on DATE, done_on DATE,
            created_s DOUBLE, started_s DOUBLE, done_s DOUBLE, created_d DOUBLE, due_d DOUBLE,
            done_d DOUBLE)
    """)
    reader = connection.cursor()
    reader.execute("SELECT id, created_at, started_at, done_at, due FROM step")
    while rows := reader.fetchmany(PIECE):
        at: Any = list(zip(*rows, strict=True))
        created, started, done, due = (np.array(each, dtype="datetime64[us]") for each in at[1:])
        columns = {
            "id": np.array(at[0], dtype=np.int64),
            "created_on": office.local_days(created).astype("datetime64[s]"),
            "due_on": office.local_days(due).astype("datetime64[s]"),
            "done_on": office.local_days(done).astype("datetime64[s]"),
            "created_s": office.seconds(created),
            "started_s": office.seconds(started),
            "done_s": office.seconds(done),
            "created_d": office.days(created),
            "due_d": office.days(due),
            "done_d": office.days(done),
        }
        connection.register("incoming", columns)
        connection.execute("INSERT INTO stamp SELECT * FROM incoming")
        connection.unregister("incoming")
    reader.close()
