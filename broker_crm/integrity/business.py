"""The brokerage's own records: offers, policies, renewals and campaigns keep their promises."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from broker_crm.crm.models import (
    CampaignRecipient,
    Contract,
    Instalment,
    Offer,
    OfferDeviation,
    OfferLine,
    OfferStatus,
    Policy,
    PolicyStatus,
    RenewalStart,
    StandardTerms,
)
from broker_crm.integrity.invariant import holds
from broker_crm.process.models import ProcessInstance


@holds("A sent offer was approved where its rule wanted it")
def offers_were_approved(session: Session) -> Iterator[tuple[str, str]]:
    wrong = select(Offer.id).where(
        Offer.status.in_([OfferStatus.SENT, OfferStatus.ACCEPTED]),
        Offer.approved_by.is_(None),
        or_(Offer.approval_level.is_(None), Offer.approval_level != "none"),
    )
    for offer_id in session.scalars(wrong):
        yield f"offer {offer_id}", "it left the house and nobody approved it"


@holds("An offer was opened only after it was sent")
def offers_were_sent_before(session: Session) -> Iterator[tuple[str, str]]:
    wrong = select(Offer.id).where(
        Offer.opened_at.is_not(None),
        or_(Offer.sent_at.is_(None), Offer.opened_at < Offer.sent_at),
    )
    for offer_id in session.scalars(wrong):
        yield f"offer {offer_id}", "the client opened it before it left the house"


@holds("The instalments of a policy add up to its premium")
def instalments_add_up(session: Session) -> Iterator[tuple[str, str]]:
    total = func.sum(Instalment.amount)
    wrong = (
        select(Policy.id, Policy.premium, total)
        .join(Instalment, Instalment.policy_id == Policy.id)
        .group_by(Policy.id, Policy.premium)
        .having(func.abs(total - Policy.premium) > 0.004)
    )
    for policy_id, premium, found in session.execute(wrong):
        yield f"policy {policy_id}", f"its premium is {premium}, its instalments {found}"


@holds("A renewal runs for the client of its policy")
def renewals_fit(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(RenewalStart.policy_id)
        .outerjoin(Policy, Policy.id == RenewalStart.policy_id)
        .outerjoin(ProcessInstance, ProcessInstance.id == RenewalStart.instance_id)
        .where(ProcessInstance.client_id.is_distinct_from(Policy.client_id))
    )
    for policy_id in session.scalars(wrong):
        yield f"policy {policy_id}", "its renewal is another client's case, or gone"


@holds("Every recipient who was written to has a case")
def recipients_have_cases(session: Session) -> Iterator[tuple[str, str]]:
    wrong = select(CampaignRecipient.id).where(
        CampaignRecipient.state.in_(["started", "responded", "ended", "unsubscribed"]),
        CampaignRecipient.instance_id.is_(None),
    )
    for recipient_id in session.scalars(wrong):
        yield f"recipient {recipient_id}", "no case tells of what was written"


@holds("Standard terms of one insurer for one product never overlap")
def terms_do_not_overlap(session: Session) -> Iterator[tuple[str, str]]:
    other = aliased(StandardTerms)
    wrong = (
        select(StandardTerms.id, other.id)
        .join(
            other,
            and_(
                other.insurer_id == StandardTerms.insurer_id,
                other.product_id == StandardTerms.product_id,
                other.id > StandardTerms.id,
            ),
        )
        .where(
            or_(StandardTerms.valid_to.is_(None), StandardTerms.valid_to >= other.valid_from),
            or_(other.valid_to.is_(None), other.valid_to >= StandardTerms.valid_from),
        )
    )
    for terms_id, other_id in session.execute(wrong):
        yield f"standard terms {terms_id}", f"they are in force at the same time as {other_id}"


@holds("A renewed policy follows another one of its client, and is not older")
def renewed_policies_fit(session: Session) -> Iterator[tuple[str, str]]:
    before = aliased(Policy)
    wrong = (
        select(Policy.id, before.id)
        .join(before, before.id == Policy.renewed_from_id)
        .where(
            or_(
                before.id == Policy.id,
                before.client_id != Policy.client_id,
                before.starts_on >= Policy.starts_on,
            )
        )
    )
    for policy_id, before_id in session.execute(wrong):
        yield f"policy {policy_id}", f"it can't have replaced policy {before_id}"
    over = select(Policy.id).where(
        Policy.status == PolicyStatus.CANCELLED, Policy.renewed_from_id.is_not(None)
    )
    for policy_id in session.scalars(over):
        yield f"policy {policy_id}", "it is cancelled and still keeps another from being renewed"


@holds("The deviations of an offer line add up to its effects on premium and commission")
def deviations_add_up(session: Session) -> Iterator[tuple[str, str]]:
    priced = OfferDeviation.price_percent.is_not(None)
    sums = {
        column: func.sum(part).filter(kind)
        for column, part, kind in (
            (OfferLine.premium_effect, OfferDeviation.premium_effect, ~priced),
            (OfferLine.commission_effect, OfferDeviation.commission_effect, ~priced),
            (OfferLine.other_premium_effect, OfferDeviation.premium_effect, priced),
            (OfferLine.other_commission_effect, OfferDeviation.commission_effect, priced),
        )
    }
    wrong = (
        select(OfferLine.id)
        .outerjoin(OfferDeviation, OfferDeviation.line_id == OfferLine.id)
        .where(OfferLine.other_premium_effect.is_not(None))
        .group_by(OfferLine.id)
        .having(
            or_(
                *(
                    func.abs(func.coalesce(total, 0) - func.coalesce(column, 0)) > 0.004
                    for column, total in sums.items()
                )
            )
        )
    )
    for line_id in session.scalars(wrong):
        yield f"offer line {line_id}", "its deviations and its effects tell different sums"


@holds("A contract and its policy belong to the same client")
def contracts_fit(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(Contract.id)
        .join(Policy, Policy.id == Contract.policy_id)
        .where(Policy.client_id != Contract.client_id)
    )
    for contract_id in session.scalars(wrong):
        yield f"contract {contract_id}", "its policy is another client's"


INVARIANTS = (
    offers_were_approved,
    offers_were_sent_before,
    instalments_add_up,
    renewals_fit,
    recipients_have_cases,
    terms_do_not_overlap,
    renewed_policies_fit,
    deviations_add_up,
    contracts_fit,
)
