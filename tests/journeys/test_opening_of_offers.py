"""The client opens the offer by the link of its letter: written once, told, and not by scanners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from broker_crm.crm import data_export
from broker_crm.crm.models import Offer
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import latest_version
from broker_crm.integrity import broken
from broker_crm.outreach import texts
from broker_crm.outreach.models import Letter
from broker_crm.process import cancel
from broker_crm.process.models import ProcessEvent
from tests.journeys.test_renewal import letter, offer, started, to_offer
from tests.journeys.walk import Walk, add_policy
from tests.web.conftest import Visitor

OVER = "Šia nuoroda pasiūlymo nėra"


@pytest.fixture
def walk(brokerage: Any) -> Iterator[Walk]:
    """A renewal whose offer was sent."""
    add_policy(brokerage, ends_in=60)
    yield letter(offer(to_offer(started(brokerage))))
    with brokerage.factory() as session:
        assert broken(session) == []


def link(walk: Walk) -> str:
    """The address in the newest letter, as the client gets it."""
    with walk.brokerage.factory() as session:
        newest = select(Letter).where(Letter.instance_id == walk.id)
        body = session.scalars(newest.order_by(Letter.created_at.desc())).first().body
    (found,) = re.findall(r"/offer/[\w-]+", body.replace("\\", ""))
    return str(found)


def newest(walk: Walk) -> Offer:
    with walk.brokerage.factory() as session:
        found = select(Offer).where(Offer.instance_id == walk.id)
        return session.scalars(found.order_by(Offer.version.desc())).first()


def openings(walk: Walk) -> int:
    with walk.brokerage.factory() as session:
        found = select(ProcessEvent).where(
            ProcessEvent.instance_id == walk.id, ProcessEvent.kind == "offer-opened"
        )
        return len(session.scalars(found).all())


def test_looking_at_the_link_opens_nothing_and_tells_only_what_the_client_needs(
    walk: Walk,
) -> None:
    client = Visitor(walk.brokerage.app)
    page = client.get(link(walk)).text
    assert "Jūsų draudimo pasiūlymas" in page and "Bendroji civilinė" in page
    client.client.head(link(walk))
    client.post(link(walk), 400, csrf=False)
    assert newest(walk).opened_at is None
    assert openings(walk) == 0
    assert walk.told("offer-opened") == set()
    client.language = "en"
    assert "Your insurance offer" in client.get(link(walk)).text


def test_the_button_gives_the_offer_of_the_letter_and_is_written_once(walk: Walk) -> None:
    client = Visitor(walk.brokerage.app)
    walk.wait(hours=3)
    answer = client.post(link(walk), 200)
    assert answer.data.startswith(b"%PDF")
    assert "attachment" in answer.headers["Content-Disposition"]
    first = walk.brokerage.clock.now()
    assert newest(walk).opened_at == first
    assert walk.told("offer-opened") == {walk.brokerage.owner}
    walk.wait(days=1)
    assert client.post(link(walk), 200).data == answer.data
    assert newest(walk).opened_at == first
    assert openings(walk) == 1


def test_the_salesperson_sees_it_beside_the_call_on_the_offer_and_in_the_history(
    walk: Walk,
) -> None:
    Visitor(walk.brokerage.app).post(link(walk), 200)
    seller = Visitor(walk.brokerage.app)
    seller.sign_in(walk.brokerage.owner)
    opened = newest(walk)
    seen = f"{opened.opened_at:%Y-%m-%d}"
    assert f"atverta {seen}" in seller.get(f"/tasks/{walk.tasks()['renewal-call'].id}").text
    assert f"atverta {seen}" in seller.get("/registers/offers").text
    assert "Klientas atvėrė" in seller.get(f"/registers/offers/{opened.id}").text
    assert "Klientas atvėrė pasiūlymą" in seller.get(f"/instances/{walk.id}").text
    assert "Klientas atvėrė pasiūlymą" in seller.get("/notifications").text


def test_what_a_colleague_opens_does_not_count(walk: Walk) -> None:
    colleague = Visitor(walk.brokerage.app)
    colleague.sign_in(walk.brokerage.owner)
    assert "nebus pažymėta" in colleague.get(link(walk)).text
    assert colleague.post(link(walk), 200).data.startswith(b"%PDF")
    assert newest(walk).opened_at is None


def test_only_a_hash_of_the_secret_is_kept_and_the_export_does_not_show_it(walk: Walk) -> None:
    kept = newest(walk)
    assert len(kept.link_hash or "") == 64
    assert (kept.link_hash or "") not in link(walk)
    with walk.brokerage.factory.begin() as session:
        found = data_export.export(session, kept.client_id, by="compliance")
    (exported,) = found["offer"]
    assert "link_hash" not in exported


@pytest.mark.parametrize(
    "ends", ["refused", "replaced", "expired", "cancelled", "unknown", "erased", "long"]
)
def test_what_no_longer_stands_says_whom_to_call_and_nothing_else(walk: Walk, ends: str) -> None:
    address, factory = link(walk), walk.brokerage.factory
    if ends == "refused":
        walk.do("renewal-call", renewalCallOutcome="refuses", reason="price")
    elif ends == "cancelled":
        with factory.begin() as session:
            cancel(session, walk.id, by="manager", reason="Bandymas")
    elif ends == "unknown":
        address = "/offer/nera-tokios"
    elif ends == "long":
        address = "/offer/" + "x" * 500
    elif ends == "erased":
        with factory.begin() as session:
            session.execute(update(Offer).values(link_hash=None))
    else:
        changed = {
            "replaced": {"status": "replaced"},
            "expired": {"valid_until": walk.brokerage.clock.now().date() - timedelta(days=1)},
        }[ends]
        with factory.begin() as session:
            session.execute(update(Offer).values(**changed))
    client = Visitor(walk.brokerage.app)
    shown, pressed = client.get(address, 404).text, client.post(address, 404).text
    for page in (shown, pressed):
        assert OVER in page and "Paskambinkite savo brokeriui" in page
        assert "Bendroji civilinė" not in page
    assert newest(walk).opened_at is None


def test_the_last_day_of_an_offer_still_counts(walk: Walk) -> None:
    with walk.brokerage.factory.begin() as session:
        session.execute(update(Offer).values(valid_until=walk.brokerage.clock.now().date()))
    Visitor(walk.brokerage.app).get(link(walk))


def test_who_tries_links_has_to_wait_and_others_have_not(walk: Walk) -> None:
    client = Visitor(walk.brokerage.app)
    for number in range(5):
        client.get(f"/offer/bandymas-{number}", 404)
    assert "Šiek tiek palaukite" in client.get(link(walk), 429).text
    client.post(link(walk), 429)
    other = client.client.get(link(walk), environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert other.status_code == 200
    walk.brokerage.clock.advance(timedelta(minutes=16))
    client.get(link(walk))


def test_a_new_offer_has_a_link_of_its_own_and_the_earlier_one_is_over(walk: Walk) -> None:
    before = link(walk)
    asked = {"negotiationRequest": "Pigiau", "reaction": "neutral"}
    walk.do("renewal-call", renewalCallOutcome="negotiate", **asked)
    walk.do("negotiation", negotiationOutcome="new-offer", negotiationRequest="Pigiau")
    letter(offer(walk, 445))
    assert newest(walk).version == 2
    client = Visitor(walk.brokerage.app)
    client.get(before, 404)
    client.post(link(walk), 200)
    assert newest(walk).opened_at is not None


OFFERS = {
    "new-client-sale": "offer",
    "cross-sell": "cross-offer",
    "renewal": "renewal-offer",
    "up-sell": "upsell-offer",
}


@pytest.mark.parametrize("language", ["lt", "en"])
def test_letters_of_every_process_that_sends_offers_carry_the_link(
    brokerage: Any, language: str
) -> None:
    with brokerage.factory() as session:
        for process, key in OFFERS.items():
            version_id = latest_version(session, process).id
            kind = ResourceKind.LETTER
            assert texts.reads(session, version_id, kind, key, language, "offerLink"), key
