"""What a client lacks is found by the tables, offered once, and sold or remembered."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broker_crm.crm import complaints, opportunities
from broker_crm.crm.complaints import Registration
from broker_crm.crm.models import (
    Claim,
    Client,
    ClientStatus,
    DatedLead,
    Endorsement,
    InsuredObject,
    Offer,
    OfferLine,
    Opportunity,
    Policy,
    Product,
    StandardTerms,
)
from broker_crm.process.models import ProcessInstance
from tests.journeys.walk import Walk, add_policy, day


@pytest.fixture
def holder(brokerage: Any) -> int:
    """A client with commercial property, and nothing for damage to others."""
    policy_id = add_policy(brokerage, ends_in=300, product="property", sum_insured=Decimal(100_000))
    with brokerage.factory.begin() as session:
        client = session.get_one(Client, brokerage.client_id)
        client.status, client.sector, client.staff = ClientStatus.ACTIVE, "wholesale", 5
        client.owner = brokerage.owner
    return policy_id


def product_id(brokerage: Any, key: str) -> int:
    with brokerage.factory() as session:
        return session.scalars(select(Product.id).where(Product.key == key)).one()


def offer_line(session: Session, walk: Walk) -> OfferLine:
    """The only line of the case's newest offer."""
    newest = select(Offer).where(Offer.instance_id == walk.id).order_by(Offer.version.desc())
    (line,) = session.scalars(newest.limit(1)).one().lines
    return line


def standard_covers(brokerage: Any, *covers: str) -> None:
    with brokerage.factory.begin() as session:
        session.execute(update(StandardTerms).values(covers=",".join(covers)))


def found(brokerage: Any) -> set[tuple[str, str]]:
    with brokerage.factory.begin() as session:
        opportunities.find(session, session.get_one(Client, brokerage.client_id))
        return set(session.execute(select(Opportunity.kind, Opportunity.rule)))


def case_of(brokerage: Any, process_key: str) -> Walk:
    with brokerage.factory() as session:
        return Walk(
            brokerage,
            session.scalars(
                select(ProcessInstance.id).where(ProcessInstance.process_key == process_key)
            ).one(),
        )


def started(brokerage: Any, process_key: str) -> Walk:
    walk = Walk(brokerage, None)  # type: ignore[arg-type]
    for _sweep in range(5):
        walk.sweep()
    return case_of(brokerage, process_key)


def under_insured(brokerage: Any, policy_id: int) -> None:
    with brokerage.factory.begin() as session:
        warehouse = InsuredObject(
            client_id=brokerage.client_id, kind="building", name="Sandėlis", value=Decimal(150_000)
        )
        session.add(warehouse)
        session.flush()
        session.get_one(Policy, policy_id).object_id = warehouse.id


def test_the_table_sees_the_gap_once(brokerage: Any, holder: int) -> None:
    assert found(brokerage) == {("cross-sell", "property-no-liability")}
    assert len(found(brokerage)) == 1


def test_the_gap_becomes_a_case_of_the_salesperson_by_itself_and_only_one(
    brokerage: Any, holder: int
) -> None:
    walk = started(brokerage, "cross-sell")
    task = walk.tasks()["contact-preparation"]
    assert task.assignee == brokerage.owner
    walk.wait(days=2)
    case_of(brokerage, "cross-sell")


@pytest.mark.parametrize("why", ["do-not-contact", "open-complaint", "refused-claim"])
def test_nothing_is_offered_while_something_forbids_it(
    brokerage: Any, holder: int, why: str
) -> None:
    with brokerage.factory.begin() as session:
        client = session.get_one(Client, brokerage.client_id)
        if why == "do-not-contact":
            client.do_not_contact = True
        elif why == "open-complaint":
            told = Registration(
                date(2026, 11, 23), "phone", client.name, "delay", "Vėluoja", client_id=client.id
            )
            complaints.register(session, told, by="jonas")
        else:
            session.add(
                Claim(
                    client_id=client.id,
                    policy_id=holder,
                    happened_on=date(2026, 11, 1),
                    reported_on=date(2026, 11, 2),
                    refused_on=date(2026, 11, 16),
                )
            )
    walk = Walk(brokerage, None)  # type: ignore[arg-type]
    walk.wait(hours=4)
    with brokerage.factory() as session:
        keys = set(session.scalars(select(ProcessInstance.process_key)))
    assert not keys & {"up-sell", "cross-sell"}
    chosen = {"clientId": brokerage.client_id, "productId": product_id(brokerage, "liability")}
    by_hand = Walk.begin(brokerage, "cross-sell", **chosen)
    assert (by_hand.outcome, by_hand.finished) == ("not-permitted", True)


def test_too_small_a_sum_is_raised_by_an_endorsement(brokerage: Any, holder: int) -> None:
    under_insured(brokerage, holder)
    standard_covers(brokerage, "fire", "water")
    assert ("up-sell", "under-insured") in found(brokerage)
    walk = started(brokerage, "up-sell")
    walk.do("signal-review", reviewOutcome="accept")
    walk.do("upsell-contact", contactOutcome="interested")
    walk.do("needs-record", needsText="Pastatytas priestatas", addedSum=50_000, needsConfirmed=True)
    walk.do("endorsement-price", priceOutcome="priced", extraPremium=60)
    offer = {"sumInsured": 50_000, "premium": 60, "commission": 18, "deductible": 500}
    offer["covers"] = ["fire", "assistance"]
    walk.do("offer-preparation", **offer, offerValidUntil=day(brokerage, 30))
    walk.do("offer-letter", letterLanguage="lt", recipientEmail="info@klientas.example")
    walk.do("offer-call", offerCallOutcome="accepts")
    walk.do("endorsement", effectiveOn=day(brokerage, 3), endorsementPremium=60)
    assert (walk.outcome, walk.finished) == ("endorsed", True)
    with brokerage.factory() as session:
        policy = session.get_one(Policy, holder)
        assert (policy.sum_insured, policy.premium) == (Decimal(150_000), Decimal(510))
        assert session.scalars(select(Endorsement.premium_delta)).all() == [Decimal(60)]
        assert sorted(each.cover for each in policy.covers) == ["assistance", "fire"]
        assert [each.cover for each in offer_line(session, walk).deviations if each.cover] == [
            "assistance"
        ]


