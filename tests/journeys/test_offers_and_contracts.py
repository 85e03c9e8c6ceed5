"""Offers and contracts are records: typed, versioned, compared, never sent unapproved."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from broker_crm import clock
from broker_crm.crm.models import (
    Client,
    Contract,
    Insurer,
    NeedsRecord,
    Offer,
    Policy,
    Quote,
    StandardTerms,
)
from broker_crm.crm.offer_register import approvals
from broker_crm.crm.quotes import answering, days_to_answer, waiting
from broker_crm.definitions.forms import FormRejected
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import NotAllowed
from broker_crm.process.variables import instance_variables
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


def test_every_deviation_is_kept_and_the_approval_rule_sees_the_same_figures(
    brokerage: Any,
) -> None:
    add_policy(brokerage, ends_in=60)
    walk = offer(to_offer(started(brokerage)), 405)
    ((line,),) = [made.lines for made in offers(brokerage)]
    # 10 % of 450 with 20 % commission; payment in two parts is worth 1 % of 450.
    assert [
        (each.kind, each.difference, each.premium_effect, each.commission_effect)
        for each in line.deviations
    ] == [
        ("premium", Decimal(-45), Decimal(45), Decimal(9)),
        ("instalments", Decimal(1), Decimal("4.50"), Decimal("0.90")),
    ]
    assert (line.other_premium_effect, line.other_commission_effect) == (
        Decimal("4.50"),
        Decimal("0.90"),
    )
    with brokerage.factory() as session:
        known = instance_variables(session, walk.id)
        insurer = session.get_one(Insurer, line.insurer_id)
    assert insurer.name == "Gintaras Draudimas"
    found = known["deviation"]
    assert (found["premiumPercent"], found["commissionEffect"]) == (10, 9)
    assert (found["instalmentsDifference"], found["otherPremiumEffect"]) == (1, 4.5)


def test_the_standard_is_that_of_the_client_and_day_of_the_offer_not_of_the_start(
    brokerage: Any,
) -> None:
    add_policy(brokerage, ends_in=60)
    walk = to_offer(started(brokerage))
    with brokerage.factory.begin() as session:
        terms = session.scalars(
            select(StandardTerms)
            .join(Insurer, Insurer.id == StandardTerms.insurer_id)
            .where(StandardTerms.product_id == brokerage.product_id)
            .order_by(StandardTerms.premium_rate)
        ).first()
        today = brokerage.clock.now().date()
        new = StandardTerms(
            **{
                column.key: getattr(terms, column.key)
                for column in StandardTerms.__table__.columns
                if column.key not in ("id", "valid_from", "valid_to", "premium_rate")
            },
            valid_from=today,
            premium_rate=Decimal("0.002"),
        )
        terms.valid_to = today - timedelta(days=1)
        session.flush()
        session.add(new)
        session.get_one(Client, brokerage.client_id).size_band = "large"
        dearest = select(StandardTerms).where(StandardTerms.product_id == new.product_id)
        for other in session.scalars(dearest.where(StandardTerms.valid_to.is_(None))):
            other.premium_rate = max(other.premium_rate, Decimal("0.002"))
    offer(walk, 500)
    ((line,),) = [made.lines for made in offers(brokerage)]
    # 300 000 × 0.002 × 0.95 for a large company; commission 20 − 1, deductible 500 × 2.
    assert (line.standard_premium, line.premium_effect) == (Decimal(570), Decimal(70))
    assert (line.standard_commission_percent, line.standard_deductible) == (19, 1_000)
    assert line.commission_effect == Decimal("8.30")


def test_without_standard_terms_an_offer_is_refused_and_nothing_changes(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = to_offer(started(brokerage))
    with brokerage.factory.begin() as session:
        session.execute(
            update(StandardTerms)
            .where(StandardTerms.product_id == brokerage.product_id)
            .values(valid_to=brokerage.clock.now().date() - timedelta(days=1))
        )
    with pytest.raises(FormRejected) as refused:
        offer(walk)
    assert [error.code for error in refused.value.errors["premium"]] == ["noStandardTerms"]
    assert walk.open == ["offer-preparation"]
    assert offers(brokerage) == []


def test_insurers_who_were_asked_leave_quotes_with_the_time_that_they_took(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60, product="cyber", premium="1300", sum_insured=200_000)
    walk = started(brokerage)
    walk.do("client-changes", changesOutcome="no-changes", sumInsured=200_000, strategy="re-market")
    asked = {task.step for task in walk.tasks().values()}
    assert asked == {"incumbent-terms", "insurer-quote"}
    with brokerage.factory() as session:
        (silent,) = [
            insurer
            for insurer in session.scalars(select(Insurer))
            if [task.step for task in waiting(session, insurer, 5)] == ["incumbent-terms"]
        ]
    walk.wait(days=2)
    walk.do("incumbent-terms", incumbentOutcome="refused", incumbentRefusal="Nebedraudžia")
    figures = {"quotePremium": 1250, "quoteCommission": 18, "quoteDeductible": 2500}
    walk.do("insurer-quote", quoteOutcome="quote", **figures)
    walk.do("insurer-quote", quoteOutcome="no-reply")
    with brokerage.factory() as session:
        found = list(session.scalars(select(Quote).order_by(Quote.id)))
        calendar = company_calendar(session)
        assert waiting(session, silent, 5) == []
    declined, quoted, none = found
    assert (declined.insurer_id, declined.status) == (silent.id, "declined")
    assert declined.decline_reason == "Nebedraudžia"
    assert (quoted.status, quoted.premium, quoted.deductible) == ("quoted", 1250, 2500)
    assert (none.status, none.answered_at, none.premium) == ("no-reply", None, None)
    assert days_to_answer(quoted, calendar) == 2
    told = answering([quoted, none], calendar)
    assert (told.asked, told.quoted, told.silent, told.median_days) == (2, 1, 1, 2)


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


class Ticking:
    """A clock that goes on between two looks at it, as real ones do."""

    def __init__(self, under: Any) -> None:
        self.under = under

    def now(self) -> datetime:
        self.under.advance(timedelta(milliseconds=1))
        return self.under.now()  # type: ignore[no-any-return]


def test_each_version_keeps_its_own_decisions_while_the_clock_goes_on(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = to_offer(started(brokerage))
    with clock.use(Ticking(brokerage.clock)):
        offer(walk, 420)
        walk.do("offer-approval", offerApprovalOutcome="return", approvalComment="Per daug")
        offer(walk, 430).do("offer-approval", offerApprovalOutcome="approve")
    with brokerage.factory() as session:
        first, second = session.scalars(select(Offer).order_by(Offer.version))
        of_first = approvals(session, first, second)
        of_second = approvals(session, second, None)
        assert [task.outcome for task, _event in of_first] == ["return"]
        assert [task.outcome for task, _event in of_second] == ["approve"]
        ((_task, event),) = of_first
        assert event is not None and event.value["approvalComment"] == "Per daug"


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
        assert [each.cover for each in policy.covers] == ["liability"]
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
