"""The whole sale in the browser, in Lithuanian, by two salespeople and the product manager."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from broker_crm.outreach.deliver import deliver_due
from broker_crm.process.models import ProcessInstance
from broker_crm.process.timers import fire_due_timers

from .people_at_work import Person, served

EMAIL = "info@klientas.example"
LETTER = {"letterLanguage": "lt", "recipientEmail": EMAIL}


@pytest.fixture
def furnished_url(furnished_sqlite_url: str) -> str:
    return furnished_sqlite_url


def test_the_sale_from_letter_to_signed_contract(brokerage, browser):
    with served(brokerage.app) as address:
        seller = Person(browser, address, brokerage.owner)
        colleague = Person(browser, address, "egle" if brokerage.owner != "egle" else "jonas")
        product = Person(browser, address, "product")

        client = start(seller, brokerage)
        seller.answer("intro-letter", introLetterOutcome="send", **LETTER)
        seller.complete()
        expect(seller.page.get_by_role("heading", name="2. Skambutis")).to_be_visible()

        seller.page.get_by_role("button", name="Grąžinti į eilę").click()
        colleague.visit("/?scope=group")
        colleague.page.get_by_role("row", name="2. Skambutis").get_by_role(
            "button", name="Pasiimti"
        ).click()
        expect(colleague.page.get_by_role("button", name="Grąžinti į eilę")).to_be_visible()
        colleague.open_task("2. Skambutis")
        colleague.answer(
            "first-call",
            firstCallOutcome="interested",
            reaction="positive",
            notes="Nori pasiūlymo iki gruodžio.",
        )
        colleague.complete()

        seller.open_task("Sutarti susitikimą")
        expect(seller.page.get_by_text("Nori pasiūlymo iki gruodžio.").first).to_be_attached()
        seller.answer("plan-meeting", meetingAt="2026-11-25T10:00", meetingPlace="office")
        seller.complete()
        brokerage.clock.advance(timedelta(days=2, hours=3))
        seller.ready()
        seller.answer(
            "meeting",
            meetingOutcome="interested-further",
            sumInsured=300_000,
            covers=["liability"],
            discountAsked=8,
            reaction="positive",
        )
        seller.complete()
        seller.ready()
        seller.answer(
            "needs-record",
            insuredObject="Veikla",
            sumInsured=300_000,
            claimsInThreeYears=0,
            needsPriority="price",
            needsConfirmedBy="signed",
            needsConfirmed=True,
        )
        seller.complete()
        seller.ready()
        offer(seller, 420, reason="Prašė susitikime.")

        product.open_task("Pasiūlymo tvirtinimas")
        product.answer(
            "approve-offer",
            offerApprovalOutcome="return",
            approvalComment="Pagrįskite nuolaidą.",
        )
        product.complete()

        seller.open_task("4. Pasiūlymo ruošimas")
        expect(seller.page.locator("#returned")).to_contain_text("Pagrįskite nuolaidą.")
        seller.answer("prepare-offer", premium=430)
        seller.complete()
        product.open_task("Pasiūlymo tvirtinimas")
        product.answer("approve-offer", offerApprovalOutcome="approve")
        product.complete()
        seller.open_task("5. El. laiškas su pasiūlymu")
        seller.answer("offer-letter", **LETTER)
        seller.complete()

        brokerage.clock.advance(timedelta(days=2, hours=8))
        assert fire_due_timers(brokerage.factory).fired >= 1
        seller.visit("/notifications")
        expect(seller.page.get_by_role("row", name="6. Skambutis dėl pasiūlymo")).to_contain_text(
            "Priminimas"
        )

        seller.open_task("6. Skambutis dėl pasiūlymo")
        seller.answer(
            "offer-call",
            offerCallOutcome="negotiate",
            negotiationRequest="Mažesnė įmoka",
            discountAsked=10,
            negotiationMeetingAt="2026-12-02T10:00",
        )
        seller.complete()
        seller.ready()
        seller.answer(
            "negotiation",
            negotiationOutcome="further",
            negotiationRequest="Dar mažiau",
            discountAsked=10,
        )
        seller.complete()
        seller.ready()
        seller.answer("prepare-offer", premium=415)
        seller.complete()
        product.open_task("Pasiūlymo tvirtinimas")
        product.answer("approve-offer", offerApprovalOutcome="approve")
        product.complete()
        seller.open_task("5. El. laiškas su pasiūlymu")
        seller.complete()
        seller.ready()
        seller.answer("offer-call", offerCallOutcome="accepts")
        seller.complete()
        seller.ready()
        seller.answer(
            "prepare-contract",
            contractNumber="S-1",
            contractStart="2026-12-15",
            contractEnd="2027-12-14",
            contractPremium=415,
            contractCommission=20,
            contractDeductible=500,
            contractInstalments=1,
        )
        seller.complete()
        product.open_task("Sutarties tvirtinimas")
        product.answer("approve-contract", contractApprovalOutcome="approve")
        product.complete()
        seller.open_task("9. El. laiškas su sutartimi")
        seller.complete()
        seller.ready()
        seller.answer(
            "signing",
            signingOutcome="signed",
            signedOn="2026-11-28",
            signatureMethod="smart-id",
        )
        seller.complete()

        expect(seller.page.get_by_role("heading", level=1, name=client)).to_be_visible()
        expect(seller.page.get_by_text("Sutartis pasirašyta").first).to_be_visible()
        expect(seller.page.locator("#diagram .djs-element").first).to_be_visible()
        timeline = seller.page.locator("#timeline")
        for words in ("Grąžinti", "Pagrįskite nuolaidą.", "Priminta", "7. Susitikimas – derybos"):
            expect(timeline.get_by_text(words).first).to_be_attached()
        deliver_due(brokerage.factory, brokerage.settings)
        seller.visit("/letters")
        expect(seller.page.get_by_role("row", name=EMAIL)).to_have_count(4)
        for person in (seller, colleague, product):
            assert person.complaints == []
            person.leave()
    with brokerage.factory() as session:
        instance = session.scalars(select(ProcessInstance)).one()
    assert (instance.status, instance.outcome) == ("completed", "signed")


def start(seller: Person, brokerage) -> str:
    seller.visit(f"/clients/{brokerage.client_id}")
    client = seller.page.get_by_role("heading", level=1).inner_text()
    seller.page.get_by_role("link", name="Pradėti procesą").last.click()
    seller.page.get_by_role("link", name="Pardavimas naujam klientui").click()
    seller.page.locator("select[name=productId]").select_option(str(brokerage.product_id))
    seller.page.get_by_role("button", name="Pradėti", exact=True).click()
    expect(seller.page.get_by_role("heading", name="1. El. laiškas")).to_be_visible()
    seller.ready()
    return client


def offer(seller: Person, premium: int, reason: str) -> None:
    seller.answer(
        "prepare-offer",
        sumInsured=300_000,
        deductible=500,
        premium=premium,
        commission=20,
        instalments=1,
        offerValidUntil="2026-12-31",
        deviationReason=reason,
    )
    seller.complete()
