"""Campaigns walked in a browser, in Lithuanian: approved and sold; refused and stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from broker_crm.crm import campaigns
from broker_crm.crm.models import CampaignRecipient, Client
from broker_crm.outreach.models import Letter
from broker_crm.process.models import ProcessInstance
from tests.journeys.people_at_work import Person, served
from tests.journeys.test_campaign import MESSAGE, begun, recipients, state, swept
from tests.journeys.walk import Walk

SEGMENT = {
    "segmentKind": "legal",
    "segmentStatus": "any",
    "segmentSector": "any",
    "segmentSize": "any",
    "holdOutPercent": 10,
    "waveSize": 30,
    "stopPercent": 5,
}


@pytest.fixture
def furnished_url(furnished_sqlite_url: str) -> str:
    return furnished_sqlite_url


@pytest.fixture
def address(brokerage: Any) -> Iterator[str]:
    with served(brokerage.app) as found:
        yield found


def does(person: Person, step: str, form: str, scope: str = "mine", **values: Any) -> None:
    person.open_task(step, scope)
    person.answer(form, **values)
    person.complete()


def launched(brokerage: Any, address: str, browser: Browser, **changes: Any) -> Walk:
    """From the brief to the first wave, each step by the person whose step it is."""
    walk = begun(brokerage)
    marketing = Person(browser, address, "marketing")
    does(
        marketing,
        "Užduotis: kam, ką ir kodėl siūlome",
        "campaign-brief",
        goal="10 sutarčių",
        targetMarket="Įmonės",
        insideTargetMarket=True,
        budget=500,
    )
    does(marketing, "Parinkti gavėjus", "campaign-segment", **{**SEGMENT, **changes})
    material = {"headline": "Ar Jūsų duomenys apdrausti?", "messageA": MESSAGE}
    does(
        marketing,
        "Parengti medžiagą",
        "campaign-material",
        **material,
        messageB=MESSAGE + " Kitaip.",
        materialCost=50,
    )
    others = [Person(browser, address, each) for each in ("product", "compliance", "manager")]
    product, compliance, manager = others
    does(product, "Tvirtinti turinį", "campaign-approve-content", "group", contentOutcome="approve")
    does(
        compliance,
        "Tvirtinti teisinį pagrindą",
        "campaign-approve-permission",
        "group",
        permissionOutcome="approve",
    )
    manager.open_task("Tvirtinti pardavėjų laiką skambučiams", "group")
    expect(manager.page.locator("#form")).to_contain_text("Per dieną išsiunčiama iki")
    manager.answer("campaign-approve-capacity", capacityOutcome="approve", callsPerDay=2)
    manager.complete()
    does(
        marketing,
        "Bandomasis siuntimas sau",
        "campaign-test",
        testEmail="marketing@broker.example",
    )
    does(marketing, "Ar bandomasis laiškas tinkamas?", "campaign-test-check", testOutcome="good")
    for person in (marketing, *others):
        assert person.complaints == []
        person.leave()
    swept(walk, 4)
    return walk


def press(page: Page, address: str, recipient: CampaignRecipient, leaving: bool) -> None:
    """What the recipient does with the letter's link."""
    link = f"{address}/offers/{recipient.unsubscribe_token}"
    page.goto(f"{link}/unsubscribe" if leaving else link)
    words = "Atsisakyti laiškų" if leaving else "Taip, susisiekite su manimi"
    page.get_by_role("button", name=words).click()
    expect(page.get_by_role("heading", name="Atlikta" if leaving else "Ačiū!")).to_be_visible()


