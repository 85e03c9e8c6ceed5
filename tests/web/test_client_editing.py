"""Clients are written by people: what is wrong is named, what looks alike is asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from broker_crm.crm.identifiers import company_check_digit
from broker_crm.crm.models import Client, Interaction
from tests.web.conftest import Site, Visitor

CODE = "99100001" + company_check_digit("99100001")
COMPANY = {
    "kind": "legal",
    "name": "UAB „Ąžuolų giria“",
    "code": CODE,
    "vat_code": f"LT {CODE}",
    "email": "info@giria.example",
    "phone": "8 612 34567",
    "language": "lt",
    "bank_account": "LT12 1000 0111 0100 1000",
    "contact_first_name": "Ona",
    "contact_surname": "Girienė",
}


def clients(site: Site, **wanted: Any) -> list[Client]:
    with site.factory() as session:
        return list(session.scalars(select(Client).filter_by(**wanted)))


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def one_of(site: Site) -> Client:
    (client,) = clients(site, id=site.client_id)
    return client


def test_a_new_client_is_written_with_its_contact_and_belongs_to_who_wrote(site: Site) -> None:
    seller = site.visitor("ruta")
    page = seller.client.get(seller.post("/clients/new", form=COMPANY).location).text
    assert "Ąžuolų giria" in page
    (client,) = clients(site, code=CODE)
    assert (client.owner, client.phone, client.vat_code) == ("ruta", "+37061234567", f"LT{CODE}")
    assert client.bank_account == "LT121000011101001000"
    assert [(each.first_name, each.role) for each in client.contacts] == [("Ona", "director")]
    assert "giria" in seller.get("/clients?q=azuolu").text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "Šis laukas privalomas"),
        ("code", "123456789", "Tai ne įmonės kodas"),
        ("code", "", "Šis laukas privalomas"),
        ("vat_code", "LT12", "Tai ne PVM mokėtojo kodas"),
        ("email", "ne pastas", "el. pašto adresas"),
        ("phone", "12", "šalies kodu"),
        ("bank_account", "LT13 1000 0111 0100 1000", "Tai ne IBAN"),
        ("contact_phone", "x", "šalies kodu"),
        ("contact_email", "x", "el. pašto adresas"),
        ("contact_first_name", "", "Šis laukas privalomas"),
        ("contact_surname", "", "Šis laukas privalomas"),
        ("kind", "ateivis", "siūlomų reikšmių"),
        ("language", "xx", "siūlomų reikšmių"),
        ("staff", "daug", "sveikąjį skaičių"),
    ],
)
def test_a_wrong_field_is_named_and_what_was_typed_stays(
    site: Site, field: str, value: str, told: str
) -> None:
    page = site.visitor("ruta").post("/clients/new", 422, form={**COMPANY, field: value}).text
    assert told in page
    kept = "region" if field == "name" else "name"
    form = {**COMPANY, "region": "Vilnius", field: value}
    page = site.visitor("ruta").post("/clients/new", 422, form=form).text
    assert f'name="{kept}" value="{form[kept]}"' in page
    assert clients(site, email="info@giria.example") == []


def test_a_code_belongs_to_one_client(site: Site) -> None:
    site.visitor("ruta").post("/clients/new", form=COMPANY)
    again = {**COMPANY, "email": "", "vat_code": "", "phone": ""}
    page = site.visitor("jonas").post("/clients/new", 422, form=again).text
    assert "Tokį kodą turi kitas klientas" in page


@pytest.mark.parametrize("alike", ["email", "phone"])
def test_one_who_looks_alike_is_asked_about(site: Site, alike: str) -> None:
    seller = site.visitor("ruta")
    seller.post("/clients/new", form=COMPANY)
    other = {
        "kind": "foreign",
        "name": "Giria Ąžuolų, UAB" if alike == "phone" else "Other",
        "language": "en",
        alike: COMPANY[alike],
    }
    page = seller.post("/clients/new", 409, form=other).text
    assert "Ar tai ne vienas iš šių klientų?" in page and "UAB „Ąžuolų giria“" in page
    assert len(clients(site, kind="foreign", language="en", name=other["name"])) == 0
    seller.post("/clients/new", form={**other, "anyway": "yes"})
    assert len(clients(site, name=other["name"])) == 1


def form_of(visitor: Visitor, client_id: int) -> dict[str, str]:
    page = visitor.get(f"/clients/{client_id}/edit").text
    fields = dict(
        re.findall(r'<input type="(?:text|email|tel)" name="(\w+)" value="([^"]*)"', page)
    )
    chosen = re.findall(r'<select name="(\w+)">.*?<option value="(\w*)" selected', page, re.DOTALL)
    return {**fields, **dict(chosen), "seen": seen(page)}


def test_a_change_is_written_into_the_history(site: Site) -> None:
    before = one_of(site)
    seller = site.visitor(site.owner)
    form = {**form_of(seller, site.client_id), "region": "Neringa"}
    seller.post(f"/clients/{site.client_id}/edit", form=form)
    after = one_of(site)
    assert (after.region, after.name, after.owner) == ("Neringa", before.name, before.owner)
    with site.factory() as session:
        (note,) = session.scalars(select(Interaction).where(Interaction.kind == "change"))
    assert note.author == site.owner
    assert note.text == f"Regionas: {before.region} → Neringa"
    assert "Pakeisti duomenys" in seller.get(f"/clients/{site.client_id}").text


def test_what_two_people_write_at_once_is_not_overwritten(site: Site) -> None:
    seller, manager = site.visitor(site.owner), site.visitor("manager")
    mine, theirs = form_of(seller, site.client_id), form_of(manager, site.client_id)
    manager.post(f"/clients/{site.client_id}/edit", form={**theirs, "region": "Nida"})
    page = seller.post(
        f"/clients/{site.client_id}/edit", 409, form={**mine, "address": "Kopa"}
    ).text
    assert "Kol rašėte" in page and "Regionas: Nida" in page and 'value="Kopa"' in page
    assert one_of(site).address != "Kopa"
    again = {**mine, "address": "Kopa", "region": "Nida", "seen": seen(page)}
    seller.post(f"/clients/{site.client_id}/edit", form=again)
    assert (one_of(site).address, one_of(site).region) == ("Kopa", "Nida")


def test_only_those_who_see_a_client_change_it_and_only_managers_give_it_away(site: Site) -> None:
    stranger = site.visitor(site.colleague)
    stranger.get(f"/clients/{site.client_id}/edit", 404)
    stranger.post(f"/clients/{site.client_id}/edit", 404, form=COMPANY)
    stranger.get("/clients/99999/edit", 404)
    seller, manager = site.visitor(site.owner), site.visitor("manager")
    form = {**form_of(seller, site.client_id), "owner": site.colleague}
    seller.post(f"/clients/{site.client_id}/edit", form=form)
    assert one_of(site).owner == site.owner
    form = {**form_of(manager, site.client_id), "owner": site.colleague}
    manager.post(f"/clients/{site.client_id}/edit", form=form)
    assert one_of(site).owner == site.colleague
