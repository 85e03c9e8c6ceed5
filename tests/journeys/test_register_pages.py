"""Complaints and campaigns on their pages, in Lithuanian, by people in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from broker_crm.crm.models import Campaign, CampaignRecipient, Client, Complaint
from tests.journeys.people_at_work import Person, served
from tests.journeys.test_campaign import launched, swept
from tests.journeys.walk import Walk


@pytest.fixture
def address(brokerage: Any) -> Any:
    with served(brokerage.app) as found:
        yield found


def rows(brokerage: Any, table: Any) -> list[Any]:
    with brokerage.factory() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def test_a_complaint_is_registered_acknowledged_and_found_in_the_register(
    brokerage: Any, address: str, browser: Browser
) -> None:
    handler = Person(browser, address, "complaints")
    handler.visit("/complaints/new")
    page = handler.page
    page.get_by_label("Pareiškėjas", exact=True).fill("Ona Pareiškėja")
    page.get_by_label("Pareiškėjo el. paštas").fill("ona@pareiskeja.example")
    page.get_by_label("Kuo skundžiamasi").fill("Pasiūlymo laukiu jau mėnesį.")
    page.get_by_label("Reikalaujama suma, EUR").fill("1 250,50")
    page.get_by_role("button", name="Registruoti", exact=True).click()
    expect(page.get_by_role("heading", name="Skundas 2026-0001")).to_be_visible()
    expect(page.get_by_text("Skundas užregistruotas.")).to_be_visible()
    handler.open_task("Ar tai skundas?")
    handler.answer("complaint-check", checkOutcome="complaint")
    handler.complete()
    handler.open_task("Patvirtinti gavimą")
    handler.complete()
    handler.visit("/complaints")
    expect(page.get_by_role("link", name="2026-0001")).to_be_visible()
    (complaint,) = rows(brokerage, Complaint)
    assert str(complaint.claimed_amount) == "1250.50"
    assert complaint.acknowledged_at is not None
    assert Walk(brokerage, complaint.instance_id).letters == ["complaint-acknowledge"]
    assert handler.complaints == []
    handler.leave()


def test_wrong_fields_are_named_and_what_was_typed_stays(
    brokerage: Any, address: str, browser: Browser
) -> None:
    seller = Person(browser, address, brokerage.owner)
    seller.visit(f"/complaints/new?client={brokerage.client_id}")
    page = seller.page
    page.get_by_label("Kuo skundžiamasi").fill("Vėluoja")
    page.get_by_label("Reikalaujama suma, EUR").fill("daug")
    page.get_by_label("Kuo ar kuriuo skundžiamasi").select_option("insurer")
    page.get_by_role("button", name="Registruoti", exact=True).click()
    expect(page.get_by_text("Netinkamo tipo reikšmė.").or_(page.locator(".wrong"))).to_have_count(1)
    page.get_by_label("Reikalaujama suma, EUR").fill("10")
    page.get_by_role("button", name="Registruoti", exact=True).click()
    expect(page.locator("label:has-text('Draudikas') .wrong")).to_be_visible()
    expect(page.get_by_label("Kuo skundžiamasi")).to_have_value("Vėluoja")
    assert rows(brokerage, Complaint) == []
    page.get_by_label("Kuo ar kuriuo skundžiamasi").select_option("us")
    page.get_by_role("button", name="Registruoti", exact=True).dblclick()
    expect(page.get_by_role("heading", name="Užduotys", exact=True)).to_be_visible()
    assert len(rows(brokerage, Complaint)) == 1
    seller.leave()


def test_a_campaign_begins_on_its_page_and_shows_its_figures(
    brokerage: Any, address: str, browser: Browser
) -> None:
    marketing = Person(browser, address, "marketing")
    marketing.visit("/campaigns/new")
    page = marketing.page
    page.get_by_label("Pavadinimas").fill("Rudens kampanija")
    page.get_by_label("Produktas").select_option(label="Kibernetinių rizikų draudimas")
    page.get_by_role("button", name="Pradėti", exact=True).click()
    expect(page.get_by_role("heading", name="Rudens kampanija")).to_be_visible()
    assert [each.name for each in rows(brokerage, Campaign)] == ["Rudens kampanija"]
    marketing.open_task("Užduotis: kam, ką ir kodėl siūlome")
    marketing.leave()


def test_the_links_of_a_letter_answer_and_unsubscribe_without_a_login(
    brokerage: Any, address: str, browser: Browser
) -> None:
    walk = launched(brokerage)
    swept(walk)
    first, second = [
        each for each in rows(brokerage, CampaignRecipient) if each.state == "started"
    ][:2]
    page = browser.new_page(locale="lt-LT")
    page.goto(f"{address}/offers/{first.unsubscribe_token}")
    assert rows(brokerage, CampaignRecipient)[0].responded_at is None
    page.get_by_role("button", name="Taip, susisiekite su manimi").click()
    expect(page.get_by_role("heading", name="Ačiū!")).to_be_visible()
    assert Walk(brokerage, first.instance_id).open == ["campaign-call"]
    page.goto(f"{address}/offers/{second.unsubscribe_token}/unsubscribe")
    page.get_by_role("button", name="Atsisakyti laiškų").click()
    expect(page.get_by_role("heading", name="Atlikta")).to_be_visible()
    with brokerage.factory() as session:
        assert session.get_one(Client, second.client_id).do_not_contact
    page.goto(f"{address}/offers/{'0' * 40}")
    page.get_by_role("button", name="Taip, susisiekite su manimi").click()
    expect(page.get_by_role("heading", name="Ši nuoroda nežinoma")).to_be_visible()
    page.close()
