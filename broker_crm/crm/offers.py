"""Offers as completed steps make them: versions, typed lines, approval, sending, the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm import insurers
from broker_crm.crm.deviations import Deviation, Offered, compare, price_table
from broker_crm.crm.models import (
    Client,
    Offer,
    OfferDeviation,
    OfferLine,
    OfferStatus,
    Product,
)
from broker_crm.crm.standard_terms import (
    ADDS_TO_POLICY,
    TABLE,
    TermsInForce,
    terms_in_force,
)
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.definitions.published import compiled
from broker_crm.engine.errors import RuleFailed
from broker_crm.process import instance_variables, jobs
from broker_crm.process.errors import NotAllowed
from broker_crm.process.jobs import Case, CompletedStep, JobCall
from broker_crm.process.models import UserTask

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
FOLLOWED = APPROVED | SENT | ANSWERED
"""Steps after which an offer may stand otherwise."""


def completed_at(step: CompletedStep) -> datetime:
    """The instant of the command that completed a step: what it opened begins at the same one."""
    done = step.session.scalar(select(UserTask.completed_at).where(UserTask.id == step.task_id))
    return done or clock.now()


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
    if step.step == PREPARED:
        if offers_something(step):
            _prepare(step)
        return
    if step.step not in FOLLOWED:
        return
    offer = latest_offer(step.session, step.case.id)
    if offer is not None:
        follow(offer, step, instance_variables(step.session, step.case.id))


def follow(offer: Offer, step: CompletedStep, known: Mapping[str, object]) -> None:
    """Move an offer on by a completed step: approved, sent, answered.

    Args:
        offer: the newest of the case.
        step: just completed.
        known: the case's variables, before the step.
    """
    if step.step in APPROVED and step.outcome == "approve":
        offer.approved_by, offer.approved_at = step.by, clock.now()
        offer.status = OfferStatus.APPROVED
    elif step.step in SENT:
        offer.approval_level = _level(known)
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
    known = instance_variables(step.session, step.case.id)
    if offer is not None and offer.approved_by is None and _level(known) != "none":
        raise NotAllowed("The offer is not approved yet; it can't be sent.")


def refuse_without_terms(step: CompletedStep) -> None:
    """An offer is compared with the standard of its day: without one it can't be prepared.

    Raises:
        FormRejected: naming the premium, and who can mend it.
    """
    if step.step != PREPARED or not offers_something(step):
        return
    if _terms(step.session, step.case, _known(step)) is None:
        raise FormRejected({"premium": [FieldError("noStandardTerms")]})


def compare_offer(call: JobCall) -> Mapping[str, object]:
    """Compare what was offered with the standard of the day: job `compare-offer`.

    Reads `sumInsured`, `premium`, `commission`, `deductible`, `instalments`, `termMonths`,
    `covers`, `chosenInsurer`. Gives `standardTerms` of the insurer chosen, as they are that day,
    and `deviation`, by which D4 decides who approves: the figures that the offer line keeps.

    Raises:
        RuleFailed: a decision table failed.
    """
    values = call.job.variables
    terms, found = _compared(call.session, call.case, values)
    differences = {each.kind: float(each.difference) for each in found.typed}
    return {
        "standardTerms": terms.facts(),
        "deviation": {
            "standardPremium": float(found.standard_premium),
            "premium": float(_offered(values).premium),
            "premiumPercent": float(found.premium_percent),
            "premiumEffect": float(found.premium_effect),
            "commissionPoints": float(found.commission_points),
            "commissionEffect": float(found.commission_effect),
            "deductibleDifference": differences.get("deductible", 0),
            "sumInsuredDifference": differences.get("sum-insured", 0),
            "instalmentsDifference": differences.get("instalments", 0),
            "termDifference": differences.get("term", 0),
            "extraCovers": [each.cover for each in found.typed if each.cover],
            "otherPremiumEffect": float(found.other_premium_effect),
            "otherCommissionEffect": float(found.other_commission_effect),
        },
    }


def register_all() -> None:
    """Follow completed steps; safe to repeat."""
    jobs.register("compare-offer", compare_offer)
    jobs.before_completion(refuse_without_terms)
    jobs.before_completion(refuse_unapproved)
    jobs.after_completion(keep_offer)


def offers_something(step: CompletedStep) -> bool:
    """Has the case a client and a product, and the form a premium for a sum insured?"""
    known = (step.case.client_id, step.case.product_id)
    given = (step.values.get("premium"), step.values.get("sumInsured"))
    return None not in (*known, *given)


def _prepare(step: CompletedStep) -> None:
    session = step.session
    version = session.scalar(
        select(func.max(Offer.version)).where(Offer.instance_id == step.case.id)
    )
    session.execute(
        update(Offer)
        .where(Offer.instance_id == step.case.id, Offer.status != OfferStatus.REFUSED)
        .values(status=OfferStatus.REPLACED)
    )
    known = instance_variables(session, step.case.id)
    offer = prepared(step, known, (version or 0) + 1)
    offer.prepared_at = completed_at(step)
    session.add(offer)
    session.flush()


def prepared(step: CompletedStep, known: Mapping[str, object], version: int) -> Offer:
    """The offer that a completed step prepared.

    Args:
        step: just completed.
        known: the case's variables, before the step.
        version: of the offer.
    """
    values, until = step.values, step.values.get("offerValidUntil")
    agreed = [known.get(key) for key in ("offerCorrections", "negotiationRequest")]
    return Offer(
        client_id=step.case.client_id,
        instance_id=step.case.id,
        version=version,
        status=OfferStatus.DRAFT,
        valid_until=date.fromisoformat(str(until)[:10]) if until else None,
        note=str(values.get("recommendation") or ""),
        corrections="\n".join(str(each) for each in agreed if each),
        deviation_reason=str(values.get("deviationReason") or ""),
        prepared_by=step.by,
        prepared_at=clock.now(),
        lines=[line_of(step.session, step.case, {**known, **values})],
    )


def line_of(session: Session, case: Case, values: Mapping[str, object]) -> OfferLine:
    """What is offered, against the standard terms of the day.

    Args:
        session: for reading.
        case: with its client and product.
        values: the case's variables with what the step's form gave.
    """
    offered, named = _offered(values), _insurer_named(case, values)
    insurer = insurers.named(session, named)
    terms, found = _compared(session, case, values)
    line = OfferLine(
        product_id=case.product_id,
        insurer_id=insurer.id if insurer else terms.insurer_id,
        cover=", ".join(offered.covers),
        extra_covers=", ".join(each.cover for each in found.typed if each.cover),
        sum_insured=offered.sum_insured,
        deductible=offered.deductible,
        premium=offered.premium,
        instalments=offered.instalments,
        term_months=offered.term_months,
        commission_percent=offered.commission,
        standard_terms_id=terms.terms_id,
        standard_premium=found.standard_premium,
        standard_commission_percent=terms.commission_percent,
        standard_deductible=terms.deductible,
        premium_deviation_percent=found.premium_percent,
        commission_deviation=found.commission_points,
        premium_effect=found.premium_effect,
        commission_effect=found.commission_effect,
        other_premium_effect=found.other_premium_effect,
        other_commission_effect=found.other_commission_effect,
    )
    line.deviations = [
        OfferDeviation(
            kind=each.kind,
            cover=each.cover,
            standard=each.standard,
            offered=each.offered,
            difference=each.difference,
            price_percent=each.price_percent,
            premium_effect=each.premium_effect,
            commission_effect=each.commission_effect,
            reason=each.reason[:200],
        )
        for each in found.typed
    ]
    return line


def _compared(
    session: Session, case: Case, values: Mapping[str, object]
) -> tuple[TermsInForce, Deviation]:
    if case.client_id is None or case.product_id is None:
        raise RuleFailed(TABLE, None, "The case has no client or no product to compare for.")
    terms = _terms(session, case, values)
    if terms is None:
        raise RuleFailed(TABLE, None, "The product has no standard terms today.")
    price = price_table(compiled(session, case.version_id).decisions)
    applies = case.process_key not in ADDS_TO_POLICY
    return terms, compare(terms, _offered(values), price, minimum_applies=applies)


def _terms(session: Session, case: Case, values: Mapping[str, object]) -> TermsInForce | None:
    return terms_in_force(
        session,
        session.get_one(Product, case.product_id),
        session.get_one(Client, case.client_id),
        clock.now().astimezone(OFFICE).date(),
        case.version_id,
        _insurer_named(case, values),
    )


def _insurer_named(case: Case, values: Mapping[str, object]) -> str | None:
    """The insurer chosen, or that of the policy to which the case adds."""
    named, policy = values.get("chosenInsurer"), values.get("policy")
    if case.process_key in ADDS_TO_POLICY and isinstance(policy, Mapping):
        named = policy.get("insurer")
    return str(named) if named else None


def _known(step: CompletedStep) -> dict[str, object]:
    """The case's variables with what the step's form gave."""
    return {**instance_variables(step.session, step.case.id), **step.values}


def _offered(values: Mapping[str, object]) -> Offered:
    covers = values.get("covers")
    return Offered(
        sum_insured=_decimal(values.get("sumInsured") or 0),
        premium=_decimal(values.get("premium") or 0),
        commission=_decimal(values.get("commission") or 0),
        deductible=_decimal(values.get("deductible") or 0),
        instalments=int(str(values.get("instalments") or 1)),
        term_months=int(str(values.get("termMonths") or 12)),
        covers=tuple(map(str, covers)) if isinstance(covers, list) else (),
    )


def _level(known: Mapping[str, object]) -> str:
    approval = known.get("approval")
    return str(approval.get("level")) if isinstance(approval, Mapping) else "none"


def _decimal(value: object) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
