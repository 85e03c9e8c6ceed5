"""Steering of running cases: tasks handed over, paused, given other due dates; data; steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.process import steering
from broker_crm.process.errors import SubmissionRejected
from broker_crm.process.models import ProcessEvent, UserTask
from broker_crm.web import commands, database, visible
from broker_crm.web.api import shapes
from broker_crm.web.api.bearer import caller, person
from broker_crm.web.api.bodies import answer, body

ANY_VALUE = (str, int, float, bool, list, dict, type(None))


def pause(task_id: UUID) -> Response:
    given = body({"reason": str}, {"note": str})
    why, note = given["reason"], given.get("note", "")
    return _steered(task_id, lambda s: steering.pause(s, task_id, why, note, by=caller()))


def resume(task_id: UUID) -> Response:
    return _steered(task_id, lambda s: steering.resume(s, task_id, by=caller()))


def change_due(task_id: UUID) -> Response:
    given = body({"due_at": str, "reason": str}, {})
    due, why = _instant(given["due_at"]), given["reason"]
    return _steered(task_id, lambda s: steering.change_due(s, task_id, due, why, by=caller()))


def hand_over(task_id: UUID) -> Response:
    given = body({"to": str, "reason": str}, {})
    to, why = given["to"], given["reason"]
    return _steered(task_id, lambda s: steering.hand_over(s, task_id, to, why, by=caller()))


def move(task_id: UUID) -> Response:
    given = body({"element": str, "reason": str}, {"skip_approvals": bool})
    instance_id = visible.task(database.current(), person(), task_id).instance_id

    def work(session: Session) -> UUID | None:
        told = steering.move_case(
            session,
            instance_id,
            task_id,
            given["element"],
            given["reason"],
            by=caller(),
            skips_approvals=given.get("skip_approvals", False),
        )
        return told.task_id

    return _task(commands.steer(work, by=caller(), task_id=task_id))


def correct(instance_id: UUID) -> Response:
    given = body({"name": str, "value": ANY_VALUE, "reason": str}, {})

    def work(session: Session) -> dict[str, Any]:
        told = steering.correct_variable(
            session, instance_id, given["name"], given["value"], given["reason"], by=caller()
        )
        return shapes.event(told)

    return answer(commands.steer(work, by=caller(), instance_id=instance_id))


def undo(instance_id: UUID, event_id: int) -> Response:
    def work(session: Session) -> dict[str, Any]:
        return shapes.event(steering.undo(session, instance_id, event_id, by=caller()))

    return answer(commands.steer(work, by=caller(), instance_id=instance_id))


def _steered(task_id: UUID, work: Callable[[Session], ProcessEvent]) -> Response:
    visible.task(database.current(), person(), task_id)
    commands.steer(work, by=caller(), task_id=task_id)
    return _task(task_id)


def _task(task_id: UUID | None) -> Response:
    return answer(shapes.task(database.current().get_one(UserTask, task_id)))


def _instant(text: str) -> datetime:
    """An ISO 8601 instant with its offset.

    Raises:
        SubmissionRejected: it is none.
    """
    try:
        told = datetime.fromisoformat(text)
        found = told.astimezone(UTC) if told.tzinfo is not None else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        message = _("Write an instant with its offset, such as 2026-12-01T15:00:00Z.")
        raise SubmissionRejected({"due_at": [message]})
    return found


ADDRESSES = [
    ("/tasks/<uuid:task_id>/pause", "POST", pause),
    ("/tasks/<uuid:task_id>/resume", "POST", resume),
    ("/tasks/<uuid:task_id>/due", "POST", change_due),
    ("/tasks/<uuid:task_id>/hand-over", "POST", hand_over),
    ("/tasks/<uuid:task_id>/move", "POST", move),
    ("/process-instances/<uuid:instance_id>/variables", "POST", correct),
    ("/process-instances/<uuid:instance_id>/events/<int:event_id>/undo", "POST", undo),
]
