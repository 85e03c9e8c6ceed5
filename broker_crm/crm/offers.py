"""Offers as completed steps make them: versions, typed lines, approval, sending, the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm.deviations import compare, standard_terms
from broker_crm.crm.models import Offer, OfferLine, OfferStatus
from broker_crm.process import instance_variables, jobs
from broker_crm.process.errors import NotAllowed
from broker_crm.process.jobs import CompletedStep

PREPARED = "offer-preparation"
APPROVED = frozenset({"offer-approval", "offer-approval-sales"})
SENT = frozenset({"offer-letter", "renewal-letter"})
ANSWERS = {
    "accepts": OfferStatus.ACCEPTED,
    "agreed": OfferStatus.ACCEPTED,
    "not-interested": OfferStatus.REFUSED,
    "refuses": OfferStatus.REFUSED,
    "refused": OfferStatus.REFUSED,
}
ANSWERED = frozenset({"offer-call", "renewal-call", "negotiation"})
WITHOUT_MINIMUM = frozenset({"up-sell"})
"""Processes whose premium is an addition to a policy in force."""


def latest_offer(session: Session, instance_id: object) -> Offer | None:
    """The newest version of a case's offer."""
    return session.scalars(
        select(Offer)
        .where(Offer.instance_id == instance_id)
        .order_by(Offer.version.desc())
        .limit(1)
    ).first()


def keep_offer(step: CompletedStep) -> None:
    """Write what a completed step did to the case's offer; other steps are none of its business."""
    if step.case.client_id is None or step.case.product_id is None:
        return
    if step.step == PREPARED:
        _prepare(step)
        return
    offer = latest_offer(step.session, step.case.id)
    if offer is None:
        return
    if step.step in APPROVED and step.outcome == "approve":
        offer.approved_by, offer.approved_at = step.by, clock.now()
        offer.status = OfferStatus.APPROVED
    elif step.step in SENT:
        offer.approval_level = _level(step)
        offer.status, offer.sent_at = OfferStatus.SENT, clock.now()
    elif step.step in ANSWERED and step.outcome in ANSWERS:
        offer.status, offer.decided_at = ANSWERS[step.outcome], clock.now()


def refuse_unapproved(step: CompletedStep) -> None:
    """No offer leaves the house that its approval rule (D4) wants approved and nobody approved.

    Raises:
        NotAllowed: whatever the diagram says.
    """
    if step.step not in SENT:
        return
    offer = latest_offer(step.session, step.case.id)
    if offer is not None and offer.approved_by is None and _level(step) != "none":
        raise NotAllowed("The offer is not approved yet; it can't be sent.")


def register_all() -> None:
    """Follow completed steps; safe to repeat."""
    jobs.before_completion(refuse_unapproved)
    jobs.after_completion(keep_offer)


def _prepare(step: CompletedStep) -> None:
    session, values = step.session, step.values
    if values.get("premium") is None or values.get("sumInsured") is None:
        return
    version = session.scalar(
        select(func.max(Offer.version)).where(Offer.instance_id == step.case.id)
    )
    session.execute(
        update(Offer)
        .where(Offer.instance_id == step.case.id, Offer.status != OfferStatus.REFUSED)
        .values(status=OfferStatus.REPLACED)
    )
    until = values.get("offerValidUntil")
    session.add(
        Offer(
            client_id=step.case.client_id,
            instance_id=step.case.id,
            version=(version or 0) + 1,
            valid_until=date.fromisoformat(str(until)[:10]) if until else None,
            note=str(values.get("recommendation") or ""),
            corrections=str(values.get("deviationReason") or ""),
            prepared_by=step.by,
            prepared_at=clock.now(),
            lines=[line_of(step)],
        )
    )
    session.flush()


def line_of(step: CompletedStep) -> OfferLine:
    """The line of an offer as prepared, against the standard terms in force that day."""
    values, product_id = step.values, step.case.product_id
    insurer, covers = values.get("chosenInsurer"), values.get("covers")
    terms = standard_terms(
        step.session,
        product_id or 0,
        clock.now().astimezone(OFFICE).date(),
        str(insurer) if insurer else None,
    )
    line = OfferLine(
        product_id=product_id,
        insurer_id=terms.insurer_id if terms else None,
        cover=", ".join(map(str, covers)) if isinstance(covers, list) else "",
        sum_insured=_decimal(values["sumInsured"]),
        deductible=_decimal(values.get("deductible") or 0),
        premium=_decimal(values["premium"]),
        instalments=int(str(values.get("instalments") or 1)),
        commission_percent=_decimal(values.get("commission") or 0),
    )
    if terms is not None and line.sum_insured is not None:
        found = compare(
            terms,
            sum_insured=line.sum_insured,
            premium=line.premium,
            commission=line.commission_percent,
            minimum_applies=step.case.process_key not in WITHOUT_MINIMUM,
        )
        line.standard_terms_id = terms.id
        line.standard_premium = found.standard_premium
        line.standard_commission_percent = terms.commission_percent
        line.standard_deductible = terms.deductible
        line.premium_deviation_percent = found.premium_percent
        line.commission_deviation = found.commission_points
        line.premium_effect = found.premium_effect
        line.commission_effect = found.commission_effect
    return line


def _level(step: CompletedStep) -> str:
    approval = instance_variables(step.session, step.case.id).get("approval")
    return str(approval.get("level")) if isinstance(approval, Mapping) else "none"


def _decimal(value: object) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
