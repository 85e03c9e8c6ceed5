"""The actions that are previewed and ordered, each by its name, with what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.engine.transition import EventKind
from broker_crm.process import waiting
from broker_crm.process.errors import SubmissionRejected, TaskNotFound
from broker_crm.process.models import ProcessEvent, UserTask
from broker_crm.process.steering import correcting, handing_over, moving, pausing
from broker_crm.process.steering.due_dates import change_due, due_after, due_on
from broker_crm.process.steering.opening import last_event, open_case, reason_of


class Action(StrEnum):
    HAND_OVER = "hand-over"
    """Argument `to`: login."""
    SPREAD = "spread"
    DUE_LATER = "due-later"
    """Argument `days`: working days, negative for earlier."""
    DUE_ON = "due-on"
    """Argument `day`: ISO date; it is due when the office closes."""
    PAUSE = "pause"
    """Argument `why`: one of `PauseReason`; the reason is the note."""
    RESUME = "resume"
    CANCEL = "cancel"
    """The whole case."""
    CORRECT = "correct"
    """Arguments `name` and `value`; the subject is the case."""
    MOVE = "move"
    """Arguments `to`: element id, and `skips_approvals`: True where approvals on the way may be
    passed over; the subject is a task or a waiting event."""


SKIPS_APPROVALS = "skips_approvals"
"""Argument of a move."""


OF_CASES = frozenset({Action.CANCEL, Action.CORRECT})
"""The subject may be the case itself."""
OF_PLACES = frozenset({Action.MOVE})
"""The subject is whatever stands in the case; the engine knows of no other."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to one subject."""

    action: Action
    arguments: Mapping[str, Any]
    reason: str
    by: str


def act(session: Session, instance_id: UUID, subject_id: UUID, order: Order) -> ProcessEvent:
    """Carry an order out on one task or case, in the caller's transaction.

    Args:
        session: the caller commits, or rolls back to see what would happen.
        instance_id: the case.
        subject_id: the task, the waiting event or the case.
        order: what to do.

    Returns:
        The event that tells what was done.

    Raises:
        CommandRefused: nothing has changed.
    """
    if order.action not in OF_PLACES and not _belongs(session, instance_id, subject_id, order):
        raise TaskNotFound(subject_id)
    return _ACTS[order.action](session, instance_id, subject_id, order)


def _belongs(session: Session, instance_id: UUID, subject_id: UUID, order: Order) -> bool:
    """Is the subject a task of the case, or the case itself where all of it is steered?"""
    if order.action in OF_CASES and subject_id == instance_id:
        return True
    found = select(UserTask.id).where(
        UserTask.id == subject_id, UserTask.instance_id == instance_id
    )
    return session.scalar(found) is not None


def _hand_over(session: Session, _case: UUID, task_id: UUID, order: Order) -> ProcessEvent:
    to = str(order.arguments.get("to") or "")
    if not to:
        raise SubmissionRejected({"to": ["Field is required."]})
    return handing_over.hand_over(session, task_id, to, order.reason, by=order.by)


def _spread(session: Session, _case: UUID, task_id: UUID, order: Order) -> ProcessEvent:
    return handing_over.spread(session, task_id, order.reason, by=order.by)


def _due_later(session: Session, _case: UUID, task_id: UUID, order: Order) -> ProcessEvent:
    days = order.arguments.get("days")
    if not isinstance(days, int) or not -250 <= days <= 250 or not days:
        raise SubmissionRejected({"days": ["Field is required."]})
    due = due_after(session, session.get_one(UserTask, task_id), days)
    return change_due(session, task_id, due, order.reason, by=order.by)


def _due_on(session: Session, _case: UUID, task_id: UUID, order: Order) -> ProcessEvent:
    due = due_on(session, read_day(order.arguments.get("day")))
    return change_due(session, task_id, due, order.reason, by=order.by)


def read_day(text: object) -> date:
    """A day as ISO text.

    Raises:
        SubmissionRejected: it is none.
    """
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise SubmissionRejected({"day": ["Field is required."]}) from error


def _pause(session: Session, _case: UUID, task_id: UUID, order: Order) -> ProcessEvent:
    why = str(order.arguments.get("why") or "")
    return pausing.pause(session, task_id, why, order.reason, by=order.by)


def _resume(session: Session, _case: UUID, task_id: UUID, order: Order) -> ProcessEvent:
    return pausing.resume(session, task_id, by=order.by)


def _cancel(session: Session, instance_id: UUID, _subject: UUID, order: Order) -> ProcessEvent:
    reason = reason_of(order.reason)
    open_case(session, instance_id, order.by)
    waiting.cancel(session, instance_id, reason, by=order.by)
    return last_event(session, instance_id, EventKind.INSTANCE_CANCELLED)


def _correct(session: Session, instance_id: UUID, _subject: UUID, order: Order) -> ProcessEvent:
    name, value = str(order.arguments.get("name") or ""), order.arguments.get("value")
    return correcting.correct_variable(session, instance_id, name, value, order.reason, by=order.by)


def _move(session: Session, instance_id: UUID, source_id: UUID, order: Order) -> ProcessEvent:
    target = str(order.arguments.get("to") or "")
    return moving.move_case(
        session,
        instance_id,
        source_id,
        target,
        order.reason,
        by=order.by,
        skips_approvals=order.arguments.get(SKIPS_APPROVALS) is True,
    )


_ACTS: Mapping[Action, Callable[[Session, UUID, UUID, Order], ProcessEvent]] = {
    Action.HAND_OVER: _hand_over,
    Action.SPREAD: _spread,
    Action.DUE_LATER: _due_later,
    Action.DUE_ON: _due_on,
    Action.PAUSE: _pause,
    Action.RESUME: _resume,
    Action.CANCEL: _cancel,
    Action.CORRECT: _correct,
    Action.MOVE: _move,
}
