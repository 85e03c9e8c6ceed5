"""What the page of one complaint shows: facts, the whole clock, who worked on it, the answers."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.calendar import OFFICE
from broker_crm.crm import complaint_register as register
from broker_crm.crm import complaint_steps
from broker_crm.crm.models import Client, Complaint, Insurer, Policy, Product
from broker_crm.definitions.models import ProcessVersion
from broker_crm.outreach.models import Letter
from broker_crm.people.models import User
from broker_crm.process.models import UserTask
from broker_crm.process.rights import may_see_instance
from broker_crm.web import cases, money, names, staff, times
from broker_crm.web.complaint_register import row
from broker_crm.web.wording import (
    COMPLAINT_ABOUT,
    COMPLAINT_BANK,
    COMPLAINT_CHANNEL,
    COMPLAINT_DECISION,
    COMPLAINT_REACTION,
    COMPLAINT_SEVERITY,
    LANGUAGE,
    word,
)


def view(session: Session, complaint: Complaint, user: User) -> dict[str, Any]:
    """Everything that the page shows."""
    seen = complaint.instance_id and may_see_instance(session, user, complaint.instance_id)
    return {
        **row(session, complaint),
        "client": session.get(Client, complaint.client_id) if complaint.client_id else None,
        "description": complaint.description,
        "instance_id": complaint.instance_id if seen else None,
        "facts": _facts(session, complaint),
        "outcome": _outcome(session, complaint),
        "clocks": _clocks(complaint),
        "steps": _steps(session, complaint) if seen else [],
        "letters": _letters(session, complaint) if seen else [],
        "answer": complaint.answer_text or "",
        "redress": _redress(complaint),
        "cause": _cause(session, complaint),
        "precedents": lines(session, complaint, user),
    }


def lines(session: Session, complaint: Complaint, user: User) -> list[dict[str, Any]]:
    """Similar complaints and how they were decided."""
    found = register.precedents(session, complaint, reader=user.login)
    return [{**row(session, each), "reason": each.root_cause or ""} for each in found]


def of_task(session: Session, task: UserTask, user: User) -> list[dict[str, Any]]:
    """Similar complaints beside a step that promises them."""
    if "precedents" not in task.help:
        return []
    complaint = session.scalar(select(Complaint).where(Complaint.instance_id == task.instance_id))
    return lines(session, complaint, user) if complaint else []


def _facts(session: Session, complaint: Complaint) -> list[tuple[str, str]]:
    insurer = session.get(Insurer, complaint.insurer_id) if complaint.insurer_id else None
    policy = session.get(Policy, complaint.policy_id) if complaint.policy_id else None
    product = session.get(Product, complaint.product_id) if complaint.product_id else None
    return [
        (_("Received"), times.day(complaint.received_on)),
        (_("Channel"), word(COMPLAINT_CHANNEL, complaint.channel)),
        (_("Registered by"), staff.name(session, complaint.registered_by)),
        (_("E-mail"), complaint.complainant_email or ""),
        (_("Consumer"), _("yes") if complaint.consumer else _("no")),
        (_("Language"), word(LANGUAGE, complaint.language)),
        (_("Speaks for the client as"), complaint.representation or ""),
        (_("About"), word(COMPLAINT_ABOUT, complaint.about)),
        (_("Insurer"), insurer.name if insurer else ""),
        (_("Employee"), staff.name(session, complaint.employee)),
        (_("Policy"), policy.number if policy else ""),
        (_("Product"), cases.product_name(product) if product else ""),
        (_("Amount claimed"), money.euros(complaint.claimed_amount)),
        (_("Severity"), word(COMPLAINT_SEVERITY, complaint.severity or "")),
        (_("Handled by"), staff.name(session, complaint.owner)),
    ]


def _outcome(session: Session, complaint: Complaint) -> list[tuple[str, str]]:
    return [
        (_("Forwarded to"), complaint.forwarded_to or ""),
        (_("Decision"), word(COMPLAINT_DECISION, complaint.decision or "")),
        (_("Remedy"), money.euros(complaint.remedy_amount)),
        (_("What is done"), complaint.remedy_text or ""),
        (_("Done by"), staff.name(session, complaint.remedy_owner)),
        (_("Reaction"), word(COMPLAINT_REACTION, complaint.reaction or "")),
        (_("Bank of Lithuania"), word(COMPLAINT_BANK, complaint.bank_outcome or "")),
        (_("Root cause"), complaint.root_cause or ""),
        (_("Corrective action"), complaint.corrective_action or ""),
        (_("Responsible"), staff.name(session, complaint.action_owner)),
        (_("Action due"), times.day(complaint.action_due_on)),
        (_("Action done"), times.day(complaint.action_done_at)),
    ]


def _clocks(complaint: Complaint) -> list[dict[str, Any]]:
    """Each term: until when, when it was met, and how that is shown."""
    found = [
        (_("Registered"), None, complaint.registered_at),
        (_("Acknowledge receipt"), complaint.acknowledge_by, complaint.acknowledged_at),
        (_("Answer by our own standard"), complaint.internal_answer_by, complaint.answered_at),
        (_("Answer by law"), complaint.answer_by, complaint.answered_at),
    ]
    if complaint.forwarded_at:
        found.append((_("Forwarded"), None, complaint.forwarded_at))
    if complaint.delay_told_at:
        found.append((_("Delay letter sent"), complaint.answer_by, complaint.delay_told_at))
    if complaint.promised_answer_on:
        promised = _end_of(complaint.promised_answer_on)
        found.append((_("Answer on the promised day"), promised, complaint.answered_at))
    found.append(
        (_("Answer by the extended term"), complaint.extended_answer_by, complaint.answered_at)
    )
    if complaint.bank_deadline:
        found.append((_("Explanation to the bank"), _end_of(complaint.bank_deadline), None))
    if complaint.breached_at:
        found.append((_("Term broken"), None, complaint.breached_at))
    if complaint.closed_at:
        found.append((_("Closed"), None, complaint.closed_at))
    return [
        {
            "name": name,
            "by": times.day(by) if by else "–",
            "done": times.day_and_hour(done) if done else "",
            "tone": "late"
            if name == _("Term broken") or (by and done and done > by)
            else "good"
            if done
            else "info",
        }
        for name, by, done in found
    ]


def _steps(session: Session, complaint: Complaint) -> list[dict[str, str]]:
    done = session.scalars(
        select(UserTask)
        .where(UserTask.instance_id == complaint.instance_id, UserTask.completed_at.is_not(None))
        .order_by(UserTask.completed_at)
    )
    return [
        {
            "name": names.name(session, each.version_id, each.name),
            "who": staff.name(session, each.completed_by),
            "when": times.when(each.completed_at),
        }
        for each in done
    ]


def _letters(session: Session, complaint: Complaint) -> list[dict[str, Any]]:
    found = session.scalars(
        select(Letter)
        .where(Letter.instance_id == complaint.instance_id)
        .order_by(Letter.created_at)
    )
    return [
        {
            "id": each.id,
            "subject": each.subject,
            "to": each.recipient,
            "when": times.when(each.created_at),
        }
        for each in found
    ]


def _redress(complaint: Complaint) -> str:
    if complaint.forwarded_at or complaint.status == "not-a-complaint":
        return ""
    if not complaint.consumer:
        return _("Not a consumer: the dispute goes to court.")
    return _("A consumer may turn to the Bank of Lithuania within a year.")


def _cause(session: Session, complaint: Complaint) -> dict[str, Any] | None:
    version = (
        session.get(ProcessVersion, complaint.cause_version_id)
        if complaint.cause_version_id
        else None
    )
    if version is None:
        return None
    step = complaint_steps.name_of_step(session, version.id, complaint.step)
    return {
        "process": names.name(session, version.id, version.name),
        "step": names.name(session, version.id, step) if step else complaint.step,
        "version": version.number,
        "published": times.day(version.published_at),
    }


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59), OFFICE)
