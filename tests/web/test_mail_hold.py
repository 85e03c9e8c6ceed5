"""While outgoing mail is held, managers are told, and an administrator releases it by a button."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broker_crm import process
from broker_crm.outreach import hold
from broker_crm.outreach.models import MailHold, OutboxEntry
from tests.worker.conftest import LETTER

from .conftest import Site

TOLD = "Laiškų siuntimas sulaikytas"


@pytest.fixture
def held(site: Site) -> Site:
    """A copy with one letter from the backup."""
    with site.factory.begin() as session:
        process.complete(session, site.task_id, LETTER, by=site.owner)
        hold.hold_mail(session, "Atkurta iš kopijos.", since=site.clock.now(), by=None)
    return site


def letter_states(site: Site) -> list[str]:
    with site.factory() as session:
        return list(session.scalars(select(OutboxEntry.state)))


def is_held(site: Site) -> bool:
    with site.factory() as session:
        return hold.open_hold(session) is not None


@pytest.mark.parametrize("login", ["manager", "admin"])
def test_leaders_are_told_and_led_to_the_page(held: Site, login: str) -> None:
    visitor = held.visitor(login)
    inbox = visitor.get("/").text
    assert TOLD in inbox and 'href="/mail-hold"' in inbox
    page = visitor.get("/mail-hold").text
    assert "Atkurta iš kopijos." in page
    assert ("/mail-hold/release" in page) == (login == "admin")


def test_salespeople_work_on_undisturbed(held: Site) -> None:
    assert TOLD not in held.visitor(held.owner).get("/").text


def test_an_administrator_releases(held: Site) -> None:
    visitor = held.visitor("admin")
    visitor.post("/mail-hold/release", 400)
    visitor.post("/mail-hold/release", 400, form={"copied": "perhaps"})
    assert is_held(held)
    visitor.post("/mail-hold/release", form={"copied": "give-up"})
    assert not is_held(held) and letter_states(held) == ["failed"]
    assert "Laiškai nesulaikyti" in visitor.get("/mail-hold").text
    with held.factory() as session:
        assert session.scalars(select(MailHold.released_by)).one() == "admin"


@pytest.mark.parametrize("login", ["manager", "ruta", "designer"])
def test_others_do_not_release(held: Site, login: str) -> None:
    held.visitor(login).post("/mail-hold/release", 403, form={"copied": "send"})
    assert is_held(held)


def test_a_forged_release_is_refused(held: Site) -> None:
    held.visitor("admin").post("/mail-hold/release", 400, form={"copied": "send"}, csrf=False)
    assert is_held(held)


def test_health_tells_that_mail_is_held(held: Site) -> None:
    assert held.visitor().get("/health").json["mail"] == "held"
    with held.factory.begin() as session:
        hold.release_mail(session, hold.Copied.ASK, by="admin")
    assert held.visitor().get("/health").json["mail"] == "ok"
