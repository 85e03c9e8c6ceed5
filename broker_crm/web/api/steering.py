"""Steering of running cases: tasks handed over, paused, given other due dates; data; steps."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask import Response
from flask_babel import gettext as _

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
    visible.task(database.current(), person(), task_id)
    with database.writing() as session:
        steering.pause(session, task_id, given["reason"], given.get("note", ""), by=caller())
    return _task(task_id)


def resume(task_id: UUID) -> Response:
    visible.task(database.current(), person(), task_id)
    with database.writing() as session:
        steering.resume(session, task_id, by=caller())
    return _task(task_id)


def change_due(task_id: UUID) -> Response:
    given = body({"due_at": str, "reason": str}, {})
    due = _instant(given["due_at"])
    visible.task(database.current(), person(), task_id)
    with database.writing() as session:
        steering.change_due(session, task_id, due, given["reason"], by=caller())
    return _task(task_id)


def hand_over(task_id: UUID) -> Response:
    given = body({"to": str, "reason": str}, {})
    visible.task(database.current(), person(), task_id)
    with database.writing() as session:
        steering.hand_over(session, task_id, given["to"], given["reason"], by=caller())
    return _task(task_id)


def move(task_id: UUID) -> Response:
    given = body({"element": str, "reason": str}, {})
    instance_id = visible.task(database.current(), person(), task_id).instance_id
    with database.writing() as session:
        told = steering.move_case(
            session, instance_id, task_id, given["element"], given["reason"], by=caller()
        )
        moved_to = told.task_id
    commands.ring()
    return _task(moved_to)


def correct(instance_id: UUID) -> Response:
    given = body({"name": str, "value": ANY_VALUE, "reason": str}, {})
    with database.writing() as session:
        told = steering.correct_variable(
            session, instance_id, given["name"], given["value"], given["reason"], by=caller()
        )
        return answer(shapes.event(told))


def undo(instance_id: UUID, event_id: int) -> Response:
    with database.writing() as session:
        told: ProcessEvent = steering.undo(session, instance_id, event_id, by=caller())
        made = shapes.event(told)
    commands.ring()
    return answer(made)


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
