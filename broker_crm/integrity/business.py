"""The brokerage's own records: offers, policies, renewals and campaigns keep their promises."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import (
    CampaignRecipient,
    Instalment,
    Offer,
    OfferStatus,
    Policy,
    RenewalStart,
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


INVARIANTS = (offers_were_approved, instalments_add_up, renewals_fit, recipients_have_cases)
