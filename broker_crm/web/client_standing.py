"""What a client has and had, beside a step: policies, claims, offers, complaints."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import (
    Claim,
    Complaint,
    Insurer,
    Offer,
    OfferLine,
    Policy,
    PolicyStatus,
    Product,
)
from broker_crm.people.models import User
from broker_crm.process.models import UserTask
from broker_crm.web import cases, money, times
from broker_crm.web.access import may_visit
from broker_crm.web.wording import (
    CLAIM_STATE,
    COMPLAINT_STATUS,
    COMPLAINT_SUBJECT,
    OFFER_STATUS,
    POLICY_STATUS,
    word,
)

MOST = 5


def beside(session: Session, user: User, task: UserTask) -> list[dict[str, Any]] | None:
    """Groups of lines, each with how many there are; None where the step promises no history."""
    if task.client_id is None or "history" not in task.help:
        return None
    client_id = task.client_id
    groups = [
        _group(session, "policies", Policy, client_id, _policies(session, client_id)),
        _group(session, "offers", Offer, client_id, _offers(session, client_id)),
        _group(session, "claims", Claim, client_id, _claims(session, client_id)),
        _group(session, "complaints", Complaint, client_id, _complaints(session, user, client_id)),
    ]
    return [group for group in groups if group["lines"]]


def _group(
    session: Session, kind: str, table: Any, client_id: int, lines: list[dict[str, Any]]
) -> dict[str, Any]:
    counted = select(func.count()).select_from(table).where(table.client_id == client_id)
    return {"kind": kind, "count": session.scalar(counted) if lines else 0, "lines": lines}


def _policies(session: Session, client_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Policy, Product, Insurer.name)
        .join(Product, Product.id == Policy.product_id)
        .join(Insurer, Insurer.id == Policy.insurer_id)
        .where(Policy.client_id == client_id)
        .order_by(Policy.ends_on.desc(), Policy.id)
        .limit(MOST)
    )
    return [
        {
            "lead": f"{cases.product_name(product)} · {policy.number}",
            "rest": f"{insurer}, {times.day(policy.ends_on)}, {money.euros(policy.premium)}",
            "state": word(POLICY_STATUS, policy.status),
            "tone": "good" if policy.status == PolicyStatus.ACTIVE else "",
        }
        for policy, product, insurer in rows
    ]


def _offers(session: Session, client_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Offer, OfferLine, Product)
        .join(OfferLine, OfferLine.offer_id == Offer.id)
        .join(Product, Product.id == OfferLine.product_id)
        .where(Offer.client_id == client_id)
        .order_by(Offer.prepared_at.desc(), Offer.id)
        .limit(MOST)
    )
    return [
        {
            "lead": f"{cases.product_name(product)} · {money.euros(line.premium)}",
            "rest": times.day(offer.prepared_at),
            "state": word(OFFER_STATUS, offer.status),
            "tone": {"accepted": "good", "refused": "late"}.get(offer.status, "info"),
        }
        for offer, line, product in rows
    ]


def _claims(session: Session, client_id: int) -> list[dict[str, Any]]:
    found = session.scalars(
        select(Claim)
        .where(Claim.client_id == client_id)
        .order_by(Claim.happened_on.desc(), Claim.id)
        .limit(MOST)
    )
    return [
        {
            "lead": f"{times.day(claim.happened_on)} · {money.euros(claim.paid or claim.reserve)}",
            "rest": claim.description,
            **_claim_state(claim),
        }
        for claim in found
    ]


def _claim_state(claim: Claim) -> dict[str, str]:
    if claim.refused_on:
        return {"state": word(CLAIM_STATE, "refused"), "tone": "late"}
    if claim.closed_on:
        return {"state": word(CLAIM_STATE, "closed"), "tone": ""}
    return {"state": word(CLAIM_STATE, "open"), "tone": "today"}


def _complaints(session: Session, user: User, client_id: int) -> list[dict[str, Any]]:
    found = session.scalars(
        select(Complaint)
        .where(Complaint.client_id == client_id)
        .order_by(Complaint.id.desc())
        .limit(MOST)
    )
    opens = may_visit(user, "complaints.show")
    return [
        {
            "lead": each.register_number,
            "rest": f"{word(COMPLAINT_SUBJECT, each.subject)}, {times.day(each.received_on)}",
            "state": word(COMPLAINT_STATUS, each.status),
            "tone": "" if each.closed_at else "late",
            "address": url_for("complaints.show", complaint_id=each.id) if opens else None,
        }
        for each in found
    ]
