"""The bell: reminders, escalations and news of one person."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select, update

from broker_crm import clock
from broker_crm.outreach.models import Notification
from broker_crm.outreach.notifications import is_unread
from broker_crm.process.models import UserTask
from broker_crm.web import cases, database, times
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import NOTIFICATION, word

SHOWN = 100
PAGES = {
    "retention-due": "retention.listing",
    "campaign-vips": "campaign_vips.listing",
    "figure-limit": "limits.listing",
    "experiment": "experiments.listing",
}
"""Where a notification outside any case leads."""
TONES = {"escalation": "late", "alert": "late", "figure-limit": "late", "offer-opened": "info"}

blueprint = Blueprint("notifications", __name__)


@blueprint.get("/notifications")
def listing() -> ResponseReturnValue:
    session, login = database.current(), person().login
    unread = is_unread(login).label("unread")
    found = session.execute(
        select(Notification, UserTask, unread)
        .outerjoin(UserTask, UserTask.id == Notification.task_id)
        .where(Notification.login == login)
        .order_by(unread.desc(), Notification.created_at.desc())
        .limit(SHOWN)
    ).all()
    titles = cases.titles(session, [note.instance_id for note, _task, _unread in found])
    rows = [
        _row(note)
        | {
            "name": cases.task_name(session, task)
            if task
            else note.task_name or word(NOTIFICATION, note.kind),
            "case": titles.get(note.instance_id, note.case_title),
            "unread": fresh,
        }
        for note, task, fresh in found
    ]
    return render_template(
        "notifications.html", rows=rows, unread=any(row["unread"] for row in rows)
    )


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
        address = url_for(PAGES.get(note.kind, "inbox.tasks"))
    return {
        "id": note.id,
        "kind": word(NOTIFICATION, note.kind),
        "tone": TONES.get(note.kind, "today"),
        "due": times.day_and_hour(note.due_at) if note.due_at else "–",
        "when": times.how_long_ago(note.created_at),
        "address": address,
    }
