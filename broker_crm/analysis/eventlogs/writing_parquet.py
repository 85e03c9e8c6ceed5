"""Writes Parquet: cases, steps and every event of the history, for DuckDB, Spark and others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.eventlogs.attributes import OF_CASE, OF_STEP, told
from broker_crm.analysis.eventlogs.pseudonyms import Names
from broker_crm.analysis.eventlogs.stories import Story
from broker_crm.engine.transition import EventKind
from broker_crm.process.models import ProcessEvent

STORED = {
    "string": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "TIMESTAMPTZ",
}
CASE = {"case_id": "string"}
STEP = {
    "step_id": "string",
    "case_id": "string",
    "activity": "string",
    "resource": "string",
    "team": "string",
    "role": "string",
    "scheduled_at": "date",
    "started_at": "date",
    "completed_at": "date",
}
EVENT = {
    "event_id": "int",
    "case_id": "string",
    "step_id": "string",
    "kind": "string",
    "happened_at": "date",
    "resource": "string",
    "element": "string",
    "element_type": "string",
    "element_name": "string",
    "measure": "string",
    "measured": "float",
    "outcome": "string",
    "loop": "int",
    "first_reach": "boolean",
    "wait_seconds": "int",
    "work_seconds": "int",
    "late_days": "int",
}
FILES = ("cases", "steps", "events")
Row = Sequence[object]


def write(session: Session, lots: Iterable[Sequence[Story]], folder: Path, names: Names) -> int:
    """Write `cases.parquet`, `steps.parquet` and `events.parquet`.

    Args:
        session: reads the events.
        lots: cases, some at a time.
        folder: that is there and empty.
        names: what cases and people are called.

    Returns:
        The number of events.
    """
    of_case, of_step = told(OF_CASE, names), told(OF_STEP, names)
    shapes = {
        "cases": CASE | {each.name: each.kind for each in of_case},
        "steps": STEP | {each.name: each.kind for each in of_step},
        "events": EVENT,
    }
    place = folder / "parquet.duckdb"
    events = 0
    with closing(duckdb.connect(str(place))) as connection:
        connection.execute("SET memory_limit = '192MB'; SET threads = 1; SET TimeZone = 'UTC'")
        for table, shape in shapes.items():
            columns = ", ".join(f"{name} {STORED[kind]}" for name, kind in shape.items())
            connection.execute(f"CREATE TABLE {table} ({columns})")
        for lot in lots:
            cases = [
                (names.record("case", story.id), *(each.of(story, names) for each in of_case))
                for story in lot
            ]
            steps = [
                _step_row(story, step, of_step, names) for story in lot for step in story.steps
            ]
            happened = _events(session, [story.id for story in lot], names)
            events += len(happened)
            for table, rows in (("cases", cases), ("steps", steps), ("events", happened)):
                _insert(connection, table, shapes[table], rows)
        for table in FILES:
            connection.execute(
                f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )
    place.unlink()
    return events


def _step_row(story: Story, step: Any, of_step: Sequence[Any], names: Names) -> Row:
    return (
        names.record("step", step.id),
        names.record("case", story.id),
        step.step,
        names.person(step.person),
        step.team,
        step.group,
        step.created_at,
        step.started_at,
        step.done_at,
        *(each.of(step, names) for each in of_step),
    )


def _events(session: Session, cases: Sequence[UUID], names: Names) -> list[Row]:
    """All events of some cases; of what was typed, only measured numbers."""
    statement = (
        select(
            ProcessEvent.id,
            ProcessEvent.instance_id,
            ProcessEvent.task_id,
            ProcessEvent.kind,
            ProcessEvent.at,
            ProcessEvent.actor,
            ProcessEvent.element_id,
            ProcessEvent.element_type,
            ProcessEvent.element_name,
            ProcessEvent.measure,
            ProcessEvent.value,
            ProcessEvent.outcome,
            ProcessEvent.loop_number,
            ProcessEvent.first_reach,
            ProcessEvent.wait_seconds,
            ProcessEvent.work_seconds,
            ProcessEvent.late_days,
        )
        .where(ProcessEvent.instance_id.in_(cases))
        .order_by(ProcessEvent.instance_id, ProcessEvent.id)
    )
    return [
        (
            row.id,
            names.record("case", row.instance_id),
            None if row.task_id is None else names.record("step", row.task_id),
            row.kind,
            row.at,
            names.person(row.actor),
            *row[6:10],
            _measured(row.kind, row.value),
            *row[11:],
        )
        for row in session.execute(statement)
    ]


def _measured(kind: str, value: object) -> float | None:
    if kind != EventKind.MEASURED or isinstance(value, bool):
        return None
    return float(value) if isinstance(value, int | float) else None


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    shape: Mapping[str, str],
    rows: Sequence[Row],
) -> None:
    if not rows:
        return
    columns = {}
    for name, values in zip(shape, zip(*rows, strict=True), strict=True):
        column = np.empty(len(rows), dtype=object)
        column[:] = [_text(each) for each in values]
        columns[name] = column
    connection.register("incoming", columns)
    cast = ", ".join(f"CAST({name} AS {STORED[kind]})" for name, kind in shape.items())
    connection.execute(f"INSERT INTO {table} SELECT {cast} FROM incoming")
    connection.unregister("incoming")


def _text(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return None if value is None else str(value)
