"""A policy that nears its end is renewed, in time, once, along every way that is drawn."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update

from broker_crm.crm.cases import CaseRejected
from broker_crm.crm.models import (
    DatedLead,
    Instalment,
    OfferLine,
    Policy,
    PolicyCover,
    Product,
    RenewalStart,
    StandardTerms,
)
from broker_crm.definitions.forms import FormRejected
from broker_crm.process.models import ProcessInstance
from tests.journeys.walk import Walk, a_client, add_policy, day


def renewals(brokerage: Any) -> list[Walk]:
    with brokerage.factory() as session:
        statement = select(RenewalStart.instance_id).order_by(RenewalStart.policy_id)
        return [Walk(brokerage, found) for found in session.scalars(statement)]


def started(brokerage: Any) -> Walk:
    Walk(brokerage, None).sweep()  # type: ignore[arg-type]
    (walk,) = renewals(brokerage)
    return walk


def to_offer(walk: Walk, **changes: Any) -> Walk:
    values = {"changesOutcome": "no-changes", "sumInsured": 300_000, "strategy": "incumbent-only"}
    walk.do("client-changes", **{**values, **changes})
    return walk.do(
        "incumbent-terms",
        incumbentOutcome="terms",
        incumbentPremium=450,
        incumbentCommission=20,
        incumbentDeductible=500,
    )


def offer(
    walk: Walk, premium: float = 450, insurer: str = "Gintaras Draudimas", **changes: Any
) -> Walk:
    below = {"deviationReason": "Ilgametis klientas"} if premium < 450 else {}
    covers = changes.pop("covers", ["liability"])
    return walk.do(
        "offer-preparation",
        chosenInsurer=insurer,
        sumInsured=300_000,
        deductible=500,
        covers=covers,
        premium=premium,
        commission=20,
        instalments=2,
        recommendation="Siūlome likti pas tą patį draudiką.",
        **below,
        **changes,
    )


def letter(walk: Walk) -> Walk:
    return walk.do("renewal-letter", letterLanguage="lt", recipientEmail="info@klientas.example")


def to_policy(walk: Walk, **changes: Any) -> Walk:
    values = {
        "policyCheckOutcome": "match",
        "newPolicyNumber": "NAU-1",
        "newPolicyStart": day(walk.brokerage, 61),
        "newPolicyEnd": day(walk.brokerage, 425),
        "newPolicyPremium": 450,
        "objectChecked": True,
        "endorsementsKept": True,
        "termsChecked": True,
    }
    return walk.do("policy-check", **{**values, **changes})


def test_the_end_of_a_policy_starts_its_renewal_once_and_leads_to_a_paid_policy(
    brokerage: Any,
) -> None:
    policy_id = add_policy(brokerage, ends_in=60)
    walk = started(brokerage)
    walk.sweep()
    assert len(renewals(brokerage)) == 1
    assert walk.open == ["client-changes"]
    offer(to_offer(walk))
    letter(walk).do("renewal-call", renewalCallOutcome="accepts")
    to_policy(walk)
    walk.do("policy-letter", letterLanguage="lt", recipientEmail="info@klientas.example")
    walk.do("payment-watch", paymentOutcome="paid", paidOn=day(brokerage, 0), paidAmount=225)
    assert (walk.outcome, walk.finished) == ("renewed-same-insurer", True)
    assert walk.letters == ["renewal-offer", "policy"]
    assert [point for point in walk.measures if point != "expiry-reached"] == [
        "strategy-decided",
        "offer-prepared",
        "offer-approved",
        "offer-sent",
        "accepted",
        "policy-issued",
        "renewed-same-insurer",
    ]
    with brokerage.factory() as session:
        new = session.scalars(select(Policy).where(Policy.renewed_from_id == policy_id)).one()
        parts = session.scalars(
            select(Instalment.amount).where(Instalment.policy_id == new.id)
        ).all()
        assert (new.number, new.sales_type, list(parts)) == ("NAU-1", "renewal", [225, 225])
    walk.wait(days=1)
    assert len(renewals(brokerage)) == 1


@pytest.mark.parametrize(
    ("product", "kind", "premium", "days"),
    [
        ("mtpl", "natural", "100", 30),
        ("mtpl", "legal", "100", 45),
        ("liability", "legal", "450", 60),
        ("cyber", "legal", "1300", 90),
        ("cyber", "legal", "12000", 120),
    ],
)
def test_lead_time_follows_the_table(
    brokerage: Any, product: str, kind: str, premium: str, days: int
) -> None:
    client = a_client(brokerage, kind=kind, do_not_contact=False)
    early = {"product": product, "client_id": client, "premium": premium}
    add_policy(brokerage, ends_in=days + 1, number="RYTOJ", **early)
    walk = Walk(brokerage, None)  # type: ignore[arg-type]
    walk.sweep()
    assert renewals(brokerage) == []
    walk.wait(days=1)
    assert len(renewals(brokerage)) == 1


def test_vip_renewal_with_a_discount_above_the_limit_needs_both_managers(brokerage: Any) -> None:
    client = a_client(brokerage, kind="legal", vip=True, size_band="small", do_not_contact=False)
    add_policy(brokerage, ends_in=60, client_id=client)
    walk = offer(to_offer(started(brokerage)), 390)
    walk.do("offer-approval", offerApprovalOutcome="return", approvalComment="Per daug")
    offer(walk, 395)
    walk.do("offer-approval", offerApprovalOutcome="approve")
    assert walk.open == ["offer-approval-sales"]
    walk.do("offer-approval-sales", offerSalesApprovalOutcome="approve")
    assert walk.open == ["renewal-letter"]


def test_other_insurers_are_asked_and_only_those_who_quoted_can_be_chosen(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60, product="cyber", premium="1300", sum_insured=200_000)
    walk = started(brokerage)
    walk.do("client-changes", changesOutcome="no-changes", sumInsured=200_000, strategy="re-market")
    assert walk.open == ["incumbent-terms", "insurer-quote"]
    walk.do("incumbent-terms", incumbentOutcome="refused", incumbentRefusal="Nebedraudžia")
    walk.do(
        "insurer-quote",
        quoteOutcome="quote",
        quotePremium=1250,
        quoteCommission=18,
        quoteDeductible=2500,
    )
    assert walk.open == ["insurer-quote"]
    walk.do("insurer-quote", quoteOutcome="no-reply")
    with pytest.raises(FormRejected):
        offer(walk, 1250, insurer="Neris Insurance")
    assert walk.open == ["offer-preparation"]


def test_another_strategy_than_the_table_s_needs_a_reason(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = started(brokerage)
    with pytest.raises(FormRejected) as refused:
        to_offer(walk, strategy="re-market")
    assert list(refused.value.errors) == ["strategyReason"]


def test_nobody_offers_ends_as_declined(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = started(brokerage)
    walk.do(
        "client-changes",
        changesOutcome="no-changes",
        sumInsured=300_000,
        strategy="incumbent-only",
    )
    walk.do("incumbent-terms", incumbentOutcome="refused", incumbentRefusal="Nebedraudžia")
    assert (walk.outcome, walk.finished) == ("declined-by-insurer", True)


@pytest.mark.parametrize("known", [True, False])
def test_a_client_lost_to_a_competitor_is_a_dated_lead_where_the_end_is_known(
    brokerage: Any, known: bool
) -> None:
    add_policy(brokerage, ends_in=60)
    walk = letter(offer(to_offer(started(brokerage))))
    until = {"competitorEndsOn": day(brokerage, 425)} if known else {}
    lost = {"renewalCallOutcome": "refuses", "reason": "competitor", "competitor": "Kitas"}
    walk.do("renewal-call", **lost, **until)
    assert (walk.outcome, walk.finished) == ("lost-to-competitor", True)
    with brokerage.factory() as session:
        leads = list(session.scalars(select(DatedLead.insurer_name)))
    assert leads == (["Kitas"] if known else [])


def test_a_client_who_does_not_answer_is_chased_and_then_offered_unchanged(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = started(brokerage)
    for _time in range(3):
        walk.do("client-changes", changesOutcome="no-answer").wait_for("client-changes", 12)
    walk.do("client-changes", changesOutcome="no-answer")
    assert walk.open == ["incumbent-terms"]
    assert walk.letters == ["renewal-changes"] * 3


def test_the_end_without_a_new_policy_raises_the_alarm_the_same_morning(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=20)
    walk = started(brokerage)
    walk.wait(days=22)
    assert "uncovered-client" in walk.open
    assert {"manager", "kestutis", brokerage.owner} <= walk.told("alert")
    walk.do("uncovered-client", uncoveredOutcome="told", notes="Paskambinta")
    walk.do("client-changes", changesOutcome="will-leave", reason="competitor")
    assert (walk.outcome, walk.finished) == ("lost-to-competitor", True)


def test_an_unpaid_policy_is_cancelled_and_may_be_renewed_again(brokerage: Any) -> None:
    policy_id = add_policy(brokerage, ends_in=60)
    walk = offer(to_offer(started(brokerage)))
    letter(walk).do("renewal-call", renewalCallOutcome="accepts")
    to_policy(walk)
    walk.do("policy-letter", letterLanguage="lt", recipientEmail="info@klientas.example")
    walk.do("payment-watch", paymentOutcome="unpaid")
    walk.do("payment-call", paymentCallOutcome="cancels")
    assert walk.outcome == "lapsed"
    with brokerage.factory() as session:
        count = select(func.count()).where(Policy.renewed_from_id == policy_id)
        assert session.scalar(count) == 0


@pytest.mark.parametrize(
    ("field", "value"), [("newPolicyEnd", "2026-12-01"), ("newPolicyNumber", "SEN-1")]
)
def test_a_policy_with_wrong_days_or_a_taken_number_is_refused_by_field(
    brokerage: Any, field: str, value: str
) -> None:
    add_policy(brokerage, ends_in=60)
    walk = offer(to_offer(started(brokerage)))
    letter(walk).do("renewal-call", renewalCallOutcome="accepts")
    with pytest.raises(FormRejected) as refused:
        to_policy(walk, **{field: value})
    assert list(refused.value.errors) == [field]
    assert walk.open == ["policy-check"]


def test_a_mismatching_policy_goes_back_to_the_insurer(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    walk = offer(to_offer(started(brokerage)))
    letter(walk).do("renewal-call", renewalCallOutcome="accepts")
    walk.do("policy-check", policyCheckOutcome="mismatch", mismatchText="Kita išskaita")
    assert walk.open == []
    walk.wait_for("policy-check", days=4)


def test_without_a_policy_no_renewal_starts_by_hand_and_a_second_one_neither(
    brokerage: Any,
) -> None:
    with brokerage.factory() as session:
        product = session.scalars(select(Product).where(Product.key == "liability")).one().id
    chosen = {"clientId": brokerage.client_id, "productId": product}
    with pytest.raises(CaseRejected):
        Walk.begin(brokerage, "renewal", **chosen)
    add_policy(brokerage, ends_in=200)
    Walk.begin(brokerage, "renewal", **chosen)
    with pytest.raises(CaseRejected):
        Walk.begin(brokerage, "renewal", **chosen)
    with brokerage.factory() as session:
        assert session.scalar(select(func.count()).select_from(ProcessInstance)) == 1


def test_covers_of_the_policy_are_proposed_and_those_offered_are_compared_and_issued(
    brokerage: Any,
) -> None:
    policy_id = add_policy(brokerage, ends_in=60)
    with brokerage.factory.begin() as session:
        session.add(PolicyCover(policy_id=policy_id, cover="liability"))
        session.execute(update(StandardTerms).values(covers="liability"))
    walk = to_offer(started(brokerage))
    proposed = walk.tasks()["offer-preparation"].local_variables
    assert proposed["covers"] == ["liability"]
    offer(walk, 450, covers=["liability", "assistance"])
    with brokerage.factory() as session:
        (line,) = session.scalars(select(OfferLine))
        assert (line.cover, line.extra_covers) == ("liability, assistance", "assistance")
        (extra,) = [each for each in line.deviations if each.kind == "extra-cover"]
        assert (extra.cover, extra.premium_effect) == ("assistance", Decimal("6.75"))
    letter(walk).do("renewal-call", renewalCallOutcome="accepts")
    to_policy(walk)
    with brokerage.factory() as session:
        issued = session.scalars(select(Policy).where(Policy.number == "NAU-1")).one()
        assert [each.cover for each in issued.covers] == ["liability", "assistance"]


def test_an_offer_without_covers_is_refused(brokerage: Any) -> None:
    add_policy(brokerage, ends_in=60)
    with pytest.raises(FormRejected) as refused:
        offer(to_offer(started(brokerage)), covers=[])
    assert set(refused.value.errors) == {"covers"}