def test_a_campaign_is_approved_sent_answered_and_becomes_a_sale(
    brokerage: Any, address: str, browser: Browser
) -> None:
    walk = launched(brokerage, address, browser)
    started = recipients(brokerage, "started")
    assert len(started) == 30
    assert sorted(walk.letters) == ["campaign-test", "campaign-test-b"]
    assert {"list-frozen", "campaign-started"} <= set(walk.measures)
    with brokerage.factory() as session:
        written = session.scalars(
            select(Letter.template_key).where(Letter.purpose == "marketing")
        ).all()
        owner = session.get_one(Client, started[0].client_id).owner
    assert sorted(set(written)) == ["campaign-a", "campaign-b"]
    visitor = browser.new_page(locale="lt-LT")
    press(visitor, address, started[0], leaving=False)
    visitor.close()
    seller = Person(browser, address, owner)
    seller.open_task("Skambutis susidomėjusiam")
    expect(seller.page.locator(".help").first).to_be_visible()
    seller.answer("campaign-call", campaignCallOutcome="interested", reaction="positive")
    seller.complete()
    walk.sweep()
    assert Walk(brokerage, started[0].instance_id).outcome == "sale-started"
    with brokerage.factory() as session:
        keys = session.scalars(
            select(ProcessInstance.process_key).where(
                ProcessInstance.client_id == started[0].client_id
            )
        ).all()
    assert set(keys) & {"new-client-sale", "cross-sell"}
    marketing = Person(browser, address, "marketing")
    marketing.visit("/campaigns")
    marketing.page.get_by_role("link", name="Pavasario kampanija").click()
    page = marketing.page
    expect(page.locator("#funnel-1")).to_contain_text("n = ")
    expect(page.locator("#funnel-2 tbody tr")).to_have_count(1)
    expect(page.locator("#hold-out")).to_contain_text("kontrolinėje grupėje")
    expect(page.locator("#excluded")).to_contain_text("VIP")
    page.get_by_role("link", name="Gavėjų sąrašas").click()
    page.get_by_label("Būsena").select_option("responded")
    expect(page.locator("tbody tr")).to_have_count(0)
    page.get_by_label("Būsena").select_option("held-out")
    expect(page.locator("tbody tr")).to_have_count(len(recipients(brokerage, "held-out")))
    for person in (seller, marketing):
        assert person.complaints == []
        person.leave()


def test_refusals_and_a_letter_that_came_back_until_the_rule_stops_the_campaign(
    brokerage: Any, address: str, browser: Browser
) -> None:
    walk = launched(brokerage, address, browser)
    first, second, third, fourth, *rest = recipients(brokerage, "started")
    with brokerage.factory.begin() as session:
        assert campaigns.bounced(session, first.client_id, first.instance_id, "x@y.example")
    walk.sweep()
    assert Walk(brokerage, first.instance_id).outcome == "bounced"
    visitor = browser.new_page(locale="lt-LT")
    for each in (second, third):
        press(visitor, address, each, leaving=True)
    press(visitor, address, fourth, leaving=False)
    press(visitor, address, fourth, leaving=True)
    visitor.close()
    for each in (second, third, fourth):
        assert Walk(brokerage, each.instance_id).outcome == "unsubscribed"
    with brokerage.factory() as session:
        assert session.get_one(Client, second.client_id).do_not_contact
    brokerage.clock.advance(timedelta(minutes=1))
    walk.sweep()
    assert state(brokerage) == "paused"
    manager = Person(browser, address, "manager")
    manager.open_task("Ar tęsti siuntimą?", "group")
    expect(manager.page.locator("#form")).to_contain_text("per daug atsisakymų ir skundų")
    manager.answer("campaign-stop", stopOutcome="continue", newStopPercent=50, stopReason="Dar")
    manager.complete()
    assert state(brokerage) == "running"
    for each in rest[:7]:
        with brokerage.factory.begin() as session:
            campaigns.answered(session, each.unsubscribe_token)
    walk.sweep()
    assert state(brokerage) == "paused"
    manager.open_task("Ar tęsti siuntimą?", "group")
    expect(manager.page.locator("#form")).to_contain_text("laukia 7 skambučių")
    manager.visit(f"/campaigns/{first.campaign_id}")
    expect(manager.page.locator("#stop-rule")).to_contain_text("Siuntimas sustabdytas")
    manager.open_task("Ar tęsti siuntimą?", "group")
    manager.answer("campaign-stop", stopOutcome="stop", stopReason="Netinka segmentui")
    manager.complete()
    walk.wait(days=2)
    assert state(brokerage) == "stopped"
    assert recipients(brokerage, "waiting")
    assert manager.complaints == []
    manager.leave()
