"""Takes back what was done to a running case, where nothing has come after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.engine.transition import EventKind
from broker_crm.process.available_time import absent
from broker_crm.process.errors import CommandRefused, NotAllowed
from broker_crm.process.models import ProcessEvent, TaskPause, TaskStatus, UserTask
from broker_crm.process.rights import acting_user, kept_from
from broker_crm.process.steering import correcting, due_dates, moving, pausing
from broker_crm.process.steering.opening import Opened, open_case, open_task
from broker_crm.process.steering.refusals import CannotUndo, WhyNotUndone
from broker_crm.process.variables import instance_variables

UNDONE = "undone"
"""Reason of an event that takes another one back."""


class NoSuchEvent(CommandRefused):
    """There is no such event of the case."""

    code = "event-not-found"

    def __init__(self, event_id: int) -> None:
        super().__init__(f"The case has no event {event_id}.")


def undo(session: Session, instance_id: UUID, event_id: int, *, by: str) -> ProcessEvent:
    """Take back what an event of a running case tells of.

    A handed-over task goes back to who had it before, if they may still have it and are there; a
    due date and a variable get their former value, a pause ends, a moved case goes back to the
    step that it left, with its draft and, under the same condition, its former assignee. What was
    changed again since stays, as does a resumed pause.

    Args:
        session: the caller commits.
        instance_id: the running case.
        event_id: of the event.
        by: login of one who steers.

    Returns:
        The event that tells of the undoing.

    Raises:
        InstanceNotFound, InstanceEnded, NotAllowed: as for `open_case`.
        NoSuchEvent: it is none of this case.
        CannotUndo: why not.
        Outrun: another command was faster.
    """
    open_case(session, instance_id, by)
    event = session.scalar(
        select(ProcessEvent).where(
            ProcessEvent.id == event_id, ProcessEvent.instance_id == instance_id
        )
    )
    if event is None:
        raise NoSuchEvent(event_id)
    act = _ACTS.get(event.kind)
    if act is None or not isinstance(event.value, dict):
        raise CannotUndo(WhyNotUndone.NOT_UNDOABLE)
    return act(session, event, by)


def _open(session: Session, event: ProcessEvent, by: str) -> Opened:
    status = select(UserTask.status).where(UserTask.id == event.task_id)
    if event.task_id is None or session.scalar(status) != TaskStatus.OPEN:
        raise CannotUndo(WhyNotUndone.ENDED)
    return open_task(session, event.task_id, by)


def _reassigned(session: Session, event: ProcessEvent, by: str) -> ProcessEvent:
    opened = _open(session, event, by)
    task = opened.task
    if task.assignee != _value(event)["to"]:
        raise CannotUndo(WhyNotUndone.CHANGED_SINCE)
    former = _value(event)["from"]
    if former is not None and (why := _can_not_hold(session, task, former)):
        raise CannotUndo(why)
    task.assignee = former
    task.claimed_at = clock.now() if task.assignee else None
    value = _turned(event)
    return opened.write(EventKind.TASK_REASSIGNED, value, UNDONE)


def _can_not_hold(session: Session, task: UserTask, login: str) -> WhyNotUndone | None:
    """Why a task can't go back to the person who had it."""
    try:
        person = acting_user(session, login)
    except NotAllowed:
        return WhyNotUndone.LEFT
    groups = {str(role) for role in person.roles}
    if task.candidate_group and task.candidate_group not in groups:
        return WhyNotUndone.NOT_IN_GROUP
    if kept_from(session, task.instance_id, [login]):
        return WhyNotUndone.NOT_IN_GROUP
    return WhyNotUndone.ABSENT if absent(session, login) else None


def _due_changed(session: Session, event: ProcessEvent, by: str) -> ProcessEvent:
    opened = _open(session, event, by)
    if _value(event)["from"] is None:
        raise CannotUndo(WhyNotUndone.NOT_UNDOABLE)
    if opened.task.due_at != datetime.fromisoformat(_value(event)["to"]):
        raise CannotUndo(WhyNotUndone.CHANGED_SINCE)
    return due_dates.set_due(opened, datetime.fromisoformat(_value(event)["from"]), UNDONE)


def _paused(session: Session, event: ProcessEvent, by: str) -> ProcessEvent:
    opened = _open(session, event, by)
    pause = session.get(TaskPause, UUID(_value(event)["pause"]))
    if pause is None or pause.until_at is not None:
        raise CannotUndo(WhyNotUndone.CHANGED_SINCE)
    return pausing.resume(session, opened.task.id, by=by)


def _corrected(session: Session, event: ProcessEvent, by: str) -> ProcessEvent:
    name, before, after = (_value(event)[key] for key in ("name", "from", "to"))
    if instance_variables(session, event.instance_id).get(name) != after:
        raise CannotUndo(WhyNotUndone.CHANGED_SINCE)
    return correcting.put_back(session, event.instance_id, name, before, UNDONE, by=by)


def _moved(session: Session, event: ProcessEvent, by: str) -> ProcessEvent:
    opened = _open(session, event, by)
    made = opened.task
    left = session.get(UserTask, UUID(_value(event)["left"]))
    if left is None:
        raise CannotUndo(WhyNotUndone.NOT_UNDOABLE)
    if made.started_at or made.claimed_at or made.draft_saved_at or made.pause_reason:
        raise CannotUndo(WhyNotUndone.TOUCHED)
    back = moving.put(
        session, event.instance_id, made.id, left.element_id, UNDONE, by=by, undoes=event.id
    )
    restored: dict[str, object] = {"draft": left.draft, "draft_saved_at": left.draft_saved_at}
    if left.assignee is None or _can_not_hold(session, left, left.assignee) is None:
        restored |= {
            "assignee": left.assignee,
            "claimed_at": left.claimed_at,
            "started_at": left.started_at,
        }
    session.execute(update(UserTask).where(UserTask.id == back.task_id).values(**restored))
    return back


def _turned(event: ProcessEvent) -> dict[str, Any]:
    value = _value(event)
    return {"from": value["to"], "to": value["from"]}


def _value(event: ProcessEvent) -> Mapping[str, Any]:
    found: Mapping[str, Any] = event.value or {}
    return found


_ACTS: Mapping[str, Callable[[Session, ProcessEvent, str], ProcessEvent]] = {
    EventKind.TASK_REASSIGNED: _reassigned,
    EventKind.TASK_DUE_CHANGED: _due_changed,
    EventKind.TASK_PAUSED: _paused,
    EventKind.VARIABLE_CORRECTED: _corrected,
    EventKind.TOKEN_MOVED: _moved,
}
UNDOABLE = frozenset(_ACTS)
"""Kinds of events that may be taken back."""
