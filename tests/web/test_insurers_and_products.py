"""Pages on which insurers and products are kept: contacts, commissions, documents, searches."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import select

from broker_crm.crm.models import (
    CommissionAgreement,
    Document,
    Insurer,
    InsurerContact,
    Product,
    ProductDocument,
)

from .conftest import Site, Visitor

PDF = b"%PDF-1.7 ipid"
INSURER = {
    "name": "Žemaitijos Draudimas",
    "kind": "branch",
    "licence": "Nr. 7",
    "on_panel": "yes",
    "website": "draudimas.example/lt",
    "email": "info@draudimas.example",
    "phone": "8 612 34567",
    "notes": "Atsako per dieną.\nNedirba penktadieniais.",
}
PRODUCT = {
    "name": "Žemės ūkio draudimas",
    "name_en": "Farm insurance",
    "complexity": "C",
    "insurance_group": "property",
    "product_manager": "product",
    "target_market": "Ūkininkams, ne sodininkams.",
}
AGREEMENT = {"product_id": "", "percent": "12,5", "valid_from": "2026-01-01", "valid_to": ""}


def added(visitor: Visitor, path: str, form: dict[str, str]) -> str:
    return visitor.post(path, 303, form=form).location.partition("#")[0]


def edit(visitor: Visitor, path: str, expected: int, form: dict[str, str]) -> str:
    """Open the form, write and save."""
    return save(visitor, path, expected, {**form, "seen": seen(visitor, path)})


def save(visitor: Visitor, path: str, expected: int, form: dict[str, str]) -> str:
    return visitor.post(f"{path}/edit", expected, form=form).text


def seen(visitor: Visitor, path: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', visitor.get(f"{path}/edit").text)
    assert found is not None
    return found[1]


def bring(
    visitor: Visitor, path: str, expected: int, content: bytes, name: str = "ipid.pdf", **form: str
) -> str:
    sent = {"kind": "ipid", "insurer_id": "", "valid_from": "2026-11-01", **form}
    answer = visitor.client.post(
        f"{path}/documents/new",
        data={**sent, "file": (BytesIO(content), name)},
        headers={"X-CSRFToken": visitor.token(), "Accept-Language": visitor.language},
    )
    assert answer.status_code == expected, answer.status
    return answer.text


@pytest.mark.parametrize("login", ["product", "manager", "admin"])
def test_an_insurer_is_added_found_and_changed(site: Site, login: str) -> None:
    keeper = site.visitor(login)
    path = added(keeper, "/insurers/new", INSURER)
    page = site.visitor(site.owner).get(path).text
    for text in (
        "Žemaitijos Draudimas",
        "Užsienio draudiko filialas",
        "Nr. 7",
        'href="https://draudimas.example/lt"',
        "tel:+37061234567",
        "Nedirba penktadieniais",
    ):
        assert text in page, text
    assert "/edit" not in page
    for query, there in (("ZEMAITIJOS", True), ("draudimas zema", True), ("zzz", False)):
        listed = keeper.get(f"/insurers?q={query}").text
        assert ("Žemaitijos" in listed) is there and ("Draudikų nerasta" in listed) is not there
    edited = keeper.get(f"{path}/edit").text
    assert 'value="https://draudimas.example/lt"' in edited and "Atsako per dieną" in edited
    edit(keeper, path, 303, {"name": "Žemaitija", "kind": "company"})
    page = keeper.get(path).text
    assert "Žemaitija" in page and "Nedirbame" in page and "Nr. 7" not in page


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", " ", "Šis laukas privalomas"),
        ("name", "baltijos SKYDAS", "tokiu pavadinimu jau yra"),
        ("name", "x" * 121, "120"),
        ("kind", "bank", "Pasirinkite vieną iš siūlomų reikšmių"),
        ("website", "javascript://draudimas.example/%0aalert(1)", "https://draudikas.example"),
        ("website", "ne svetainė", "https://draudikas.example"),
        ("email", "ne adresas", "el. pašto"),
        ("phone", "123", "+37061234567"),
    ],
)
def test_a_wrong_insurer_is_refused_by_field(site: Site, field: str, value: str, told: str) -> None:
    keeper = site.visitor("manager")
    page = keeper.post("/insurers/new", 422, form={**INSURER, field: value}).text
    assert told in page and "Atsako per dieną" in page
    with site.factory() as session:
        assert session.scalar(select(Insurer).where(Insurer.licence == "Nr. 7")) is None


def test_refusals_are_told_in_english_too(site: Site) -> None:
    keeper = site.visitor("manager")
    keeper.post("/language/en")
    form = {**INSURER, "name": "Baltijos Skydas", "website": "x y"}
    page = keeper.post("/insurers/new", 422, form=form).text
    assert "An insurer is called so" in page and "Write the address of the page" in page
    form = {"product_id": "", "purpose": "quotes", "name": "", "email": "", "phone": ""}
    page = keeper.post("/insurers/1/contacts/new", 422, form=form).text
    assert "change that one" in page and "Write an e-mail address or a telephone number" in page


def test_contact_points_are_added_changed_and_removed(site: Site) -> None:
    keeper = site.visitor("product")
    path = added(keeper, "/insurers/new", INSURER)
    with site.factory() as session:
        cargo = session.scalars(select(Product).where(Product.key == "cargo")).one()
    form = {"product_id": str(cargo.id), "purpose": "claims", "email": "zalos@draudimas.example"}
    keeper.post(f"{path}/contacts/new", 303, form={**form, "name": "Rūta", "phone": "861234567"})
    with site.factory() as session:
        point = session.scalars(select(InsurerContact).order_by(InsurerContact.id.desc())).first()
    assert point is not None
    page = site.visitor(site.owner).get(path).text
    assert "mailto:zalos@draudimas.example" in page and "Krovinių" in page
    assert f"/contacts/{point.id}" not in page
    for wrong, told in (
        ({"email": "x"}, "el. pašto"),
        ({"email": ""}, "Įrašykite el. pašto adresą arba telefono numerį"),
        ({"purpose": "gossip"}, "Pasirinkite vieną iš siūlomų reikšmių"),
        ({"product_id": "999"}, "Pasirinkite vieną iš siūlomų reikšmių"),
    ):
        assert told in keeper.post(f"{path}/contacts/new", 422, form={**form, **wrong}).text
    own = f"{path}/contacts/{point.id}"
    assert "kontaktas jau yra" in keeper.post(f"{path}/contacts/new", 422, form=form).text
    assert 'value="Rūta"' in keeper.get(own).text
    keeper.post(own, 303, form={**form, "name": "Ona"})
    assert "Ona" in keeper.get(path).text
    keeper.get(f"/insurers/1/contacts/{point.id}", 404)
    keeper.post(f"/insurers/1/contacts/{point.id}/remove", 404)
    keeper.post(f"{own}/remove", 303)
    assert "zalos@" not in keeper.get(path).text


def test_agreements_are_added_and_ended_and_never_overlap(site: Site) -> None:
    keeper = site.visitor("manager")
    path = added(keeper, "/insurers/new", INSURER)
    keeper.post(f"{path}/commissions/new", 303, form={**AGREEMENT, "note": "Sutartis 5"})
    page = site.visitor(site.owner).get(path).text
    assert "12,5" in page and "Sutartis 5" in page and "Užbaigti susitarimą" not in page
    with site.factory() as session:
        newest = select(CommissionAgreement).order_by(CommissionAgreement.id.desc())
        agreement = session.scalars(newest).first()
    assert agreement is not None and agreement.created_by == "manager"
    again = keeper.post(f"{path}/commissions/new", 422, form=AGREEMENT).text
    assert "nuo 2026-01-01 iki …" in again
    end = f"{path}/commissions/{agreement.id}/end"
    keeper.post(end, 303, form={"valid_to": "2025-12-31"})
    assert "Paskutinė diena turi būti vėlesnė" in keeper.get(path).text
    keeper.post(end, 303, form={"valid_to": ""})
    assert "Šis laukas privalomas" in keeper.get(path).text
    keeper.post(end, 303, form={"valid_to": "2026-12-31"})
    keeper.post(end, 303, form={"valid_to": "2027-12-31"})
    assert "jau baigiasi 2026-12-31" in keeper.get(path).text
    keeper.post(f"/insurers/1/commissions/{agreement.id}/end", 404, form={"valid_to": "2026-06-30"})
    again = keeper.post(f"{path}/commissions/new", 422, form=AGREEMENT).text
    assert "nuo 2026-01-01 iki 2026-12-31" in again
    keeper.post(f"{path}/commissions/new", 303, form={**AGREEMENT, "valid_from": "2027-01-01"})
    keeper.post(f"{path}/commissions/new", 303, form={**AGREEMENT, "product_id": "1"})


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("percent", "", "Šis laukas privalomas"),
        ("percent", "0", "ne mažesnė kaip 0.01"),
        ("percent", "100,01", "ne didesnė kaip 100"),
        ("percent", "1,234", "2 skaitmenis"),
        ("percent", "daug", "Netinkamas reikšmės tipas"),
        ("product_id", "999", "Pasirinkite vieną iš siūlomų reikšmių"),
        ("valid_from", "", "Šis laukas privalomas"),
        ("valid_to", "2025-12-31", "Paskutinė diena turi būti vėlesnė"),
    ],
)
def test_a_wrong_agreement_is_refused_by_field(
    site: Site, field: str, value: str, told: str
) -> None:
    keeper = site.visitor("product")
    path = added(keeper, "/insurers/new", INSURER)
    page = keeper.post(f"{path}/commissions/new", 422, form={**AGREEMENT, field: value}).text
    assert told in page
    assert "Dėl komisinių nesusitarta" in keeper.get(path).text


def test_a_new_product_says_that_it_has_no_terms_and_where_to_add_them(site: Site) -> None:
    manager = site.visitor("product")
    path = added(manager, "/products/new", PRODUCT)
    page = manager.get(path).text
    assert "dar neturi standartinių sąlygų" in page and 'href="#add-terms"' in page
    assert "Ūkininkams, ne sodininkams" in page
    page = site.visitor(site.owner).get(path).text
    assert "Jas čia įrašo produkto vadovas" in page and "add-terms" not in page
    assert "Žemės ūkio" in manager.get("/products?q=ZEMES").text
    assert "Žemės ūkio" in manager.get("/products?q=farm").text
    assert "Produktų nerasta" in manager.get("/products?q=zzzz").text
    assert "zemes-ukio-draudimas" in manager.get(f"{path}/edit").text
    edit(manager, path, 303, {**PRODUCT, "name": "Ūkio draudimas"})
    with site.factory() as session:
        product = session.scalars(select(Product).where(Product.name == "Ūkio draudimas")).one()
    assert product.key == "zemes-ukio-draudimas"


def test_another_managers_product_is_changed_by_sales_managers_only(site: Site) -> None:
    path = added(site.visitor("manager"), "/products/new", PRODUCT)
    stranger = site.visitor("gintaras")
    assert f"{path}/edit" not in stranger.get(path).text
    stranger.get(f"{path}/edit", 403)
    stranger.get(f"{path}/documents/new", 403)
    stranger.post(f"{path}/edit", 403, form=PRODUCT)
    bring(stranger, path, 403, PDF)
    edit(site.visitor("manager"), path, 303, PRODUCT)


@pytest.mark.parametrize(
    ("listing", "form", "theirs", "mine"),
    [
        ("/insurers", INSURER, {"phone": "+37061111111"}, {"notes": "Mano pastaba"}),
        ("/products", PRODUCT, {"name_en": "Farming"}, {"target_market": "Mano pastaba"}),
    ],
)
def test_what_two_people_write_at_once_is_shown_to_the_second_and_nothing_is_overwritten(
    site: Site, listing: str, form: dict[str, str], theirs: dict[str, str], mine: dict[str, str]
) -> None:
    keeper = site.visitor("manager")
    path = added(keeper, f"{listing}/new", form)
    before = seen(keeper, path)
    edit(site.visitor("admin"), path, 303, {**form, **theirs})
    page = save(keeper, path, 409, {**form, **mine, "seen": before})
    (written,) = theirs.values()
    assert "šį įrašą pakeitė kitas žmogus" in page and f": {written}</li>" in page
    assert "Mano pastaba" in page
    assert "Mano pastaba" not in keeper.get(path).text
    again = re.search(r'name="seen" value="(\w+)"', page)
    assert again is not None
    save(keeper, path, 303, {**form, **theirs, **mine, "seen": again[1]})
    assert "Mano pastaba" in keeper.get(path).text
    save(keeper, path, 409, form)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "Šis laukas privalomas"),
        ("name_en", "travel INSURANCE", "jau taip vadinasi"),
        ("complexity", "D", "Pasirinkite vieną iš siūlomų reikšmių"),
        ("insurance_group", "", "Pasirinkite vieną iš siūlomų reikšmių"),
        ("product_manager", "ruta", "Pasirinkite vieną iš siūlomų reikšmių"),
        ("target_market", "x" * 4_001, "4000"),
    ],
)
def test_a_wrong_product_is_refused_by_field(site: Site, field: str, value: str, told: str) -> None:
    page = site.visitor("manager").post("/products/new", 422, form={**PRODUCT, field: value}).text
    assert told in page.replace("\xa0", "")


def test_the_document_in_force_is_given_and_older_ones_stay(site: Site) -> None:
    manager = site.visitor("product")
    path = added(manager, "/products/new", PRODUCT)
    bring(manager, path, 303, PDF + b" 1", "senas.pdf", valid_from="2025-01-01")
    bring(manager, path, 303, PDF + b" 2", "dabar.pdf")
    bring(manager, path, 303, PDF + b" 3", "bus.pdf", valid_from="2027-01-01")
    bring(manager, path, 303, PDF + b" 4", "draudiko.pdf", insurer_id="1")
    with site.factory() as session:
        found = session.execute(
            select(Document.file_name, ProductDocument.id).join(
                ProductDocument, ProductDocument.document_id == Document.id
            )
        )
        ids = dict(found.all())
    page = site.visitor(site.owner).get(path).text
    assert page.count("Teikiamas šiandien") == 2 and "Dar negalioja" in page
    assert page.index("dabar.pdf") < page.index("bus.pdf") < page.index("senas.pdf")
    assert "/remove" not in page
    file = site.visitor(site.owner).get(f"{path}/documents/{ids['dabar.pdf']}")
    assert file.data == PDF + b" 2" and file.mimetype == "application/pdf"
    assert "attachment" in file.headers["Content-Disposition"]
    manager.get(f"/products/1/documents/{ids['dabar.pdf']}", 404)
    again = bring(manager, path, 422, PDF, "dar.pdf")
    assert "nuo šios dienos jau yra" in again
    manager.post(f"{path}/documents/{ids['dabar.pdf']}/remove", 303)
    page = manager.get(path).text
    assert "dabar.pdf" not in page and page.count("Teikiamas šiandien") == 2
    bring(manager, path, 303, PDF + b" 2", "vel.pdf")


@pytest.mark.parametrize(
    ("name", "content", "form", "told"),
    [
        ("ipid.docx", b"PK\x03\x04", {}, "Pasirinkite PDF failą"),
        ("ipid.pdf", b"MZ program", {}, "neatitinka pavadinimo"),
        ("ipid.pdf", b"", {}, "tuščias"),
        ("ipid.pdf", PDF, {"kind": "advert"}, "Pasirinkite vieną iš siūlomų reikšmių"),
        ("ipid.pdf", PDF, {"insurer_id": "999"}, "Pasirinkite vieną iš siūlomų reikšmių"),
        ("ipid.pdf", PDF, {"valid_from": ""}, "Šis laukas privalomas"),
    ],
)
def test_a_wrong_document_is_refused_by_field(
    site: Site, name: str, content: bytes, form: dict[str, str], told: str
) -> None:
    manager = site.visitor("product")
    path = added(manager, "/products/new", PRODUCT)
    page = bring(manager, path, 422, content, name, **form)
    assert told in page, page[page.find("wrong") :][:300]
    assert "Dokumentų dar nėra" in manager.get(path).text
