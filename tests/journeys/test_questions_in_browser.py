"""A manager follows a figure down to the case behind it, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.people_at_work import Person, served
from tests.journeys.walk import Walk

LETTER = {
    "introLetterOutcome": "send",
    "letterLanguage": "lt",
    "recipientEmail": "info@klientas.example",
}


@pytest.fixture
def address(brokerage: Any) -> Iterator[str]:
    with served(brokerage.app) as found:
        yield found


@pytest.fixture
def late(brokerage: Any) -> Walk:
    """A sale whose first step is open and days late."""
    walk = Walk.begin(
        brokerage,
        "new-client-sale",
        clientId=brokerage.client_id,
        productId=brokerage.product_id,
    )
    brokerage.clock.advance(timedelta(days=9))
    return walk


def test_a_figure_leads_to_its_case(late: Walk, address: str, browser: Browser) -> None:
    manager = Person(browser, address, "manager")
    page = manager.page
    page.get_by_role("navigation", name="Pagrindinis meniu").get_by_role(
        "link", name="Klausimai"
    ).click()
    card = page.get_by_role("listitem").filter(has_text="Kas ir kiek vėlavo?")
    expect(card).to_contain_text("Vėluota atlikti 1 iš 1 žingsnio")
    card.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kas ir kiek vėlavo?")
    page.get_by_label("Išskirti pagal").select_option("step")
    page.wait_for_url("**by=step**")
    page.get_by_role("region", name="Lentelė").get_by_role("link", name="1. El. laiškas").click()
    expect(page.get_by_role("link", name="Žingsnis: 1. El. laiškas")).to_be_visible()
    page.get_by_text("Pasirinkti, apie ką klausiama").click()
    page.get_by_label("Procesas", exact=True).select_option("new-client-sale")
    page.get_by_role("button", name="Rodyti").click()
    expect(page.get_by_role("link", name="Procesas: Pardavimas naujam klientui")).to_be_visible()
    page.locator("#cases").get_by_role("link").filter(has_not_text="CSV").nth(1).click()
    page.wait_for_url(f"**/instances/{late.id}")
    assert manager.complaints == []
    manager.leave()


def test_the_weakest_points_are_coloured_on_the_diagram(
    brokerage: Any, late: Walk, address: str, browser: Browser
) -> None:
    task = late.tasks()["intro-letter"]
    done = brokerage.app.test_client().post(
        f"/api/tasks/{task.id}/complete",
        json={"variables": LETTER, "minutes": 600},
        headers={"Authorization": f"Bearer {brokerage.token(brokerage.owner)}"},
    )
    assert done.status_code == 200, done.text
    manager = Person(browser, address, "manager")
    manager.visit("/questions/Q13?period=all&process=new-client-sale")
    expect(manager.page.locator("#diagram[data-ready]")).to_be_visible()
    expect(manager.page.locator("#diagram .step-note").first).to_contain_text("€")
    assert manager.page.locator("#diagram .heat-5").count() > 0
    assert manager.complaints == []
    manager.leave()
