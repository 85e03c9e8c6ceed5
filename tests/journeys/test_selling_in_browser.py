"""Renewal, up-sell, cross-sell and hard sales in the browser, by the people who do them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from broker_crm.crm import permissions
from broker_crm.crm.models import (
    Client,
    ClientStatus,
    Consent,
    DatedLead,
    Endorsement,
    InsuredObject,
    Policy,
    Product,
    RenewalStart,
)
from broker_crm.crm.renewals import other_insurers
from broker_crm.process.models import ProcessInstance

from .people_at_work import Person, served
from .walk import Walk, add_policy, day

EMAIL = "info@klientas.example"
LETTER = {"letterLanguage": "lt", "recipientEmail": EMAIL}
OFFER = {"sumInsured": 300_000, "deductible": 500, "commission": 20, "instalments": 1}
NEEDS = {
    "insuredObject": "Veikla",
    "sumInsured": 300_000,
    "claimsInThreeYears": 0,
    "covers": ["liability"],
    "needsPriority": "cover",
    "needsConfirmedBy": "email",
    "needsConfirmed": True,
}
CHECKED = {"objectChecked": True, "endorsementsKept": True, "termsChecked": True}


@pytest.fixture
def furnished_url(furnished_sqlite_url: str) -> str:
    return furnished_sqlite_url


class Office:
    """People of one brokerage who work on one case."""

    def __init__(self, browser: Any, address: str, brokerage: Any) -> None:
        self._browser, self._address, self.brokerage = browser, address, brokerage
        self._people: dict[str, Person] = {}

    def person(self, login: str) -> Person:
        if login not in self._people:
            self._people[login] = Person(self._browser, self._address, login)
        return self._people[login]

    def do(self, login: str, step: str, form: str, scope: str = "mine", **values: Any) -> Person:
        """Open the step, fill in its form, complete it."""
        person = self.person(login)
        person.open_task(step, scope)
        person.answer(form, **values)
        person.complete()
        return person

    def seller(self, step: str, form: str, **values: Any) -> Person:
        return self.do(self.brokerage.owner, step, form, **values)

    def assistant(self, step: str, form: str, **values: Any) -> Person:
        return self.do("asta", step, form, "group", **values)

    def leave(self) -> None:
        for person in self._people.values():
            assert person.complaints == []
            person.leave()


@contextmanager
def office(browser: Any, brokerage: Any) -> Iterator[Office]:
    with served(brokerage.app) as address:
        people = Office(browser, address, brokerage)
        yield people
        people.leave()


def of_client(brokerage: Any, **changes: Any) -> None:
    with brokerage.factory.begin() as session:
        client = session.get_one(Client, brokerage.client_id)
        client.owner = brokerage.owner
        for name, value in changes.items():
            setattr(client, name, value)


def product_id(brokerage: Any, key: str) -> int:
    with brokerage.factory() as session:
        return session.scalars(select(Product.id).where(Product.key == key)).one()


def renewal(brokerage: Any) -> Walk:
    """The renewal that the worker starts by itself."""
    Walk(brokerage, None).sweep()  # type: ignore[arg-type]
    with brokerage.factory() as session:
        return Walk(brokerage, session.scalars(select(RenewalStart.instance_id)).one())


def by_signal(brokerage: Any, process_key: str) -> Walk:
    """The case that a signal starts by itself."""
    for _sweep in range(5):
        Walk(brokerage, None).sweep()  # type: ignore[arg-type]
    with brokerage.factory() as session:
        found = select(ProcessInstance.id).where(ProcessInstance.process_key == process_key)
        return Walk(brokerage, session.scalars(found).one())


def to_recommendation(people: Office, **changes: Any) -> None:
    same = {"changesOutcome": "no-changes", "sumInsured": 300_000, "strategy": "incumbent-only"}
    people.seller("Kas pasikeitė? Klausti kliento", "client-changes", **{**same, **changes})
    people.assistant(
        "Dabartinio draudiko sąlygos",
        "incumbent-terms",
        incumbentOutcome="terms",
        incumbentPremium=450,
        incumbentCommission=20,
        incumbentDeductible=500,
    )


def recommend(people: Office, premium: float, **more: Any) -> None:
    people.seller(
        "Palyginti ir rekomenduoti",
        "renewal-offer",
        **{
            "chosenInsurer": "Gintaras Draudimas",
            **OFFER,
            "covers": ["liability"],
            "premium": premium,
            "recommendation": "Siūlome likti.",
            **more,
        },
    )


def new_policy(brokerage: Any, number: str, ends_in: int) -> dict[str, Any]:
    return {
        "policyCheckOutcome": "match",
        "newPolicyNumber": number,
        "newPolicyStart": day(brokerage, ends_in + 1),
        "newPolicyEnd": day(brokerage, ends_in + 365),
        "newPolicyPremium": 450,
        **CHECKED,
    }


def test_a_renewal_to_the_paid_policy(brokerage: Any, browser: Any) -> None:
    add_policy(brokerage, ends_in=60)
    of_client(brokerage)
    walk = renewal(brokerage)
    with office(browser, brokerage) as people:
        to_recommendation(people)
        recommend(people, 450)
        people.seller("Siųsti pratęsimo pasiūlymą", "renewal-letter", **LETTER)
        seller = people.person(brokerage.owner)
        seller.open_task("Skambutis dėl pratęsimo")
        expect(seller.page.get_by_text("Gintaras Draudimas").first).to_be_attached()
        seller.answer("renewal-call", renewalCallOutcome="accepts")
        seller.complete()
        step = "Užsakyti polisą ir sutikrinti su pasiūlymu"
        people.assistant(step, "policy-check", **new_policy(brokerage, "NAU-1", 60))
        people.assistant("Siųsti polisą ir sąskaitą", "policy-letter", **LETTER)
        paid = {"paymentOutcome": "paid", "paidOn": day(brokerage, 0), "paidAmount": 450}
        people.assistant("Ar įmoka sumokėta?", "payment-watch", **paid)
    assert (walk.outcome, walk.finished) == ("renewed-same-insurer", True)
    assert sorted(walk.letters) == ["policy", "renewal-offer"]
    assert {"accepted", "policy-issued", "renewed-same-insurer"} <= set(walk.measures)


def test_a_vip_renewal_above_the_limit_is_returned_and_approved_twice(
    brokerage: Any, browser: Any
) -> None:
    add_policy(brokerage, ends_in=60)
    of_client(brokerage, vip=True)
    walk = renewal(brokerage)
    assert walk.tasks()["client-changes"].standard_working_days == 3, "half of five, rounded up"
    with office(browser, brokerage) as people:
        to_recommendation(people)
        recommend(people, 380, deviationReason="Ilgametis klientas")
        returned = {"offerApprovalOutcome": "return", "approvalComment": "Per didelė nuolaida."}
        people.do("product", "Pasiūlymo tvirtinimas", "approve-offer", **returned)
        seller = people.person(brokerage.owner)
        seller.open_task("Palyginti ir rekomenduoti")
        expect(seller.page.locator("#returned")).to_contain_text("Per didelė nuolaida.")
        seller.answer("renewal-offer", premium=390)
        seller.complete()
        approves = {"offerApprovalOutcome": "approve"}
        people.do("product", "Pasiūlymo tvirtinimas", "approve-offer", **approves)
        assert walk.open == ["offer-approval-sales"]
        step, form = "Pasiūlymo tvirtinimas: nuolaida", "approve-offer-sales"
        people.do("manager", step, form, "group", offerSalesApprovalOutcome="approve")
        people.seller("Siųsti pratęsimo pasiūlymą", "renewal-letter", **LETTER)
    assert walk.letters == ["renewal-offer"]
    assert walk.measures.count("offer-prepared") == 2


def test_a_renewal_with_a_mismatch_a_debt_and_then_the_object_sold(
    brokerage: Any, browser: Any
) -> None:
    add_policy(brokerage, ends_in=60, product="cyber", premium="1300", sum_insured=200_000)
    of_client(brokerage)
    walk = renewal(brokerage)
    with office(browser, brokerage) as people:
        to_recommendation(people, sumInsured=200_000, strategy="re-market")
        assistant = people.person("asta")
        assistant.visit("/?scope=group")
        quotes = assistant.page.get_by_role("link", name="Kito draudiko pasiūlymas", exact=True)
        expect(quotes).to_have_count(2)
        quotes.first.click()
        assistant.ready()
        no = {"quoteOutcome": "declined", "declineReason": "Per didelė rizika"}
        assistant.answer("insurer-quote", **no)
        assistant.complete()
        walk.wait_for("offer-preparation", days=20)
        recommend(people, 1300, sumInsured=200_000, deductible=2_500)
        approves = {"offerApprovalOutcome": "approve"}
        people.do("product", "Pasiūlymo tvirtinimas", "approve-offer", **approves)
        people.seller("Siųsti pratęsimo pasiūlymą", "renewal-letter", **LETTER)
        people.seller("Skambutis dėl pratęsimo", "renewal-call", renewalCallOutcome="accepts")
        step, wrong = (
            "Užsakyti polisą ir sutikrinti su pasiūlymu",
            {"mismatchText": "Kita išskaita"},
        )
        people.assistant(step, "policy-check", policyCheckOutcome="mismatch", **wrong)
        walk.wait_for("policy-check", days=4)
        people.assistant(step, "policy-check", **new_policy(brokerage, "NAU-2", 45))
        people.assistant("Siųsti polisą ir sąskaitą", "policy-letter", **LETTER)
        walk.wait_for("payment-call", days=90)
        assert walk.letters.count("premium-reminder") == 2
        assert walk.letters.count("premium-due") == 3
        seller = people.person(brokerage.owner)
        seller.visit(f"/instances/{walk.id}")
        seller.page.get_by_text("Kažkas nutiko").click()
        seller.page.get_by_role("button", name="Objektas parduotas ar rizikos nebėra").click()
        expect(seller.page.locator("#status")).to_contain_text("Baigt")
    assert (walk.outcome, walk.finished) == ("risk-ceased", True)


@pytest.fixture
def holder(brokerage: Any) -> int:
    """A client with a warehouse insured for less than it is worth, and no liability cover."""
    policy_id = add_policy(brokerage, ends_in=300, product="property", sum_insured=Decimal(100_000))
    of_client(brokerage, status=ClientStatus.ACTIVE, sector="wholesale", staff=5)
    return policy_id


def under_insured(brokerage: Any, policy_id: int) -> None:
    with brokerage.factory.begin() as session:
        value = Decimal(150_000)
        warehouse = InsuredObject(
            client_id=brokerage.client_id, kind="building", name="Sandėlis", value=value
        )
        session.add(warehouse)
        session.flush()
        session.get_one(Policy, policy_id).object_id = warehouse.id


def test_a_policy_is_extended(brokerage: Any, browser: Any, holder: int) -> None:
    under_insured(brokerage, holder)
    walk = by_signal(brokerage, "up-sell")
    with office(browser, brokerage) as people:
        people.seller("Peržiūrėti galimybę", "signal-review", reviewOutcome="accept")
        people.seller("Skambutis su įrodymu", "upsell-contact", contactOutcome="interested")
        needs = {"needsText": "Priestatas", "addedSum": 50_000, "needsConfirmed": True}
        people.seller("Poreikių patikslinimas", "needs-update", **needs)
        priced = {"priceOutcome": "priced", "extraPremium": 60}
        people.assistant("Pakeitimo kaina iš draudiko", "endorsement-price", **priced)
        until = day(brokerage, 30)
        people.seller("Išplėtimo pasiūlymas", "upsell-offer", offerValidUntil=until)
        people.seller("Siųsti išplėtimo pasiūlymą", "upsell-letter", **LETTER)
        people.seller("Skambutis dėl pasiūlymo", "upsell-call", offerCallOutcome="accepts")
        people.assistant("Įforminti poliso pakeitimą", "endorsement", effectiveOn=day(brokerage, 3))
    assert (walk.outcome, walk.finished) == ("endorsed", True)
    assert walk.measures.count("endorsed") == 1
    with brokerage.factory() as session:
        assert session.scalars(select(Endorsement.premium_delta)).all() == [Decimal(60)]


def test_an_extension_refused_is_confirmed_in_writing_and_one_put_off_comes_back(
    brokerage: Any, browser: Any, holder: int
) -> None:
    chosen = {"clientId": brokerage.client_id, "productId": product_id(brokerage, "property")}
    refused = Walk.begin(brokerage, "up-sell", **chosen)
    with office(browser, brokerage) as people:
        people.seller("Peržiūrėti galimybę", "signal-review", reviewOutcome="accept")
        no = {"contactOutcome": "not-interested", "reason": "price"}
        people.seller("Skambutis su įrodymu", "upsell-contact", **no)
        assert (refused.outcome, refused.letters) == ("refused", ["declined-record"])
        put_off = Walk.begin(brokerage, "up-sell", **chosen)
        people.seller("Peržiūrėti galimybę", "signal-review", reviewOutcome="accept")
        people.seller("Skambutis su įrodymu", "upsell-contact", contactOutcome="postpone")
        assert put_off.outcome == "postponed-to-renewal"
        Walk.begin(brokerage, "renewal", **chosen)
        seller = people.person(brokerage.owner)
        seller.open_task("Kas pasikeitė? Klausti kliento")
        expect(seller.page.get_by_text("Atidėta iki pratęsimo")).to_be_visible()


def test_another_product_is_sold(brokerage: Any, browser: Any, holder: int) -> None:
    walk = by_signal(brokerage, "cross-sell")
    with brokerage.factory() as session:
        insurers = other_insurers(session, product_id(brokerage, "liability"), None)
    with office(browser, brokerage) as people:
        people.seller("Pasirengti pokalbiui", "contact-preparation", preparationOutcome="go")
        people.seller("Skambutis dėl kito produkto", "cross-contact", contactOutcome="interested")
        people.seller("Poreikių nustatymas naujam produktui", "needs-record", **NEEDS)
        quote = {"quotePremium": 460, "quoteCommission": 20, "quoteDeductible": 500}
        person = people.person("asta")
        for _insurer in insurers:
            person.visit("/?scope=group")
            person.page.get_by_role("link", name="Draudiko pasiūlymas", exact=True).first.click()
            person.ready()
            person.answer("insurer-quote", quoteOutcome="quote", **quote)
            person.complete()
        people.seller(
            "Pasiūlymo ruošimas",
            "cross-offer",
            chosenInsurer=insurers[0]["name"],
            **OFFER,
            premium=460,
            offerValidUntil=day(brokerage, 30),
        )
        people.seller("Siųsti pasiūlymą", "offer-letter", **LETTER)
        people.seller("Skambutis dėl pasiūlymo", "cross-call", offerCallOutcome="accepts")
        dates = {"contractStart": day(brokerage, 5), "contractEnd": day(brokerage, 369)}
        people.seller("Sutarties ruošimas", "prepare-contract", contractNumber="S-77", **dates)
        approves = {"contractApprovalOutcome": "approve"}
        people.do("product", "Sutarties tvirtinimas", "approve-contract", **approves)
        people.seller("Siųsti sutartį", "contract-letter", **LETTER)
        signed = {"signedOn": day(brokerage, 0), "signatureMethod": "smart-id"}
        people.seller("Sutarties pasirašymas", "signing", signingOutcome="signed", **signed)
        walk.wait_for("onboarding-call", days=35)
        step = "Ar viskas gerai? Skambutis naujam draudėjui"
        people.seller(step, "onboarding-call", satisfied="yes")
    assert (walk.outcome, walk.finished) == ("bought", True)
    assert sorted(walk.letters) == ["contract", "cross-offer", "policy-issued"]


def test_what_a_client_has_elsewhere_comes_back_and_a_withdrawn_consent_ends_it(
    brokerage: Any, browser: Any, holder: int
) -> None:
    walk = by_signal(brokerage, "cross-sell")
    with office(browser, brokerage) as people:
        people.seller("Pasirengti pokalbiui", "contact-preparation", preparationOutcome="go")
        has = {"elsewhereInsurer": "Kitas", "elsewhereEndsOn": day(brokerage, 50)}
        step, form = "Skambutis dėl kito produkto", "cross-contact"
        people.seller(step, form, contactOutcome="has-elsewhere", **has)
        assert walk.outcome == "has-it-elsewhere"
        walk.wait(hours=12).wait(hours=12)
        with brokerage.factory() as session:
            lead = session.scalars(select(DatedLead)).one()
        assert lead.taken_up_by is not None and lead.taken_up_by != walk.id
        again = Walk(brokerage, lead.taken_up_by)
        seller = people.person(brokerage.owner)
        seller.open_task("Pasirengti pokalbiui")
        expect(seller.page.get_by_text("Kitur sudaryta sutartis baigiasi")).to_be_visible()
        with brokerage.factory.begin() as session:
            permissions.withdraw(session, session.get_one(Client, brokerage.client_id))
        again.sweep()
        assert (again.outcome, again.finished) == ("do-not-contact", True)
        assert "consent-withdrawn" in again.measures
        seller.visit("/?scope=mine")
        expect(seller.page.get_by_role("link", name="Pasirengti pokalbiui")).to_have_count(0)


def sale(brokerage: Any, **changes: Any) -> Walk:
    of_client(brokerage, **changes)
    with brokerage.factory.begin() as session:
        client = session.get_one(Client, brokerage.client_id)
        if not permissions.may_send_marketing(session, client):
            session.add(
                Consent(
                    client_id=client.id,
                    purpose="marketing",
                    channel="any",
                    given_at=brokerage.clock.now(),
                    evidence="Anketa",
                )
            )
    chosen = {"clientId": brokerage.client_id, "productId": brokerage.product_id}
    walk = Walk.begin(brokerage, "new-client-sale", **chosen)
    walk.do("intro-letter", introLetterOutcome="send", **LETTER)
    return walk.do("first-call", firstCallOutcome="interested", reaction="positive")


def to_offer(people: Office, walk: Walk) -> None:
    at = {"meetingAt": "2026-11-25T10:00", "meetingPlace": "office"}
    people.seller("Sutarti susitikimą", "plan-meeting", **at)
    people.brokerage.clock.advance(timedelta(days=2, hours=3))
    further = {"sumInsured": 300_000, "covers": ["liability"], "reaction": "positive"}
    step = "3. Susitikimas – pristatymas"
    people.seller(step, "meeting", meetingOutcome="interested-further", **further)
    mine = {key: value for key, value in NEEDS.items() if key != "covers"}
    people.seller("Poreikių nustatymas", "needs-record", **mine)


def offer(people: Office, premium: float) -> None:
    below = {"deviationReason": "Derybos"} if premium < 450 else {}
    values = {**OFFER, "premium": premium, "offerValidUntil": "2026-12-31", **below}
    people.seller("4. Pasiūlymo ruošimas", "prepare-offer", **values)


def test_a_vip_sale_above_the_limit_with_negotiation(brokerage: Any, browser: Any) -> None:
    walk = sale(brokerage, vip=True)
    with office(browser, brokerage) as people:
        to_offer(people, walk)
        assert {"manager", "kestutis"} <= walk.told("alert"), "the sales manager comes along"
        for round_number, premium in enumerate((390, 385)):
            offer(people, premium)
            approves = {"offerApprovalOutcome": "approve"}
            people.do("product", "Pasiūlymo tvirtinimas", "approve-offer", **approves)
            step, form = "Pardavimų vadovo tvirtinimas", "approve-offer-sales"
            people.do("manager", step, form, "group", offerSalesApprovalOutcome="approve")
            people.seller("5. El. laiškas su pasiūlymu", "offer-letter", **LETTER)
            if round_number == 0:
                asks = {"negotiationRequest": "Pigiau", "negotiationMeetingAt": "2026-12-02T10:00"}
                step = "6. Skambutis dėl pasiūlymo"
                people.seller(step, "offer-call", offerCallOutcome="negotiate", **asks)
                step, more = "7. Susitikimas – derybos", {"negotiationRequest": "Dar pigiau"}
                people.seller(step, "negotiation", negotiationOutcome="further", **more)
        people.seller("6. Skambutis dėl pasiūlymo", "offer-call", offerCallOutcome="accepts")
    assert walk.open == ["contract-preparation"]
    assert sorted(walk.letters) == ["intro", "offer", "offer"]
    assert walk.measures.count("negotiating") == 1


def test_a_foreign_sale_with_due_diligence_and_a_contract_returned(
    brokerage: Any, browser: Any
) -> None:
    walk = sale(brokerage, kind="foreign", language="en")
    with office(browser, brokerage) as people:
        to_offer(people, walk)
        assert walk.tasks()["offer-preparation"].standard_working_days == 5, "three times 1.5"
        offer(people, 900)
        english = {**LETTER, "letterLanguage": "en"}
        people.seller("5. El. laiškas su pasiūlymu", "offer-letter", **english)
        people.seller("6. Skambutis dėl pasiūlymo", "offer-call", offerCallOutcome="accepts")
        checks = dict.fromkeys(("identityChecked", "ownersChecked", "sanctionsChecked"), True)
        step = "Kliento pažinimas („Pažink savo klientą“)"
        people.do("compliance", step, "kyc", "group", **checks, kycOutcome="clear")
        seller = people.person(brokerage.owner)
        seller.open_task("8. Sutarties ruošimas")
        expect(seller.page.get_by_text("susitarimas dėl dokumentų kalbos")).to_be_visible()
        dates = {"contractStart": "2026-12-15", "contractEnd": "2027-12-14"}
        seller.answer("prepare-contract", contractNumber="S-9", **dates)
        seller.complete()
        no = {"contractApprovalOutcome": "return", "contractApprovalComment": "Patikslinkite datą."}
        people.do("product", "Sutarties tvirtinimas", "approve-contract", **no)
        seller.open_task("8. Sutarties ruošimas")
        expect(seller.page.locator("#returned")).to_contain_text("Patikslinkite datą.")
        seller.answer("prepare-contract", contractStart="2026-12-16")
        seller.complete()
        yes = {"contractApprovalOutcome": "approve"}
        people.do("product", "Sutarties tvirtinimas", "approve-contract", **yes)
    assert walk.open == ["contract-letter"]
    assert sorted(walk.letters) == ["intro", "offer"]
