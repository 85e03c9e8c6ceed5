"""Offers and contracts are records: typed, versioned, compared, never sent unapproved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from broker_crm.crm.models import Contract, NeedsRecord, Offer, Policy
from broker_crm.process.errors import NotAllowed
from tests.journeys.test_renewal import letter, offer, started, to_offer, to_policy
from tests.journeys.walk import Walk, add_policy, day


def offers(brokerage: Any) -> list[Offer]:
    with brokerage.factory() as session:
        return list(session.scalars(select(Offer).order_by(Offer.version)))


def test_an_offer_line_keeps_its_deviation_and_what_it_costs(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    offer(to_offer(started(brokerage)), 405)
    (made,) = offers(brokerage)
    (line,) = made.lines
    assert (line.premium, line.standard_premium) == (Decimal(405), Decimal(450))
    assert line.premium_deviation_percent == Decimal(10)
    assert (line.premium_effect, line.commission_effect) == (Decimal(45), Decimal(9))
    assert (line.commission_percent, line.standard_commission_percent) == (20, 20)
    assert (made.version, made.status) == (1, "draft")


def test_a_returned_offer_becomes_a_new_version_that_replaces_the_first(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = offer(to_offer(started(brokerage)), 420)
    walk.do("offer-approval", offerApprovalOutcome="return", approvalComment="Per daug")
    offer(walk, 430).do("offer-approval", offerApprovalOutcome="approve")
    letter(walk)
    first, second = offers(brokerage)
    assert (first.status, second.status) == ("replaced", "sent")
    assert (second.approved_by, second.approval_level) == ("product", "product-manager")
    walk.do("renewal-call", renewalCallOutcome="accepts")
    assert offers(brokerage)[1].status == "accepted"


def test_an_unapproved_offer_is_not_sent_whatever_the_diagram_says(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = offer(to_offer(started(brokerage)), 430)
    walk.do("offer-approval", offerApprovalOutcome="approve")
    with brokerage.factory.begin() as session:
        session.execute(update(Offer).values(approved_by=None, approved_at=None))
    with pytest.raises(NotAllowed):
        letter(walk)
    assert walk.letters == []
    assert walk.open == ["renewal-letter"]


def test_a_refused_offer_says_so(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = letter(offer(to_offer(started(brokerage))))
    walk.do("renewal-call", renewalCallOutcome="refuses", reason="price")
    (made,) = offers(brokerage)
    assert made.status == "refused"
    assert made.decided_at is not None


def test_a_contract_names_its_differences_from_the_accepted_offer(brokerage: Any) -> None:
    chosen = {"clientId": brokerage.client_id, "productId": brokerage.product_id}
    walk = Walk.begin(brokerage, "new-client-sale", **chosen)
    address = {"letterLanguage": "lt", "recipientEmail": "info@klientas.example"}
    walk.do("intro-letter", introLetterOutcome="send", **address)
    walk.do("first-call", firstCallOutcome="interested")
    walk.do("plan-meeting", meetingAt="2026-11-24T10:00", meetingPlace="office")
    met = {"sumInsured": 300_000, "covers": ["liability"], "deductible": 500}
    walk.do("meeting", meetingOutcome="interested-further", reaction="positive", **met)
    needs = {"insuredObject": "Prekyba", "sumInsured": 300_000, "claimsInThreeYears": 0}
    confirmed = {"needsPriority": "cover", "needsConfirmedBy": "email", "needsConfirmed": True}
    walk.do("needs-record", **needs, covers=["liability"], **confirmed)
    terms = {"premium": 450, "commission": 20, "deductible": 500, "instalments": 1}
    until = {"offerValidUntil": day(brokerage, 30)}
    walk.do("offer-preparation", sumInsured=300_000, covers=["liability"], **terms, **until)
    walk.do("offer-letter", **address)
    walk.do("offer-call", offerCallOutcome="accepts")
    walk.do(
        "contract-preparation",
        contractNumber="S-1",
        contractStart=day(brokerage, 5),
        contractEnd=day(brokerage, 369),
        contractPremium=440,
        contractCommission=20,
        contractDeductible=500,
        contractInstalments=2,
        contractDifferenceReason="Sutarta telefonu",
    )
    walk.do("contract-approval", contractApprovalOutcome="approve")
    walk.do("contract-letter", **address)
    signed = {"signedOn": day(brokerage, 0), "signatureMethod": "smart-id"}
    walk.do("signing", signingOutcome="signed", policyNumber="CA-7", **signed)
    with brokerage.factory() as session:
        contract = session.scalars(select(Contract)).one()
        policy = session.scalars(select(Policy)).one()
        needed = session.scalars(select(NeedsRecord)).one()
    assert contract.differences == {"premium": ["450.00", "440.00"], "instalments": ["1", "2"]}
    assert (contract.status, contract.policy_id, policy.number) == ("signed", policy.id, "CA-7")
    assert contract.signing_method == "smart-id"
    assert (needed.answers["insuredObject"], needed.confirmed_how) == ("Prekyba", "email")


def test_a_renewal_makes_no_contract_of_its_own(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = letter(offer(to_offer(started(brokerage)))).do(
        "renewal-call", renewalCallOutcome="accepts"
    )
    to_policy(walk)
    with brokerage.factory() as session:
        assert session.scalars(select(Contract)).all() == []
