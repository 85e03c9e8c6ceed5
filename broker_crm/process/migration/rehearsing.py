"""Moves a case and puts it back at once, and tells what would become otherwise for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.process.migration.moving import migrate
from broker_crm.process.models import EventSubscription, TaskStatus, Timer, UserTask

SEEN = ("name", "form_key", "outcomes", "lane", "help", "due_at", "assignee")
"""Of an open task: what its assignee would notice."""


@dataclass(frozen=True, slots=True)
class _Standing:
    tasks: dict[UUID, dict[str, Any]]
    timers: dict[UUID, tuple[str, str, datetime]]
    waits: dict[UUID, tuple[str, str]]


def rehearse(
    session: Session, instance_id: UUID, version_id: int, *, by: str
) -> list[dict[str, Any]]:
    """What moving a case would change; the case stays as it is.

    Args:
        session: a transaction; the move is rolled back to a savepoint.
        instance_id: the running case.
        version_id: the version to go on with.
        by: login.

    Returns:
        One entry for each open step, timer and wait that becomes otherwise: `what` ('task',
        'timer', 'wait'), `element`, `name`, `assignee`, and `before` and `after` of what differs.

    Raises:
        As `migrate`.
    """
    before = _standing(session, instance_id)
    savepoint = session.begin_nested()
    try:
        migrate(session, instance_id, version_id, by=by)
        after = _standing(session, instance_id)
    finally:
        savepoint.rollback()
    return [*_tasks(before, after), *_timers(before, after), *_waits(before, after)]


def _standing(session: Session, instance_id: UUID) -> _Standing:
    connection = session.connection()
    tasks = select(
        UserTask.id, UserTask.element_id, *(getattr(UserTask, name) for name in SEEN)
    ).where(UserTask.instance_id == instance_id, UserTask.status == TaskStatus.OPEN)
    timers = select(Timer.id, Timer.element_id, Timer.name, Timer.due_at)
    waits = select(EventSubscription.id, EventSubscription.element_id, EventSubscription.name)
    return _Standing(
        {row.id: dict(row._mapping) for row in connection.execute(tasks.order_by(UserTask.id))},
        {
            row[0]: (row[1], row[2], row[3])
            for row in connection.execute(timers.where(Timer.instance_id == instance_id))
        },
        {
            row[0]: (row[1], row[2])
            for row in connection.execute(waits.where(EventSubscription.instance_id == instance_id))
        },
    )


def _tasks(before: _Standing, after: _Standing) -> list[dict[str, Any]]:
    changes = []
    for task_id, was in before.tasks.items():
        becomes = after.tasks.get(task_id, {})
        different = [name for name in SEEN if was[name] != becomes.get(name)]
        if different:
            changes.append(
                _change(
                    "task",
                    was["element_id"],
                    was["name"],
                    was["assignee"],
                    {name: _plain(was[name]) for name in different},
                    {name: _plain(becomes.get(name)) for name in different},
                )
            )
    return changes


def _timers(before: _Standing, after: _Standing) -> list[dict[str, Any]]:
    changes = []
    for timer_id in dict.fromkeys([*before.timers, *after.timers]):
        was, becomes = before.timers.get(timer_id), after.timers.get(timer_id)
        if was != becomes:
            element, name, _ = becomes or was or ("", "", None)
            changes.append(
                _change(
                    "timer",
                    element,
                    name,
                    None,
                    {"due_at": _plain(was[2])} if was else None,
                    {"due_at": _plain(becomes[2])} if becomes else None,
                )
            )
    return changes


def _waits(before: _Standing, after: _Standing) -> list[dict[str, Any]]:
    changes = []
    for wait_id in dict.fromkeys([*before.waits, *after.waits]):
        was, becomes = before.waits.get(wait_id), after.waits.get(wait_id)
        if was != becomes:
            element, name = becomes or was or ("", "")
            changes.append(
                _change("wait", element, name, None, {} if was else None, {} if becomes else None)
            )
    return changes


def _change(
    what: str,
    element: str,
    name: str,
    assignee: str | None,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "what": what,
        "element": element,
        "name": name,
        "assignee": assignee,
        "before": before,
        "after": after,
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
