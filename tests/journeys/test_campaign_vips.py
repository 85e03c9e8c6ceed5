"""A VIP client gets a campaign's letter only when the client's own salesperson says so."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, update

from broker_crm.crm.models import CampaignRecipient, Client, Consent
from broker_crm.outreach.models import Letter, Notification
from broker_crm.people.demo import PASSWORD
from tests.journeys.test_campaign import launched, swept

OWNER, DEPUTY, STRANGER = "ieva", "jonas", "ruta"


def the_vip(brokerage: Any) -> int:
    """One who may be written to, but for being a VIP."""
    with brokerage.factory.begin() as session:
        client = session.scalars(
            select(Client)
            .join(Consent, Consent.client_id == Client.id)
            .where(
                Client.kind == "legal",
                Client.do_not_contact.is_(False),
                Client.email.is_not(None),
                Consent.withdrawn_at.is_(None),
                Consent.purpose == "marketing",
            )
            .order_by(Client.id)
        ).first()
        session.execute(update(Client).where(Client.vip.is_(True)).values(vip=False))
        client.vip, client.size_band = True, "small"
        client.owner, client.deputy = OWNER, DEPUTY
        return int(client.id)


def visitor(brokerage: Any, login: str) -> FlaskClient:
    client = brokerage.app.test_client()
    client.post("/login", data={"login": login, "password": PASSWORD, "csrf_token": token(client)})
    return client


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert found is not None
    return found[1]


def presses(client: FlaskClient, recipient_id: int) -> int:
    page = client.get("/campaigns/vip-clients").text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    data = {"csrf_token": found[1] if found else ""}
    return client.post(f"/campaigns/recipients/{recipient_id}/allow", data=data).status_code


def told(brokerage: Any) -> list[str]:
    with brokerage.factory() as session:
        vips = select(Notification.login).where(Notification.kind == "campaign-vips")
        return list(session.scalars(vips))


def letters_to(brokerage: Any, client_id: int) -> list[str]:
    with brokerage.factory() as session:
        return list(
            session.scalars(select(Letter.template_key).where(Letter.client_id == client_id))
        )


def test_the_salesperson_is_asked_and_decides(brokerage: Any) -> None:
    vip = the_vip(brokerage)
    walk = launched(brokerage, holdOutPercent=0)
    assert told(brokerage) == [OWNER]
    with brokerage.factory() as session:
        recipient = session.scalars(
            select(CampaignRecipient).where(CampaignRecipient.client_id == vip)
        ).one()
        assert (recipient.state, recipient.reason) == ("excluded", "vip")
        name = session.get_one(Client, vip).search_name
    swept(walk, 3)
    assert letters_to(brokerage, vip) == []
    stranger = visitor(brokerage, STRANGER)
    assert "Jūsų žodžio nelaukia" in stranger.get("/campaigns/vip-clients").text
    assert presses(stranger, recipient.id) == 403
    deputy = visitor(brokerage, DEPUTY)
    assert "Pavasario kampanija" in deputy.get("/campaigns/vip-clients").text, name
    owner = visitor(brokerage, OWNER)
    assert "VIP klientams" in owner.get("/notifications").text
    assert presses(owner, recipient.id) in (302, 303)
    assert "Pavasario kampanija" not in owner.get("/campaigns/vip-clients").text
    walk.wait(days=1)
    swept(walk, 3)
    assert [key.rpartition("-")[0] for key in letters_to(brokerage, vip)] == ["campaign"]