def test_a_refusal_is_confirmed_in_writing(brokerage: Any, holder: int) -> None:
    under_insured(brokerage, holder)
    chosen = {"clientId": brokerage.client_id, "productId": product_id(brokerage, "property")}
    walk = Walk.begin(brokerage, "up-sell", **chosen)
    walk.do("signal-review", reviewOutcome="accept")
    walk.do("upsell-contact", contactOutcome="not-interested", reason="price")
    assert (walk.outcome, walk.letters) == ("refused", ["declined-record"])


def test_a_dismissed_signal_is_not_raised_again(brokerage: Any, holder: int) -> None:
    walk = started(brokerage, "cross-sell")
    walk.do("contact-preparation", preparationOutcome="dismiss", dismissReason="covered")
    assert walk.outcome == "dismissed"
    walk.wait(days=2)
    case_of(brokerage, "cross-sell")
    with brokerage.factory() as session:
        assert session.scalars(select(Opportunity.dismissed_reason)).one() == "covered"


def test_a_signal_that_waits_for_a_worker_is_not_sent_again(brokerage: Any, holder: int) -> None:
    found(brokerage)
    sent = []
    for _sweep in range(2):
        with brokerage.factory.begin() as session:
            sent.append(opportunities.send_best(session))
    assert sent == [1, 0]


def test_who_has_it_elsewhere_becomes_a_dated_lead(brokerage: Any, holder: int) -> None:
    walk = started(brokerage, "cross-sell").do("contact-preparation", preparationOutcome="go")
    ends = day(brokerage, 120)
    answer = {"elsewhereInsurer": "Kitas", "elsewhereEndsOn": ends}
    walk.do("cross-contact", contactOutcome="has-elsewhere", **answer)
    assert walk.outcome == "has-it-elsewhere"
    with brokerage.factory() as session:
        lead = session.scalars(select(DatedLead)).one()
        assert (lead.ends_on.isoformat(), lead.insurer_name) == (ends, "Kitas")


def test_not_now_comes_back_on_the_day(brokerage: Any, holder: int) -> None:
    walk = started(brokerage, "cross-sell").do("contact-preparation", preparationOutcome="go")
    walk.do("cross-contact", contactOutcome="not-now", notNowUntil=day(brokerage, 14))
    assert walk.open == []
    walk.wait_for("cross-contact", days=15)


def test_another_product_is_sold_to_the_policy_and_the_onboarding_call(
    brokerage: Any, holder: int
) -> None:
    standard_covers(brokerage, "liability")
    walk = started(brokerage, "cross-sell").do("contact-preparation", preparationOutcome="go")
    walk.do("cross-contact", contactOutcome="interested")
    needs = {"insuredObject": "Prekyba", "sumInsured": 300_000, "claimsInThreeYears": 0}
    confirmed = {"needsPriority": "cover", "needsConfirmedBy": "email", "needsConfirmed": True}
    walk.do("needs-record", **needs, covers=["liability"], **confirmed)
    quote = {"quotePremium": 460, "quoteCommission": 20, "quoteDeductible": 500}
    while walk.open == ["insurer-quote"]:
        walk.do("insurer-quote", quoteOutcome="quote", **quote)
    offer = {"sumInsured": 300_000, "deductible": 500, "premium": 460, "commission": 20}
    more = {"instalments": 2, "offerValidUntil": day(brokerage, 30)}
    covers = ["liability", "interruption"]
    with brokerage.factory() as session:
        chosen = opportunities.other_insurers(session, product_id(brokerage, "liability"), None)
    insurer = chosen[0]["name"]
    walk.do("offer-preparation", chosenInsurer=insurer, covers=covers, **offer, **more)
    walk.do("offer-letter", letterLanguage="lt", recipientEmail="info@klientas.example")
    walk.do("offer-call", offerCallOutcome="accepts")
    contract = {"contractPremium": 460, "contractCommission": 20, "contractDeductible": 500}
    dates = {"contractStart": day(brokerage, 5), "contractEnd": day(brokerage, 369)}
    walk.do(
        "contract-preparation",
        contractNumber="S-77",
        contractInstalments=2,
        **contract,
        **dates,
    )
    walk.do("contract-approval", contractApprovalOutcome="approve")
    walk.do("contract-letter", letterLanguage="lt", recipientEmail="info@klientas.example")
    signed = {"signedOn": day(brokerage, 0), "signatureMethod": "smart-id"}
    walk.do("signing", signingOutcome="signed", policyNumber="CA-1", **signed)
    with brokerage.factory() as session:
        policy = session.scalars(select(Policy).where(Policy.number == "CA-1")).one()
        assert (policy.premium, policy.instance_id) == (Decimal(460), walk.id)
        assert policy.ends_on - policy.starts_on == timedelta(days=364)
        assert {each.cover for each in policy.covers} == set(covers)
        extra = [each.cover for each in offer_line(session, walk).deviations if each.cover]
        assert extra == ["interruption"]
    walk.wait_for("onboarding-call", days=35).do("onboarding-call", satisfied="yes")
    assert (walk.outcome, walk.finished) == ("bought", True)
