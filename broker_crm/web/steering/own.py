"""Pausing and resuming a task by the person who holds it, or by one who steers."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm.process import steering
from broker_crm.web import database, visible
from broker_crm.web.own_path import own_path
from broker_crm.web.sign_in import person

blueprint = Blueprint("pausing", __name__, url_prefix="/tasks/<uuid:task_id>")


@blueprint.post("/pause")
def pause(task_id: UUID) -> ResponseReturnValue:
    visible.task(database.current(), person(), task_id)
    given = request.form
    with database.writing() as session:
        steering.pause(
            session, task_id, given.get("why", ""), given.get("note", ""), by=person().login
        )
    flash(_("The task is paused: it reminds of itself no more until you resume it."), "good")
    return _back(task_id)


@blueprint.post("/resume")
def resume(task_id: UUID) -> ResponseReturnValue:
    visible.task(database.current(), person(), task_id)
    with database.writing() as session:
        steering.resume(session, task_id, by=person().login)
    flash(_("The task goes on."), "good")
    return _back(task_id)


def _back(task_id: UUID) -> ResponseReturnValue:
    page = url_for("tasks.show", task_id=task_id)
    return redirect(own_path(request.form.get("next"), page), 303)
