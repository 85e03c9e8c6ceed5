"""What happened to steps between scheduled and complete: who held them, pauses, the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.engine.transition import EventKind
from broker_crm.process.models import ProcessEvent, TaskPause, TaskStatus

MOVES = (EventKind.TASK_CLAIMED, EventKind.TASK_RELEASED, EventKind.TASK_REASSIGNED)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a step.

    Attributes:
        transition: of the standard lifecycle, such as 'schedule' or 'complete'.
        at: aware, UTC.
        person: login; None where nobody is told.
    """

    transition: str
    at: datetime
    person: str | None = None


def moves(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
    """Claims, releases and hand-overs by step."""
    found: dict[UUID, list[Any]] = defaultdict(list)
    statement = select(
        ProcessEvent.task_id,
        ProcessEvent.kind,
        ProcessEvent.at,
        ProcessEvent.actor,
        ProcessEvent.value,
    ).where(ProcessEvent.instance_id.in_(ids), ProcessEvent.kind.in_(MOVES))
    for row in session.execute(statement.order_by(ProcessEvent.id)):
        found[row.task_id].append(row)
    return found


def pauses(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    statement = select(
        TaskPause.task_id,
        TaskPause.from_at,
        TaskPause.until_at,
        TaskPause.paused_by,
        TaskPause.resumed_by,
    ).where(TaskPause.instance_id.in_(ids))
    for row in session.execute(statement.order_by(TaskPause.from_at)):
        found[row.task_id].append(row)
    return found


def moments(task: Any, moved: Sequence[Any], paused: Sequence[Any]) -> Sequence[Moment]:
    """What happened to a step, in order; a step that is over is not suspended any more."""
    found = [Moment("schedule", task.created_at)]
    holder = _first_holder(task, moved)
    if holder is not None:
        found.append(Moment("assign", task.created_at, holder))
    for move in moved:
        if move.kind == EventKind.TASK_CLAIMED:
            found.append(Moment("assign", move.at, move.actor))
        else:
            to = move.value.get("to") if isinstance(move.value, Mapping) else None
            passed_on = move.kind == EventKind.TASK_REASSIGNED
            found.append(Moment("reassign", move.at, to if passed_on else None))
    if task.started_at is not None:
        found.append(Moment("start", task.started_at, task.completed_by or task.assignee))
    for pause in paused:
        found.append(Moment("suspend", pause.from_at, pause.paused_by))
        if pause.until_at is not None and pause.resumed_by is not None:
            found.append(Moment("resume", pause.until_at, pause.resumed_by))
    if task.status == TaskStatus.COMPLETED:
        found.append(Moment("complete", task.completed_at, task.completed_by))
    elif task.status == TaskStatus.CANCELLED and task.completed_at is not None:
        found.append(Moment("ate_abort", task.completed_at))
    return sorted(found, key=lambda each: (each.at, _ORDER.index(each.transition)))


_ORDER = ("schedule", "assign", "reassign", "start", "suspend", "resume", "complete", "ate_abort")


def _first_holder(task: Any, moves: Sequence[Any]) -> str | None:
    """Who held the step when it began."""
    if not moves:
        holder: str | None = task.assignee or task.completed_by
        return holder
    first = moves[0]
    if first.kind == EventKind.TASK_REASSIGNED and isinstance(first.value, Mapping):
        return first.value.get("from")
    return first.actor if first.kind == EventKind.TASK_RELEASED else None
