"""Insurers asked for terms: what completed steps learnt, who is still silent, how fast they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import WorkingCalendar
from broker_crm.crm import contact_points, insurers
from broker_crm.crm.models import (
    ContactPurpose,
    Insurer,
    InsurerContact,
    Opportunity,
    Policy,
    Quote,
    RenewalStart,
)
from broker_crm.process import instance_variables, jobs
from broker_crm.process.jobs import CompletedStep
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask

STATES = {
    "quote": "quoted",
    "terms": "quoted",
    "higher-premium": "quoted",
    "priced": "quoted",
    "declined": "declined",
    "refused": "declined",
    "no-reply": "no-reply",
}
"""By the outcome of the step."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Which variables of a step hold the insurer's answer."""

    premium: str
    reason: str
    commission: str = ""
    deductible: str = ""


STEPS = {
    "insurer-quote": Fields("quotePremium", "declineReason", "quoteCommission", "quoteDeductible"),
    "incumbent-terms": Fields(
        "incumbentPremium", "incumbentRefusal", "incumbentCommission", "incumbentDeductible"
    ),
    "endorsement-price": Fields("extraPremium", "declineReason"),
}


@dataclass(frozen=True, slots=True)
class Answering:
    """How one insurer answers."""

    asked: int
    quoted: int
    declined: int
    silent: int
    """Did not reply in time."""
    median_days: float | None
    """Working days from asking to the answer; None where it never answered."""


@dataclass(frozen=True, slots=True)
class InsurerAsked:
    """Whom a step asks for terms."""

    insurer: Insurer
    point: InsurerContact | None
    """None where the insurer's common address serves."""


def keep_quote(step: CompletedStep) -> None:
    """Write what an insurer answered, or that it did not; other steps are none of its business."""
    if step.step not in STEPS or step.case.client_id is None or step.case.product_id is None:
        return
    task = step.session.get_one(UserTask, step.task_id)
    known = instance_variables(step.session, step.case.id) | task.local_variables
    quote = learnt(step, known, task.created_at)
    if quote is not None:
        step.session.add(quote)
        step.session.flush()


def learnt(step: CompletedStep, known: Mapping[str, object], asked_at: datetime) -> Quote | None:
    """What an insurer answered at a step; None for an insurer that is not on record.

    Args:
        step: just completed, one of `STEPS`.
        known: what the step's task saw.
        asked_at: when the task was opened.
    """
    fields = STEPS[step.step]
    insurer = insurers.named(step.session, _asked(known, step.step))
    if insurer is None:
        return None
    state = STATES.get(step.outcome or "", "no-reply")
    quoted = step.values if state == "quoted" else {}
    return Quote(
        client_id=step.case.client_id,
        instance_id=step.case.id,
        task_id=step.task_id,
        insurer_id=insurer.id,
        product_id=step.case.product_id,
        asked_at=asked_at,
        answered_at=None if state == "no-reply" else clock.now(),
        status=state,
        premium=_amount(quoted.get(fields.premium)),
        sum_insured=_amount(known.get("sumInsured")),
        deductible=_amount(quoted.get(fields.deductible)),
        commission_percent=_amount(quoted.get(fields.commission)),
        decline_reason=str(step.values.get(fields.reason) or "")[:300] or None,
    )


def waiting(session: Session, insurer: Insurer, limit: int) -> list[UserTask]:
    """Open steps that wait for the insurer's answer, the longest wait in front."""
    names = insurers.names_of(session, insurer)
    about = func.coalesce(RenewalStart.policy_id, Opportunity.policy_id)
    asked = session.execute(
        select(UserTask, Policy.insurer_id)
        .outerjoin(RenewalStart, RenewalStart.instance_id == UserTask.instance_id)
        .outerjoin(Opportunity, Opportunity.instance_id == UserTask.instance_id)
        .outerjoin(Policy, Policy.id == about)
        .where(UserTask.step.in_(STEPS), UserTask.status == TaskStatus.OPEN)
        .order_by(UserTask.created_at)
    )
    found: list[UserTask] = []
    for task, insurer_id in asked:
        if task.step == "insurer-quote":
            waits = _asked(task.local_variables, task.step) in names
        elif insurer_id is not None:
            waits = insurer_id == insurer.id
        else:
            known = instance_variables(session, task.instance_id)
            waits = _asked(known, task.step) in names
        if waits:
            found.append(task)
        if len(found) == limit:
            break
    return found


def contact(session: Session, task: UserTask) -> InsurerAsked | None:
    """The insurer that a step asks, and where it is asked; None for other steps.

    Args:
        session: for reading.
        task: a step.
    """
    if task.step not in STEPS:
        return None
    known = instance_variables(session, task.instance_id) | task.local_variables
    insurer = insurers.named(session, _asked(known, task.step))
    if insurer is None:
        return None
    product_id = session.get_one(ProcessInstance, task.instance_id).product_id
    point = contact_points.point_for(session, insurer, ContactPurpose.QUOTES, product_id)
    return InsurerAsked(insurer, point)


def answering(quotes: Iterable[Quote], calendar: WorkingCalendar) -> Answering:
    """Counts and the median time to answer over quotes of one insurer."""
    found = list(quotes)
    states = [quote.status for quote in found]
    days = [days_to_answer(quote, calendar) for quote in found if quote.answered_at is not None]
    return Answering(
        len(found),
        states.count("quoted"),
        states.count("declined"),
        states.count("no-reply"),
        median(days) if days else None,
    )


def days_to_answer(quote: Quote, calendar: WorkingCalendar) -> int:
    """Working days from the day of asking to the day of the answer, or to now."""
    until = quote.answered_at or clock.now()
    return _between(calendar, calendar.local_day(quote.asked_at), calendar.local_day(until))


def _between(calendar: WorkingCalendar, start: date, end: date) -> int:
    return max(0, calendar.working_days_between(start, end))


def register_all() -> None:
    """Follow completed steps; safe to repeat."""
    jobs.after_completion(keep_quote)


def _asked(known: Mapping[str, object], step: str) -> str | None:
    if step == "insurer-quote":
        insurer = known.get("insurer")
        return str(insurer.get("name")) if isinstance(insurer, Mapping) else None
    policy = known.get("policy")
    return str(policy.get("insurer")) if isinstance(policy, Mapping) else None


def _amount(value: object) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value)).quantize(Decimal("0.01"))
