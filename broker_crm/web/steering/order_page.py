"""What the preview and the page of an order show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client
from broker_crm.people.models import User
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask
from broker_crm.process.rights import visible_instances
from broker_crm.process.steering import (
    Action,
    Foreseen,
    Order,
    RowState,
    SteeringBatch,
    SteeringRow,
)
from broker_crm.process.steering.actions import SKIPS_APPROVALS
from broker_crm.process.steering.batches import told
from broker_crm.web import cases, names, staff, times
from broker_crm.web.steering import words
from broker_crm.web.steering.refusals import sentence
from broker_crm.web.wording import ORDER_STATE, PAUSE_REASON, STEERING, word

WITHOUT_REASON = frozenset({Action.RESUME})
"""Actions that need no reason; a pause has its own."""
TONES = {
    RowState.DONE: "good",
    RowState.REFUSED: "late",
    RowState.UNDONE: "info",
    RowState.KEPT: "late",
}


def ordered(session: Session, action: str, arguments: Mapping[str, Any]) -> str:
    """What is ordered, in one line."""
    name = word(STEERING, action)
    if action == Action.HAND_OVER:
        return f"{name}: {staff.name(session, str(arguments.get('to') or '')) or '–'}"
    if action == Action.DUE_LATER and isinstance(arguments.get("days"), int):
        return f"{name}: {times.working_days(arguments['days'])}"
    if action == Action.DUE_ON:
        return f"{name}: {arguments.get('day') or '–'}"
    if action == Action.PAUSE:
        return f"{name}: {word(PAUSE_REASON, arguments.get('why'))}"
    if action == Action.CORRECT:
        return f"{name}: {arguments.get('name') or '–'}"
    return name


def foreseen(session: Session, each: Foreseen) -> dict[str, Any]:
    """One line of the preview."""
    subject = each.subject
    line = _subject(session, subject.instance_id, subject.subject_id)
    if each.error is not None:
        return line | {"fits": False, "text": sentence(told(each.error))}
    version = session.get_one(ProcessInstance, subject.instance_id).version_id
    return line | {"fits": True, "text": words.said(session, version, each.kind or "", each.value)}


def looked_at(order: Order) -> Order:
    """The order as it is previewed: approvals that it would skip are told, not refused."""
    if order.action is not Action.MOVE:
        return order
    return replace(order, arguments={**order.arguments, SKIPS_APPROVALS: True})


def skipped(session: Session, found: Iterable[Foreseen]) -> list[str]:
    """Names of the approvals that an order would skip."""
    told: dict[str, None] = {}
    for each in found:
        if isinstance(each.value, dict) and each.value.get("skipped"):
            version = session.get_one(ProcessInstance, each.subject.instance_id).version_id
            told |= dict.fromkeys(words.approvals(session, version, each.value))
    return list(told)


def view(session: Session, user: User, batch: SteeringBatch) -> dict[str, Any]:
    """Everything that the page of an order shows; of hidden cases only how many."""
    rows = session.scalars(
        select(SteeringRow).where(SteeringRow.batch_id == batch.id).order_by(SteeringRow.place)
    ).all()
    seen = set(
        session.scalars(
            select(ProcessInstance.id).where(
                ProcessInstance.id.in_({row.instance_id for row in rows}), visible_instances(user)
            )
        )
    )
    counts = Counter(RowState(row.state) for row in rows)
    return {
        "id": batch.id,
        "what": ordered(session, batch.action, batch.arguments),
        "reason": batch.reason,
        "who": staff.name(session, batch.created_by),
        "when": times.when(batch.created_at),
        "undone": _("Taken back by %(name)s on %(time)s.", **_undone(session, batch))
        if batch.undone_at
        else "",
        "counts": [
            (word(ORDER_STATE, state), counts[state]) for state in RowState if counts[state]
        ],
        "may_undo": counts[RowState.DONE] > 0 and batch.action != Action.CANCEL,
        "left": counts[RowState.NEW] + counts[RowState.UNDOING],
        "hidden": sum(row.instance_id not in seen for row in rows),
        "rows": [
            _subject(session, row.instance_id, row.subject_id)
            | {
                "state": word(ORDER_STATE, row.state),
                "tone": TONES.get(RowState(row.state), ""),
                "text": became(session, row),
            }
            for row in rows
            if row.instance_id in seen
        ],
    }


def _undone(session: Session, batch: SteeringBatch) -> dict[str, str]:
    return {
        "name": staff.name(session, batch.undone_by),
        "time": times.when(batch.undone_at),
    }


def became(session: Session, row: SteeringRow) -> str:
    """What was done to one subject, or why it was not."""
    if row.reason is not None:
        return sentence(row.reason)
    event = session.get(ProcessEvent, row.event_id) if row.event_id else None
    if event is None:
        return ""
    return words.said(session, event.version_id, event.kind, event.value)


def _subject(session: Session, instance_id: UUID, subject_id: UUID) -> dict[str, Any]:
    instance = session.get_one(ProcessInstance, instance_id)
    client = session.get(Client, instance.client_id) if instance.client_id else None
    task = session.get(UserTask, subject_id)
    return {
        "subject": f"{instance_id}:{subject_id}",
        "instance_id": instance_id,
        "title": cases.title(session, instance, client.name if client else None),
        "step": names.name(session, task.version_id, task.name) if task else "",
        "assignee": staff.name(session, task.assignee) if task else "",
    }
