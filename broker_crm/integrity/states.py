"""The stored states: readable, and at one with the rows of tasks, timers and subscriptions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.calendar import WorkingCalendar
from broker_crm.definitions.published import NotPublished, VersionDamaged, compiled
from broker_crm.engine import commands as engine
from broker_crm.engine.errors import EngineError
from broker_crm.engine.run import Surroundings
from broker_crm.integrity.invariant import Invariant, Told, Violation
from broker_crm.process.models import (
    EventSubscription,
    InstanceStatus,
    ProcessInstance,
    TaskStatus,
    Timer,
    UserTask,
)

READABLE = "A state can be read"
RUNNING = "A running instance's state is not at its end"
BATCH = 200
_NO_CALENDAR = WorkingCalendar(frozenset(), frozenset())
"""Reading a state works nothing out."""


@dataclass(slots=True)
class _Rows:
    tasks: set[UUID] = field(default_factory=set)
    timers: set[tuple[UUID, datetime]] = field(default_factory=set)
    subscriptions: set[tuple[UUID, str, str | None]] = field(default_factory=set)


def states_agree(session: Session, told: Told) -> Iterator[Violation]:
    """Look at every state, a batch of instances at a time."""
    looked_at = 0
    for batch in _batches(session):
        rows = _waits(session, [row.id for row in batch if row.status == InstanceStatus.ACTIVE])
        for row in batch:
            yield from _read(session, row, rows[row.id])
        looked_at += len(batch)
        told(looked_at)


def _batches(session: Session) -> Iterator[list[Any]]:
    columns = (
        ProcessInstance.id,
        ProcessInstance.version_id,
        ProcessInstance.status,
        ProcessInstance.state,
    )
    page = select(*columns).order_by(ProcessInstance.id).limit(BATCH)
    batch = list(session.execute(page))
    while batch:
        yield batch
        batch = list(session.execute(page.where(ProcessInstance.id > batch[-1].id)))


def _waits(session: Session, running: list[UUID]) -> defaultdict[UUID, _Rows]:
    found: defaultdict[UUID, _Rows] = defaultdict(_Rows)
    if not running:
        return found
    tasks = select(UserTask.instance_id, UserTask.id).where(
        UserTask.instance_id.in_(running), UserTask.status == TaskStatus.OPEN
    )
    for instance_id, task_id in session.execute(tasks):
        found[instance_id].tasks.add(task_id)
    timers = select(Timer.instance_id, Timer.id, Timer.due_at).where(Timer.instance_id.in_(running))
    for instance_id, timer_id, due_at in session.execute(timers):
        found[instance_id].timers.add((timer_id, due_at))
    subscriptions = select(
        EventSubscription.instance_id,
        EventSubscription.id,
        EventSubscription.name,
        EventSubscription.correlation_key,
    ).where(EventSubscription.instance_id.in_(running))
    for instance_id, wait_id, name, key in session.execute(subscriptions):
        found[instance_id].subscriptions.add((wait_id, name, key))
    return found


def _read(session: Session, row: Any, rows: _Rows) -> Iterator[Violation]:
    place = f"instance {row.id}"
    try:
        if row.status != InstanceStatus.ACTIVE:
            engine.variables(row.state, row.id)
            return
        around = Surroundings(_NO_CALENDAR, lambda _job: {}, row.id)
        snapshot = engine.inspect(compiled(session, row.version_id), row.state, around)
    except (VersionDamaged, NotPublished):
        return  # the version itself is told of
    except EngineError as error:
        yield Violation(READABLE, place, str(error))
        return
    if snapshot.finished:
        yield Violation(RUNNING, place, "it is")
    subscriptions = snapshot.subscriptions.values()
    yield from _compare("open tasks", place, rows.tasks, snapshot.open_tasks)
    yield from _compare(
        "timers",
        place,
        rows.timers,
        ((timer.id, timer.due_at) for timer in snapshot.timers.values()),
    )
    yield from _compare(
        "subscriptions",
        place,
        rows.subscriptions,
        ((each.id, each.name, each.correlation_key) for each in subscriptions),
    )


def _compare(
    what: str, place: str, stored: Iterable[object], meant: Iterable[object]
) -> Iterator[Violation]:
    differing = set(stored) ^ set(meant)
    if differing:
        yield Violation(f"Rows and state agree on {what}", place, f"{len(differing)} differ")


INVARIANTS = (Invariant("Rows and state agree", states_agree),)
