"""Tasks: list, read, take, give back, complete."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _

from broker_crm import process
from broker_crm.process import inbox
from broker_crm.process.inbox import Filters, Scope
from broker_crm.process.models import TaskStatus
from broker_crm.web import commands, database, visible
from broker_crm.web.api import shapes
from broker_crm.web.api.bearer import caller, person
from broker_crm.web.api.bodies import answer, body, number
from broker_crm.web.errors import Unreadable

MOST = 200


def tasks() -> Response:
    scope, status = request.args.get("scope", "mine"), request.args.get("status", "open")
    if scope not in set(Scope):
        raise Unreadable(_("scope must be mine, group or all."))
    if status not in set(TaskStatus):
        raise Unreadable(_("status must be open, completed or cancelled."))
    cursor = request.args.get("cursor") or None
    if cursor and not cursor.isdecimal():
        raise Unreadable(_("The cursor comes from the page before, as it is."))
    page = inbox.tasks(
        database.current(),
        person(),
        Scope(scope),
        Filters(
            status=status,
            process_key=request.args.get("process"),
            step=request.args.get("step"),
            search=request.args.get("search"),
        ),
        limit=number("limit", 50, MOST),
        cursor=cursor,
    )
    items = [shapes.task(item.task) | {"title": item.case_title} for item in page.items]
    return answer({"items": items, "total": page.total, "next": page.next})


def task(task_id: UUID) -> Response:
    row = visible.task(database.current(), person(), task_id)
    return answer(shapes.task(row))


def claim(task_id: UUID) -> Response:
    with database.writing() as session:
        return answer(shapes.task(process.claim(session, task_id, by=caller())))


def release(task_id: UUID) -> Response:
    with database.writing() as session:
        return answer(shapes.task(process.release(session, task_id, by=caller())))


def complete(task_id: UUID) -> Response:
    given = body({}, {"variables": dict, "minutes": (int, float)})
    done = commands.complete(
        task_id,
        given.get("variables", {}),
        by=caller(),
        actual_minutes=given.get("minutes"),
    )
    return answer(
        {
            "instance": {
                "id": str(done.instance_id),
                "title": done.case_title,
                "finished": done.finished,
                "outcome": done.outcome,
            },
            "tasks": [shapes.opened(task, done.instance_id) for task in done.tasks],
        }
    )


ADDRESSES = [
    ("/tasks", "GET", tasks),
    ("/tasks/<uuid:task_id>", "GET", task),
    ("/tasks/<uuid:task_id>/claim", "POST", claim),
    ("/tasks/<uuid:task_id>/release", "POST", release),
    ("/tasks/<uuid:task_id>/complete", "POST", complete),
]
