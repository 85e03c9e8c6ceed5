"""The help beside a step follows the form in a real browser: script, addresses, terms."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from broker_crm.crm.models import ContactPerson
from tests.journeys.people_at_work import Person, served
from tests.journeys.walk import Walk, day

ADDRESS = {"letterLanguage": "lt", "recipientEmail": "info@klientas.example"}


@pytest.fixture
def furnished_url(furnished_sqlite_url: str) -> str:
    return furnished_sqlite_url


def test_script_addresses_and_terms_follow_what_is_typed(brokerage: Any, browser: Any) -> None:
    chosen = {"clientId": brokerage.client_id, "productId": brokerage.product_id}
    walk = Walk.begin(brokerage, "new-client-sale", **chosen)
    with brokerage.factory.begin() as session:
        ona = {"first_name": "Ona", "surname": "Onaitė", "role": "accountant"}
        email = "ona@klientas.example"
        session.add(ContactPerson(client_id=brokerage.client_id, email=email, **ona))
    with served(brokerage.app) as address:
        seller = Person(browser, address, brokerage.owner)
        page = seller.page

        seller.open_task("1. El. laiškas")
        row = page.locator("#receivers li").filter(has_text="Ona Onaitė")
        row.get_by_role("button", name="Rašyti šiuo adresu").click()
        field = seller.field("Gavėjo el. paštas").locator("input")
        expect(field).to_have_value("ona@klientas.example")
        expect(page.locator("#draft-status")).to_contain_text("Juodraštis")
        seller.answer("intro-letter", introLetterOutcome="send", letterLanguage="lt")
        seller.complete()

        seller.ready()
        script = page.locator(".help .prose").first
        later = script.get_by_text("susitarkite dėl konkrečios dienos")
        no_answer = script.get_by_text("pažymėkite „Neatsiliepė“")
        expect(later).to_be_visible()
        expect(no_answer).to_be_visible()
        seller.answer("first-call", firstCallOutcome="later")
        expect(later).to_be_visible()
        expect(no_answer).to_be_hidden()
        page.get_by_role("button", name="Rodyti visą scenarijų").click()
        expect(no_answer).to_be_visible()
        seller.answer("first-call", firstCallOutcome="interested")
        question = script.get_by_role("link", name="Kas dar dalyvauja priimant sprendimą?")
        question.click()
        page.keyboard.type("Akcininkai")
        expect(seller.field("Kas priima sprendimą?").locator("input")).to_have_value("Akcininkai")
        expect(question).to_have_attribute("data-answered", "")
        seller.complete()

        to_contract(walk, brokerage)
        seller.open_task("8. Sutarties ruošimas")
        cell = page.locator('#terms [data-follows="contractPremium"]')
        expect(cell).to_have_text("450 €")
        expect(cell).not_to_have_class("differs")
        seller.answer("prepare-contract", contractPremium="440")
        expect(cell).to_have_text("440 €")
        expect(cell).to_have_class("differs")
        page.set_viewport_size({"width": 390, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        # A draft that is on its way while the step is completed comes too late.
        assert [each for each in seller.complaints if "409" not in each] == []


def to_contract(walk: Walk, brokerage: Any) -> None:
    walk.do("plan-meeting", meetingAt="2026-11-25T10:00", meetingPlace="office")
    met = {"sumInsured": 300_000, "covers": ["liability"], "deductible": 500}
    walk.do("meeting", meetingOutcome="interested-further", reaction="positive", **met)
    needs = {"insuredObject": "Prekyba", "sumInsured": 300_000, "claimsInThreeYears": 0}
    confirmed = {"needsPriority": "cover", "needsConfirmedBy": "email", "needsConfirmed": True}
    walk.do("needs-record", **needs, covers=["liability"], **confirmed)
    terms = {"premium": 450, "commission": 20, "deductible": 500, "instalments": 1}
    until = {"offerValidUntil": day(brokerage, 30)}
    walk.do("offer-preparation", sumInsured=300_000, covers=["liability"], **terms, **until)
    walk.do("offer-letter", **ADDRESS)
    walk.do("offer-call", offerCallOutcome="accepts")
