"""What the task page shows around the form: standards, state, help, client, notes."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client
from broker_crm.engine.transition import EventKind
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.completing import Completed
from broker_crm.process.models import Incident, ProcessEvent, ProcessInstance, TaskStatus, UserTask
from broker_crm.process.rights import may_steer, may_work_on
from broker_crm.web import (
    case_records,
    cases,
    client_card,
    client_standing,
    complaint_page,
    consents,
    files,
    insurer_asked,
    money,
    names,
    notes,
    product_papers,
    receivers,
    signing,
    staff,
    step_help,
    terms_compared,
    times,
)

SELLING_HELP = frozenset({"script", "letter", "presentation", "offer"})
"""Help of steps in which the client is spoken or written to."""
COMMENT = "comment"
"""A value whose name ends so is what one colleague says to the next."""


def may_work(user: User, task: UserTask) -> bool:
    """True when the user can fill the form in and complete the task now."""
    return (
        task.status == TaskStatus.OPEN
        and task.assignee in (None, user.login)
        and may_work_on(user, task.assignee, task.candidate_group)
    )


def view(session: Session, user: User, task: UserTask) -> dict[str, Any]:
    """Everything that the page shows."""
    instance = session.get_one(ProcessInstance, task.instance_id)
    client = session.get(Client, task.client_id) if task.client_id else None
    is_open = task.status == TaskStatus.OPEN
    workable = may_work(user, task)
    return {
        "id": task.id,
        "instance_id": instance.id,
        "name": names.name(session, task.version_id, task.name),
        "process": cases.process_name(session, task.version_id),
        "loop_number": task.loop_number,
        "due": times.due(task.due_at, company_calendar(session), task.completed_at),
        "standard_days": _days(task),
        "standard_minutes": times.minutes(task.standard_minutes) if task.standard_minutes else "",
        "standard_cost": money.euros(task.standard_cost) if task.standard_cost else "",
        "may_work": workable,
        "may_claim": workable and task.assignee is None,
        "may_release": workable and task.assignee == user.login and task.candidate_group,
        "colleagues": staff.with_role(session, task.candidate_group)
        if is_open and may_steer(user)
        else [],
        "form_address": url_for("tasks.form", task_id=task.id) if task.form_key else None,
        "draft_status": _("Draft saved at %(time)s", time=times.day_and_hour(task.draft_saved_at))
        if task.draft and task.draft_saved_at
        else "",
        "notice": _notice(session, user, task),
        "incident": _incident(session, task),
        "returned": _returned(session, task),
        "client": client_card.card(session, client) if client else None,
        "permissions": {"decisions": consents.decisions(session, client)}
        if client and is_open and SELLING_HELP & set(task.help)
        else None,
        "texts": step_help.texts(session, task, instance) if is_open else [],
        "records": case_records.links(session, user, instance),
        "precedents": complaint_page.of_task(session, task, user) if is_open else [],
        "signature": signing.card(session, user, task),
        "standing": client_standing.beside(session, user, task),
        "terms": terms_compared.beside(session, task),
        "insurer_asked": insurer_asked.beside(session, task),
        "papers": product_papers.beside(session, task, instance),
        "receivers": receivers.beside(session, task) if workable else None,
        "files": files.view(session, user, instance.id, task),
        **notes.beside(session, task, instance, user),
    }


def done_message(
    session: Session, done: Completed, following: UserTask | None
) -> tuple[Markup, str]:
    """What is said after a completion, with the next task to go on with."""
    said = _("Done: the process has ended.") if done.finished else _("Done. The case goes on.")
    if following is None or following.instance_id == done.instance_id:
        return Markup("{}").format(said), "good"
    name = names.name(session, following.version_id, following.name)
    link = Markup('<a href="{}">{}</a>').format(url_for("tasks.show", task_id=following.id), name)
    return Markup("<span>{} {} {}</span>").format(said, _("Next due:"), link), "good"


def _days(task: UserTask) -> str:
    if task.standard_working_days is None:
        return ""
    return times.working_days(task.standard_working_days)


def _notice(session: Session, user: User, task: UserTask) -> dict[str, str] | None:
    if task.status == TaskStatus.COMPLETED:
        text = _(
            "Completed by %(name)s on %(time)s.",
            name=staff.name(session, task.completed_by),
            time=times.when(task.completed_at),
        )
        return {"tone": "good", "text": text}
    if task.status == TaskStatus.CANCELLED:
        text = _("This step is no longer needed: the process went another way.")
        return {"tone": "warn", "text": text}
    if task.assignee not in (None, user.login):
        text = _("%(name)s has this task.", name=staff.name(session, task.assignee))
        return {"tone": "info", "text": text}
    if not may_work_on(user, task.assignee, task.candidate_group):
        return {"tone": "info", "text": _("You may read this task; another group does it.")}
    return None


def _incident(session: Session, task: UserTask) -> str:
    waits = session.scalar(
        select(Incident)
        .where(
            Incident.instance_id == task.instance_id,
            Incident.task_id == task.id,
            Incident.resolved_at.is_(None),
        )
        .limit(1)
    )
    if waits is None:
        return ""
    return _(
        "The process stopped here on %(time)s and waits for a manager: %(reason)s",
        time=times.when(waits.raised_at),
        reason=waits.message,
    )


def _returned(session: Session, task: UserTask) -> dict[str, str] | None:
    """What the colleague said whose decision led back to this step."""
    if task.status != TaskStatus.OPEN or task.loop_number < 2:
        return None
    opened = (
        select(ProcessEvent.id)
        .where(ProcessEvent.task_id == task.id, ProcessEvent.kind == EventKind.TASK_CREATED)
        .scalar_subquery()
    )
    led_here = session.scalar(
        select(ProcessEvent)
        .where(
            ProcessEvent.instance_id == task.instance_id,
            ProcessEvent.kind == EventKind.TASK_COMPLETED,
            ProcessEvent.id < opened,
        )
        .order_by(ProcessEvent.id.desc())
        .limit(1)
    )
    if led_here is None or not isinstance(led_here.value, dict):
        return None
    for key, value in led_here.value.items():
        if key.lower().endswith(COMMENT) and isinstance(value, str) and value.strip():
            return {
                "text": value,
                "author": staff.name(session, led_here.actor),
                "when": times.when(led_here.at),
            }
    return None
