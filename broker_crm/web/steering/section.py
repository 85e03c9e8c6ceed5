"""The section with which one case is steered, read only when a page shows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions import published
from broker_crm.engine.errors import EngineError
from broker_crm.engine.tokens import Place
from broker_crm.process import steering
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import CommandRefused
from broker_crm.process.models import (
    EventSubscription,
    InstanceStatus,
    ProcessInstance,
    TaskStatus,
    Timer,
    UserTask,
)
from broker_crm.process.rights import may_steer, visible_tasks
from broker_crm.process.steering.correcting import names_a_record
from broker_crm.process.variables import instance_variables
from broker_crm.web import cases, database, names, staff, times
from broker_crm.web.sign_in import person
from broker_crm.web.steering.refusals import sentence
from broker_crm.web.steering.words import short
from broker_crm.web.wording import PAUSE_REASON, word


def set_up(app: Flask) -> None:
    @app.context_processor
    def sections() -> dict[str, object]:
        return {"steering_of": of_case, "pausing_of": of_task}


def of_task(task_id: UUID) -> dict[str, Any] | None:
    """Pause and resume, for the person who holds an open task."""
    task = database.current().get(UserTask, task_id)
    if task is None or task.status != TaskStatus.OPEN or task.assignee != person().login:
        return None
    return {"id": task.id, "paused": _paused(task), "reasons": _reasons()}


def of_case(instance_id: UUID, only_task: UUID | None = None) -> dict[str, Any] | None:
    """Everything with which a running case is steered; None for those who do not steer.

    Args:
        instance_id: the case.
        only_task: leave the other tasks, waits and the case's data out.
    """
    session, user = database.current(), person()
    instance = session.get(ProcessInstance, instance_id)
    if instance is None or instance.status != InstanceStatus.ACTIVE or not may_steer(user):
        return None
    found = select(UserTask).where(
        UserTask.instance_id == instance_id,
        UserTask.status == TaskStatus.OPEN,
        visible_tasks(user),
    )
    if only_task is not None:
        found = found.where(UserTask.id == only_task)
    tasks = [_task(session, instance, task) for task in session.scalars(found)]
    if only_task is not None and not tasks:
        return None
    return {
        "id": instance_id,
        "whole": only_task is None,
        "today": times.today().isoformat(),
        "reasons": _reasons(),
        "tasks": tasks,
        "waits": [] if only_task else _waits(session, instance),
        "variables": [] if only_task else _variables(session, instance),
    }


def _task(session: Session, instance: ProcessInstance, task: UserTask) -> dict[str, Any]:
    people = staff.with_role(session, task.candidate_group)
    return {
        "subject": f"{instance.id}:{task.id}",
        "name": cases.task_name(session, task),
        "due": times.due(task.due_at, company_calendar(session)),
        "assignee": staff.name(session, task.assignee),
        "paused": _paused(task),
        "people": [(each.login, each.name) for each in people if each.login != task.assignee],
        **_places(session, instance, task.id),
    }


def _waits(session: Session, instance: ProcessInstance) -> list[dict[str, Any]]:
    """Events between the steps for which the case waits, and from which it can be moved."""
    timers = select(Timer.id, Timer.element_id).where(Timer.instance_id == instance.id)
    messages = select(EventSubscription.id, EventSubscription.element_id)
    waiting = [
        *session.execute(timers.where(Timer.host_task_id.is_(None))),
        *session.execute(messages.where(EventSubscription.instance_id == instance.id)),
    ]
    elements = published.compiled(session, instance.version_id).elements
    found = []
    for wait_id, element_id in waiting:
        places = _places(session, instance, wait_id)
        if places["steps"]:
            name = names.name(session, instance.version_id, elements[element_id].name or element_id)
            found.append({"subject": f"{instance.id}:{wait_id}", "name": name, **places})
    return found


def _places(session: Session, instance: ProcessInstance, source_id: UUID) -> dict[str, Any]:
    try:
        found = steering.places(session, instance, source_id)
    except (CommandRefused, EngineError):
        found = []

    def name(place: Place) -> str:
        return names.name(session, instance.version_id, place.name)

    refused = [
        (name(place), sentence({"code": "cannot-move", "why": place.why_not.name}))
        for place in found
        if place.why_not is not None and place.why_not.name != "SAME"
    ]
    return {
        "steps": [(place.element_id, name(place)) for place in found if place.why_not is None],
        "no_steps": refused,
    }


def _variables(session: Session, instance: ProcessInstance) -> list[tuple[str, str]]:
    found = instance_variables(session, instance.id)
    return [
        (name, short(value))
        for name, value in sorted(found.items())
        if not names_a_record(name, value, value)
    ]


def _paused(task: UserTask) -> str:
    return word(PAUSE_REASON, task.pause_reason) if task.pause_reason else ""


def _reasons() -> list[tuple[str, str]]:
    return [(key, str(text)) for key, text in PAUSE_REASON.items()]
