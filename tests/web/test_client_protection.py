"""The client's page: people, group, consents, personal code; and the data protection pages."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from broker_crm.crm import erasure_proposals
from broker_crm.crm.models import (
    AuditEntry,
    Client,
    ClientGroup,
    Consent,
    ContactPerson,
    DataRequest,
    ErasureProposal,
)
from broker_crm.outreach.models import Notification
from tests.web.conftest import Site

CODE = "33309240064"
PERSON = {
    "first_name": "Giedrė",
    "surname": "Ąžuolienė",
    "role": "insurance-contact",
    "email": "giedre@firma.example",
    "phone": "8 612 34567",
    "authority": "įgaliojimas 2026-01-05",
    "vocative": "Giedre",
}


def natural(site: Site) -> int:
    with site.factory() as session:
        found = select(Client.id).where(Client.kind == "natural", Client.owner == site.owner)
        return session.scalars(found.order_by(Client.id)).first() or 0


def test_contact_persons_are_added_changed_and_ended(site: Site) -> None:
    seller = site.visitor(site.owner)
    address = f"/clients/{site.client_id}/contacts"
    page = seller.post(f"{address}/new", 422, form={**PERSON, "surname": "", "phone": "1"}).text
    assert "Šis laukas privalomas" in page and 'value="Giedrė"' in page
    seller.post(f"{address}/new", form=PERSON)
    page = seller.get(f"/clients/{site.client_id}").text
    assert "Giedrė Ąžuolienė" in page and "Giedre" in page and "įgaliojimas 2026-01-05" in page
    with site.factory() as session:
        found = select(ContactPerson).where(ContactPerson.surname == PERSON["surname"])
        contact = session.scalars(found).one()
        assert contact.phone == "+37061234567"
    seller.post(f"{address}/{contact.id}", form={**PERSON, "bounced": "yes"})
    assert "Laiškai grįžta nuo" in seller.get(f"/clients/{site.client_id}").text
    assert "checked" in seller.get(f"{address}/{contact.id}").text
    seller.post(f"{address}/{contact.id}/end")
    page = seller.get(f"/clients/{site.client_id}").text
    assert f"{address}/{contact.id}" not in page and "- Giedrė Ąžuolienė" in page
    seller.get(f"{address}/{contact.id}", 404)
    site.visitor(site.colleague).post(f"{address}/new", 404, form=PERSON)


def test_a_group_shows_its_members_premiums_and_ends_with_its_last(site: Site) -> None:
    leader = site.visitor("manager")
    own = f"/clients/{site.client_id}/group"
    leader.post(own, form={"name": "Ąžuolų grupė"})
    page = leader.get(f"/clients/{site.client_id}").text
    assert "Įmonių grupė: Ąžuolų grupė" in page and "Įmokos iš viso" in page
    with site.factory() as session:
        group = session.scalars(select(ClientGroup)).one()
        other = session.scalars(
            select(Client).where(Client.kind == "legal", Client.id != site.client_id)
        ).first()
        assert other is not None
    leader.post(f"/clients/{other.id}/group", form={"name": "azuolu GRUPE"})
    assert "Grupė tokiu pavadinimu jau yra" in leader.get(f"/clients/{other.id}").text
    leader.post(f"/clients/{other.id}/group", form={"group_id": str(group.id)})
    assert other.name in leader.get(f"/clients/{site.client_id}").text
    for client_id in (other.id, site.client_id):
        leader.post(f"/clients/{client_id}/group/leave")
    with site.factory() as session:
        assert session.scalars(select(ClientGroup)).all() == []


def test_a_consent_needs_evidence_and_the_reason_is_shown_before_a_call(site: Site) -> None:
    seller = site.visitor(site.owner)
    with site.factory.begin() as session:
        for consent in session.scalars(select(Consent).where(Consent.client_id == site.client_id)):
            session.delete(consent)
        session.get_one(Client, site.client_id).status = "prospect"
    page = seller.get(f"/clients/{site.client_id}").text
    assert "kreiptis negalima" in page or "paklausti asmeniškai" in page
    address = f"/clients/{site.client_id}/consents"
    form = {"channel": "email", "given_on": "2026-11-20", "text_version": "2026-1"}
    seller.post(address, form=form)
    assert "iš kur žinomas sutikimas" in seller.get(f"/clients/{site.client_id}").text
    for wrong in ({"given_on": "2027-01-01"}, {"channel": "fax"}, {"given_on": "x"}):
        seller.post(address, form={**form, "evidence": "Forma", **wrong})
    with site.factory() as session:
        assert (
            session.scalars(select(Consent).where(Consent.client_id == site.client_id)).all() == []
        )
    answer = seller.client.post(
        address,
        data={**form, "evidence": "Pasirašyta forma", "file": (BytesIO(b"%PDF-1.7 x"), "f.pdf")},
        headers={"X-CSRFToken": seller.token()},
    )
    assert answer.status_code == 303
    page = seller.get(f"/clients/{site.client_id}").text
    assert "Pasirašyta forma · tekstas 2026-1" in page and "kreiptis galima" in page
    file = re.search(r'href="(/clients/\d+/consents/\d+/file)"', page)
    assert file and seller.get(file[1]).data == b"%PDF-1.7 x"
    site.visitor(site.colleague).get(file[1], 404)
    assert "Pasiūlymai šiam klientui" in seller.get(f"/tasks/{site.task_id}").text
    form = {"channel": "any", "evidence": "Skambutis", "stop_all": "yes"}
    seller.post(f"{address}/withdraw", form=form)
    page = seller.get(f"/clients/{site.client_id}").text
    assert "atšauktas" in page and "Skambutis" in page and "kreiptis negalima" in page
    assert "kreiptis negalima" in seller.get(f"/tasks/{site.task_id}").text


def test_a_personal_code_is_masked_and_each_look_is_recorded(site: Site) -> None:
    client_id = natural(site)
    seller, stranger = site.visitor(site.owner), site.visitor("product")
    address = f"/clients/{client_id}/personal-code"
    seller.post(address, form={"personal_code": "33309240063"})
    assert "Tai ne asmens kodas" in seller.get(f"/clients/{client_id}").text
    seller.post(address, form={"personal_code": CODE})
    page = seller.get(f"/clients/{client_id}").text
    assert CODE not in page and "•••" in page
    answer = seller.post(f"{address}/look", 200)
    assert CODE in answer.text and answer.headers["Cache-Control"] == "no-store"
    stranger.get(f"/clients/{client_id}")
    stranger.post(f"{address}/look", 403)
    stranger.post(address, 403, form={"personal_code": CODE})
    with site.factory() as session:
        looks = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "personal-code-seen")
        ).all()
        assert [(each.actor, each.client_id) for each in looks] == [(site.owner, client_id)]
    taken = f"/clients/{site.client_id}/personal-code"
    seller.post(taken, form={"personal_code": CODE})
    assert "Įmonės asmens kodo neturi" in seller.get(f"/clients/{site.client_id}").text
    seller.post(address, form={"personal_code": ""})
    assert "•••" not in seller.get(f"/clients/{client_id}").text


@pytest.mark.parametrize("language", ["lt", "en"])
def test_all_data_is_given_out_as_page_json_and_pdf(site: Site, language: str) -> None:
    officer = site.visitor("compliance")
    officer.language = language
    address = f"/clients/{site.client_id}/export"
    with site.factory() as session:
        name = session.get_one(Client, site.client_id).name
    assert name in officer.post(address, 200, form={"form": "html"}).text
    found = json.loads(officer.post(address, 200, form={"form": "json"}).data)
    assert found["client"]["name"] == name and found["process_instance"]
    assert officer.post(address, 200, form={"form": "pdf"}).data.startswith(b"%PDF-")
    officer.post(address, 404, form={"form": "exe"})
    for login in (site.owner, "manager"):
        site.visitor(login).post(address, 403, form={"form": "json"})
    with site.factory() as session:
        given_out = select(AuditEntry).where(AuditEntry.action == "exported")
        assert len(session.scalars(given_out).all()) == 3


def test_a_request_is_registered_by_a_salesperson_and_decided_by_compliance(site: Site) -> None:
    seller, officer = site.visitor(site.owner), site.visitor("compliance")
    form = {
        "client_id": str(site.client_id),
        "kind": "erasure",
        "requester": "Vardenis",
        "channel": "email",
        "received_on": "2026-11-20",
        "text": "Ištrinkite mano duomenis",
    }
    assert (
        "Vieno mėnesio" in seller.get(f"/data-protection/requests/new?client={site.client_id}").text
    )
    page = seller.post("/data-protection/requests/new", 422, form={**form, "requester": ""}).text
    assert "Šis laukas privalomas" in page
    seller.post("/data-protection/requests/new", form=form)
    seller.get("/data-protection", 403)
    assert "Ištrinti duomenis" in seller.get(f"/clients/{site.client_id}").text
    with site.factory() as session:
        ours = select(DataRequest.id).where(DataRequest.client_id == site.client_id)
        number = session.scalars(ours).one()
    address = f"/data-protection/requests/{number}"
    page = officer.get(address).text
    assert "2026-12-20" in page and "Tebevyksta procesas" in page
    page = officer.post(f"{address}/decide", 409, form={"decision": "done", "answer": "Gerai"}).text
    assert "Niekas neištrinta" in page and "Gerai" in page
    officer.post(f"{address}/decide", 422, form={"decision": "refused", "answer": ""})
    officer.post(f"{address}/extend", form={"reason": "Daug įrašų"})
    assert "2027-02-20" in officer.get(address).text
    officer.post(f"{address}/extend", 422, form={"reason": "Dar"})
    form = {"decision": "refused", "answer": "Vyksta derybos"}
    officer.post(f"{address}/decide", form=form)
    assert "Atsisakyta tenkinti" in officer.get("/data-protection").text
    officer.post(f"{address}/decide", form=form)
    assert "Vyksta derybos" in officer.get(address).text
    officer.post(f"/clients/{site.client_id}/restriction", form={"reason": "Ginčas"})
    assert "Duomenys tik saugomi nuo" in seller.get(f"/clients/{site.client_id}").text
    officer.post(f"/clients/{site.client_id}/restriction", form={"lift": "yes"})
    assert "Duomenys tik saugomi nuo" not in seller.get(f"/clients/{site.client_id}").text


def test_what_is_due_is_proposed_and_compliance_erases_or_keeps_it(site: Site) -> None:
    officer = site.visitor("compliance")
    with site.factory.begin() as session:
        session.execute(ErasureProposal.__table__.delete())
    site.clock.advance(timedelta(days=366 * 4))
    officer = site.visitor("compliance")
    erasure_proposals.look(site.factory)
    assert erasure_proposals.look(site.factory) == 0, "once a day"
    assert "laikas ištrinti" in officer.get("/notifications").text
    with site.factory() as session:
        assert session.scalars(select(Notification.kind).distinct()).all() == ["retention-due"]
        waiting = [each.id for each in erasure_proposals.open_proposals(session, 9_999)]
        first = session.get_one(ErasureProposal, waiting[0])
        client_id = first.client_id
    assert len(waiting) > 2
    page = officer.get("/data-protection/retention").text
    assert page.count('name="proposal"') == min(len(waiting), 200)
    keep = f"/data-protection/retention/{waiting[1]}/keep"
    officer.post(keep, 422, form={"until": "2020-01-01", "reason": "x"})
    officer.post(keep, 422, form={"until": "2099-01-01", "reason": ""})
    officer.post(keep, form={"until": "2099-01-01", "reason": "Ginčas"})
    officer.post("/data-protection/retention/erase", form={"proposal": str(waiting[0])})
    assert "Ištrintas 1 įrašas" in officer.get("/data-protection/retention").text
    page = officer.get(f"/clients/{client_id}").text
    assert "asmens duomenys ištrinti" in page and f"[{client_id}]" in page
    site.visitor(site.owner).get(f"/clients/{client_id}/edit", 404)
    with site.factory() as session:
        left = [each.id for each in erasure_proposals.open_proposals(session, 9_999)]
    assert set(left) == set(waiting) - set(waiting[:2])
    officer.post("/data-protection/retention/erase", form={})
    assert "Pasirinkite, ką ištrinti" in officer.get("/data-protection/retention").text
    period = "/data-protection/retention/periods/client"
    officer.post(period, 422, form={"years": "0", "source": "x"})
    officer.post(period, 422, form={"years": "x", "source": "x"})
    officer.post(period, form={"years": "7", "source": "Taisyklės", "by_law": "yes"})
    assert 'value="7"' in officer.get("/data-protection/retention").text
    officer.post(
        "/data-protection/retention/periods/nothing", 404, form={"years": "7", "source": "x"}
    )
