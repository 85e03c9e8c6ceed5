"""What is seen of a case on the stage at one moment, as plain data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import NotPublished
from broker_crm.engine.feel import FeelError
from broker_crm.outreach import blocks, documents, merge
from broker_crm.outreach.models import Letter, LetterAttachment, Notification
from broker_crm.outreach.texts import shown
from broker_crm.process.calendars import company_calendar
from broker_crm.process.history import instance_history, path_taken
from broker_crm.process.models import (
    EventSubscription,
    ProcessInstance,
    TaskStatus,
    Timer,
    UserTask,
)
from broker_crm.process.variables import instance_variables

Seen = dict[str, Any]
DOCUMENTS = frozenset({"presentation", "offer", "contract"})
TEXTS = {"script": ResourceKind.SCRIPT, "letter": ResourceKind.LETTER}
FOR_COLLEAGUES = "script"


def look(session: Session, instance_id: UUID) -> Seen:
    """Where the case stands: what scenarios may expect, and when."""
    zone = company_calendar(session).zone
    instance = session.get_one(ProcessInstance, instance_id)
    path = path_taken(session, instance)
    measures = [event.measure for event in instance_history(session, instance_id) if event.measure]
    return {
        "now": _local(clock.now(), zone),
        "outcome": instance.outcome or "",
        "reason": instance.reason or "",
        "finished": instance.ended_at is not None,
        "tasks": [_task(task, zone) for task in _open(session, instance_id)],
        "letters": list(
            session.scalars(
                select(Letter.template_key)
                .where(Letter.instance_id == instance_id)
                .order_by(Letter.created_at, Letter.dedup_key)
            )
        ),
        "measures": measures,
        "passed": sorted(path.visited),
        "flows": sorted(path.flows),
        "active": list(path.active),
        "variables": instance_variables(session, instance_id),
    }


def look_closely(session: Session, instance_id: UUID, language: str) -> Seen:
    """The same with letters in full, help of the open steps, timers, messages and history.

    Args:
        session: of the stage.
        instance_id: the case.
        language: of the reader; scripts are shown in it.
    """
    zone = company_calendar(session).zone
    instance = session.get_one(ProcessInstance, instance_id)
    seen = look(session, instance_id)
    tasks = {str(task.id): task for task in _open(session, instance_id)}
    for told in seen["tasks"]:
        task = tasks[told["id"]]
        told["data"] = {**seen["variables"], **task.local_variables}
        told["help"] = _help(session, instance, task, told["data"], language)
    timers = select(Timer).where(Timer.instance_id == instance_id).order_by(Timer.due_at, Timer.id)
    waiting = select(EventSubscription).where(EventSubscription.instance_id == instance_id)
    told_of = select(Notification).where(Notification.instance_id == instance_id)
    return seen | {
        "title": instance.title,
        "timers": [
            {"element": timer.element_id, "name": timer.name, "due": _local(timer.due_at, zone)}
            for timer in session.scalars(timers)
        ],
        "messages": sorted(
            {each.name for each in session.scalars(waiting) if each.kind == "message"}
        ),
        "written": _letters(session, instance_id, zone),
        "notifications": [
            {"login": each.login, "kind": each.kind, "task": each.task_name,
             "at": _local(each.created_at, zone)}
            for each in session.scalars(told_of.order_by(Notification.id))
        ],
        "events": [
            {
                "kind": event.kind,
                "at": _local(event.at, zone),
                "element": event.element_id or "",
                "name": event.element_name or "",
                "actor": event.actor or "",
                "outcome": event.outcome or "",
                "measure": event.measure or "",
            }
            for event in instance_history(session, instance_id)
        ],
    }  # fmt: skip


def _open(session: Session, instance_id: UUID) -> list[UserTask]:
    statement = select(UserTask).where(
        UserTask.instance_id == instance_id, UserTask.status == TaskStatus.OPEN
    )
    return list(session.scalars(statement.order_by(UserTask.created_at, UserTask.name)))


def _task(task: UserTask, zone: ZoneInfo) -> Seen:
    return {
        "id": str(task.id),
        "step": task.step,
        "element": task.element_id,
        "name": task.name,
        "due": _local(task.due_at, zone) if task.due_at else "",
        "assignee": task.assignee or "",
        "group": task.candidate_group or "",
        "form": task.form_key or "",
        "loop": task.loop_number,
        "outcomes": [part for part in task.outcomes.split(",") if part],
        "outcome_variable": task.outcome_variable,
    }


def _letters(session: Session, instance_id: UUID, zone: ZoneInfo) -> list[Seen]:
    attached: dict[object, list[str]] = {}
    for letter_id, name in session.execute(
        select(LetterAttachment.letter_id, LetterAttachment.file_name)
    ):
        attached.setdefault(letter_id, []).append(name)
    letters = (
        select(Letter)
        .where(Letter.instance_id == instance_id)
        .order_by(Letter.created_at, Letter.dedup_key)
    )
    return [
        {
            "template": letter.template_key,
            "to": letter.recipient,
            "subject": letter.subject,
            "markdown": letter.body,
            "at": _local(letter.created_at, zone),
            "attached": sorted(attached.get(letter.id, [])),
        }
        for letter in session.scalars(letters)
    ]


def _help(
    session: Session,
    instance: ProcessInstance,
    task: UserTask,
    variables: dict[str, Any],
    language: str,
) -> list[Seen]:
    found = []
    client = variables.get("client")
    spoken = client.get("language") if isinstance(client, dict) else None
    for kind, key in task.help.items():
        written = language if kind == FOR_COLLEAGUES else str(spoken or language)
        try:
            context = merge.merge_context(session, instance, variables, written)
            if kind in DOCUMENTS:
                made = documents.draft(session, task.version_id, str(key), written, context)
                found.append({"kind": kind, "subject": "", "html": str(blocks.html(made.sheet))})
            elif kind in TEXTS:
                text = shown(session, task.version_id, TEXTS[kind], str(key), written, context)
                found.append({"kind": kind, "subject": text.subject, "markdown": text.markdown})
        except (NotPublished, FeelError):
            continue
    return found


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"
