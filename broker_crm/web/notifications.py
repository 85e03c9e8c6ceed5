"""The bell: reminders and escalations of one person."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select, update

from broker_crm import clock
from broker_crm.outreach.models import Notification
from broker_crm.web import database, times
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import NOTIFICATION, word

SHOWN = 100

blueprint = Blueprint("notifications", __name__)


@blueprint.get("/notifications")
def listing() -> ResponseReturnValue:
    own = (
        select(Notification)
        .where(Notification.login == person().login)
        .order_by(Notification.read_at.is_not(None), Notification.created_at.desc())
        .limit(SHOWN)
    )
    rows = [_row(note) for note in database.current().scalars(own)]
    unread = any(row["unread"] for row in rows)
    return render_template("notifications.html", rows=rows, unread=unread)


@blueprint.post("/notifications/<int:notification_id>/read")
def read(notification_id: int) -> ResponseReturnValue:
    with database.writing() as session:
        note = session.get(Notification, notification_id)
        if note is None or note.login != person().login:
            raise NotFound
        note.read_at = note.read_at or clock.now()
    return redirect(url_for("notifications.listing"), 303)


@blueprint.post("/notifications/read")
def read_all() -> ResponseReturnValue:
    with database.writing() as session:
        session.execute(
            update(Notification)
            .where(Notification.login == person().login, Notification.read_at.is_(None))
            .values(read_at=clock.now())
        )
    return redirect(url_for("notifications.listing"), 303)


def _row(note: Notification) -> dict[str, object]:
    if note.task_id is not None:
        address = url_for("tasks.show", task_id=note.task_id)
    elif note.instance_id is not None:
        address = url_for("instances.show", instance_id=note.instance_id)
    else:
        address = url_for("inbox.tasks")
    return {
        "id": note.id,
        "kind": word(NOTIFICATION, note.kind),
        "tone": "late" if note.kind == "escalation" else "today",
        "name": note.task_name,
        "case": note.case_title,
        "due": times.day_and_hour(note.due_at) if note.due_at else "–",
        "when": times.how_long_ago(note.created_at),
        "address": address,
        "unread": note.read_at is None,
    }
