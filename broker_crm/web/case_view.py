"""What the page of one case shows: facts, diagram, time by step, history."""

from __future__ import annotations

from typing import Any

import orjson
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import process
from broker_crm.crm.models import Client, Product
from broker_crm.crm.visibility import READS_CASES, may_read_case
from broker_crm.definitions.models import ProcessVersion
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.history import path_taken, step_times
from broker_crm.process.models import (
    Incident,
    InstanceStatus,
    ProcessInstance,
    TaskStatus,
    UserTask,
)
from broker_crm.process.rights import may_start, may_steer, visible_tasks
from broker_crm.process.variables import instance_variables
from broker_crm.web import (
    case_experiment,
    case_progress,
    case_records,
    case_timeline,
    cases,
    client_card,
    files,
    incidents,
    names,
    outcomes,
    staff,
    standing,
    times,
)
from broker_crm.web.wording import INSTANCE_STATUS, ROLES, word


def view(session: Session, user: User, instance: ProcessInstance) -> dict[str, Any]:
    """Everything that the page shows."""
    client = session.get(Client, instance.client_id) if instance.client_id else None
    version = session.get_one(ProcessVersion, instance.version_id)
    steps = step_times(session, instance.id)
    is_open = instance.status == InstanceStatus.ACTIVE
    steers = may_steer(user)
    return {
        "id": instance.id,
        "title": client.name if client else instance.title,
        "process": cases.process_name(session, version.id),
        "version": version.number,
        "status": word(INSTANCE_STATUS, instance.status),
        "tone": cases.TONES.get(instance.status, "info"),
        "may_cancel": steers and is_open,
        "steers": steers,
        "incidents": _incidents(session, instance),
        "facts": _facts(session, user, instance),
        "experiment": case_experiment.line(session, user, instance),
        "open_tasks": _open_tasks(session, user, instance),
        "happenings": _happenings(session, user, instance) if is_open else [],
        "waits": standing.waits(session, [instance.id]).get(instance.id, []),
        "progress": case_progress.progress(session, instance, steps, path_taken(session, instance)),
        "steps": case_progress.table(session, steps),
        "files": files.view(session, user, instance.id),
        "timeline": case_timeline.timeline(session, user, instance),
        "client": client_card.card(session, client)
        if client and user.roles & READS_CASES
        else None,
        "records": case_records.links(session, user, instance),
        "variables": _variables(session, instance) if steers else [],
    }


def _happenings(session: Session, user: User, instance: ProcessInstance) -> list[tuple[str, str]]:
    """Events that the person may report: element and name."""
    if not may_start(user):
        return []
    return [
        (each.element_id, names.name(session, instance.version_id, each.name))
        for each in process.reportable(session, instance)
    ]


def _facts(session: Session, user: User, instance: ProcessInstance) -> list[tuple[str, str]]:
    product = session.get(Product, instance.product_id) if instance.product_id else None
    facts = [
        (_("Product"), cases.product_name(product) if product else "–"),
        (_("Salesperson"), staff.name(session, instance.owner) or "–"),
        (_("Started"), times.when(instance.started_at)),
        (_("Started by"), staff.name(session, instance.started_by) or "–"),
    ]
    if instance.ended_at is not None:
        facts.append((_("Ended"), times.when(instance.ended_at)))
    if instance.outcome:
        facts.append((_("Outcome"), outcomes.of_case(instance.outcome)))
    if instance.reason:
        reads = may_read_case(session, user, instance.id)
        facts.append((_("Reason"), outcomes.reason(session, instance, reads=reads)))
    return facts


def _open_tasks(session: Session, user: User, instance: ProcessInstance) -> list[dict[str, object]]:
    calendar = company_calendar(session)
    of_case = select(UserTask).where(
        UserTask.instance_id == instance.id, UserTask.status == TaskStatus.OPEN
    )
    seen = set(session.scalars(of_case.with_only_columns(UserTask.id).where(visible_tasks(user))))
    return [
        {
            "id": task.id,
            "name": cases.task_name(session, task),
            "due": times.due(task.due_at, calendar),
            "assignee": staff.name(session, task.assignee),
            "group": word(ROLES, task.candidate_group) if task.candidate_group else "",
            "may_see": task.id in seen,
        }
        for task in session.scalars(of_case.order_by(UserTask.due_at))
    ]


def _incidents(session: Session, instance: ProcessInstance) -> list[dict[str, object]]:
    waiting = select(Incident).where(
        Incident.instance_id == instance.id, Incident.resolved_at.is_(None)
    )
    return [
        incidents.row(session, incident, instance.version_id)
        for incident in session.scalars(waiting.order_by(Incident.raised_at))
    ]


def _variables(session: Session, instance: ProcessInstance) -> list[tuple[str, str]]:
    found = instance_variables(session, instance.id)
    return [(name, _on_one_line(value)) for name, value in sorted(found.items())]


def _on_one_line(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
