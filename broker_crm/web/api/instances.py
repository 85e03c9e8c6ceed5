"""Process instances: start, read with events, cancel."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from sqlalchemy import select

from broker_crm import process
from broker_crm.definitions.published import NotPublished
from broker_crm.process.errors import InstanceNotFound, NotAllowed, SubmissionRejected
from broker_crm.process.history import instance_history
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.process.rights import may_start, visible_instances
from broker_crm.web import commands, database
from broker_crm.web.api import shapes
from broker_crm.web.api.bearer import caller, person
from broker_crm.web.api.bodies import answer, body, idempotency_key


def start() -> Response:
    given = body({"process": str}, {"variables": dict})
    if not may_start(person()):
        raise NotAllowed
    try:
        started = commands.start(
            given["process"], given.get("variables", {}), by=caller(), key=idempotency_key()
        )
    except NotPublished as error:
        raise SubmissionRejected({"process": [str(error)]}) from error
    made = shapes.instance(started.instance)
    tasks = [shapes.opened(task, started.instance.id) for task in started.tasks]
    return answer(made | {"tasks": tasks}, 201)


def instance(instance_id: UUID) -> Response:
    session = database.current()
    row = _visible(instance_id)
    tasks = session.scalars(
        select(UserTask).where(UserTask.instance_id == instance_id).order_by(UserTask.created_at)
    )
    return answer(
        shapes.instance(row)
        | {
            "tasks": [shapes.task(task) for task in tasks],
            "events": [shapes.event(event) for event in instance_history(session, instance_id)],
        }
    )


def cancel(instance_id: UUID) -> Response:
    given = body({"reason": str}, {})
    _visible(instance_id)
    with database.writing() as session:
        process.cancel(session, instance_id, given["reason"], by=caller())
    return answer(shapes.instance(_visible(instance_id)))


def _visible(instance_id: UUID) -> ProcessInstance:
    row = database.current().scalar(
        select(ProcessInstance).where(
            ProcessInstance.id == instance_id, visible_instances(person())
        )
    )
    if row is None:
        raise InstanceNotFound(instance_id)
    return row


ADDRESSES = [
    ("/process-instances", "POST", start),
    ("/process-instances/<uuid:instance_id>", "GET", instance),
    ("/process-instances/<uuid:instance_id>/cancel", "POST", cancel),
]
