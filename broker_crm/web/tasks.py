"""The task page: the step's form, its help, and what can be done with the task."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm import process
from broker_crm.process import inbox as tasks_of
from broker_crm.process.models import UserTask
from broker_crm.web import commands, database, task_form, task_view, times, visible
from broker_crm.web.errors import Unreadable
from broker_crm.web.inbox import changed_row
from broker_crm.web.own_path import own_path
from broker_crm.web.sign_in import person

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks/<uuid:task_id>")


@blueprint.get("")
def show(task_id: UUID) -> ResponseReturnValue:
    session, user = database.current(), person()
    task = visible.task(session, user, task_id)
    return render_template("task.html", view=task_view.view(session, user, task))


@blueprint.get("/form")
def form(task_id: UUID) -> ResponseReturnValue:
    session, user = database.current(), person()
    task = visible.task(session, user, task_id)
    return jsonify(task_form.source(session, user, task))


@blueprint.post("/open")
def open_task(task_id: UUID) -> ResponseReturnValue:
    with database.writing() as session:
        process.open_task(session, task_id, by=person().login)
    return Response(status=204)


@blueprint.post("/draft")
def draft(task_id: UUID) -> ResponseReturnValue:
    values = _values()
    with database.writing() as session:
        task = process.save_draft(session, task_id, values, by=person().login)
        saved = task.draft_saved_at
    return jsonify(message=_("Draft saved at %(time)s", time=times.hour(saved)) if saved else "")


@blueprint.post("/complete")
def complete(task_id: UUID) -> ResponseReturnValue:
    by = person().login
    done = commands.complete(task_id, _values(), by=by)
    session = database.current()
    following = tasks_of.next_task(session, person(), done.instance_id)
    flash(*task_view.done_message(session, done, following))
    same_case = following is not None and following.instance_id == done.instance_id
    if following is not None and same_case:
        address = url_for("tasks.show", task_id=following.id)
    else:
        address = url_for("instances.show", instance_id=done.instance_id)
    if request.is_json:
        return jsonify(location=address)
    return redirect(address, 303)


@blueprint.post("/claim")
def claim(task_id: UUID) -> ResponseReturnValue:
    with database.writing() as session:
        process.claim(session, task_id, by=person().login)
    return changed_row(task_id, _("The task is yours."))


@blueprint.post("/release")
def release(task_id: UUID) -> ResponseReturnValue:
    with database.writing() as session:
        process.release(session, task_id, by=person().login)
    return changed_row(task_id, _("The task is back in the queue."))


@blueprint.post("/reassign")
def reassign(task_id: UUID) -> ResponseReturnValue:
    with database.writing() as session:
        task: UserTask = process.reassign(
            session, task_id, request.form.get("to", ""), by=person().login
        )
        instance_id = task.instance_id
    flash(_("The task has been handed over."), "good")
    wish = own_path(request.form.get("next"), url_for("instances.show", instance_id=instance_id))
    return redirect(wish, 303)


def _values() -> dict[str, object]:
    """What the form gave: `{"variables": {…}}`; a step without a form gives nothing."""
    if not request.is_json:
        return {}
    body = request.get_json(silent=True)
    values = body.get("variables") if isinstance(body, dict) else None
    if not isinstance(values, dict):
        raise Unreadable(_("Send a JSON object."))
    return values
