"""Parts of a policy's page: facts, insured object, instalments, endorsements, claims."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Claim, Endorsement, Instalment, InsuredObject, Policy
from broker_crm.crm.policies import LOSS_YEARS, loss_ratio, today
from broker_crm.web import money, staff, times
from broker_crm.web.wording import OBJECT_KIND, SALES_TYPE, word


def claim_rows(session: Session, condition: ColumnElement[bool]) -> list[dict[str, object]]:
    """Claims as the pages list them, the newest in front."""
    found = session.execute(
        select(Claim, Policy.number)
        .outerjoin(Policy, Policy.id == Claim.policy_id)
        .where(condition)
        .order_by(Claim.happened_on.desc(), Claim.id.desc())
    )
    return [
        {
            "number": claim.insurer_number or "",
            "policy_id": claim.policy_id,
            "policy": number or "",
            "happened": times.day(claim.happened_on),
            "description": claim.description,
            "paid": money.euros(claim.paid),
            "reserve": money.euros(claim.reserve) if claim.reserve else "",
            "state": _("Claim refused")
            if claim.refused_on
            else _("Claim settled")
            if claim.closed_on
            else _("Open claim"),
            "tone": "late" if claim.refused_on else "good" if claim.closed_on else "info",
        }
        for claim, number in found
    ]


def facts(session: Session, policy: Policy) -> list[tuple[str, str]]:
    """Period, money and people of a policy; what is not known is left out."""
    commission = policy.premium * policy.commission_percent / 100
    known = [
        (_("Period"), f"{times.day(policy.starts_on)} – {times.day(policy.ends_on)}"),
        (_("Premium"), money.euros(policy.premium)),
        (
            _("Commission"),
            f"{money.percent(policy.commission_percent)} · {money.euros(commission)}",
        ),
        (_("Sum insured"), money.euros(policy.sum_insured)),
        (_("Deductible"), money.euros(policy.deductible)),
        (_("Instalments"), money.number(policy.instalment_count)),
        (_("Kind of sale"), word(SALES_TYPE, policy.sales_type)),
        (
            _("Loss ratio, %(years)s years", years=LOSS_YEARS),
            money.percent(loss_ratio(session, policy)),
        ),
        (_("Salesperson"), staff.name(session, policy.owner) or "–"),
    ]
    return [(name, value) for name, value in known if value not in ("", "–")]


def object_name(insured: InsuredObject | None) -> str:
    """What is insured, with its plate."""
    if insured is None:
        return ""
    return " ".join(filter(None, (insured.name, insured.plate)))


def insured_object(session: Session, policy: Policy) -> list[tuple[str, str]]:
    """Facts of what is insured; none where it is not recorded."""
    insured = session.get(InsuredObject, policy.object_id) if policy.object_id else None
    if insured is None:
        return []
    known = [
        (word(OBJECT_KIND, insured.kind), insured.name),
        (_("Plate"), insured.plate or ""),
        ("VIN", insured.vin or ""),
        (_("Year"), str(insured.built_year or "")),
        (_("Value"), money.euros(insured.value) if insured.value is not None else ""),
    ]
    return [(name, value) for name, value in known if value]


def instalments(session: Session, policy: Policy) -> list[dict[str, object]]:
    """Parts of the premium, with what was paid."""
    parts = session.scalars(
        select(Instalment).where(Instalment.policy_id == policy.id).order_by(Instalment.number)
    )
    return [
        {
            "number": part.number,
            "due": times.day(part.due_on),
            "amount": money.euros(part.amount),
            "invoice": part.invoice_number or "",
            **_payment(part),
        }
        for part in parts
    ]


def _payment(part: Instalment) -> dict[str, str]:
    paid = part.paid_amount or 0
    if part.paid_on is not None and paid >= part.amount:
        return {"state": _("Paid %(day)s", day=times.day(part.paid_on)), "tone": "good"}
    if paid:
        return {
            "state": _("Paid in part: %(amount)s", amount=money.euros(paid)),
            "tone": "today",
        }
    if part.due_on < today():
        late = (today() - part.due_on).days
        return {"state": _("Overdue by %(days)s d.", days=late), "tone": "late"}
    return {"state": _("Not due yet"), "tone": ""}


def endorsements(session: Session, policy: Policy) -> list[dict[str, object]]:
    """Changes within the period, the newest in front."""
    found = session.scalars(
        select(Endorsement)
        .where(Endorsement.policy_id == policy.id)
        .order_by(Endorsement.effective_on.desc(), Endorsement.id.desc())
    )
    return [
        {
            "from": times.day(each.effective_on),
            "change": each.change,
            "premium": money.euros(each.premium_delta),
            "sum": money.euros(each.sum_insured_delta),
        }
        for each in found
    ]
