"""A sales manager brings an office's file in, in a browser, and takes it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from broker_crm import worker
from broker_crm.crm.models import Client
from broker_crm.process.models import ProcessInstance
from tests.journeys.people_at_work import Person, served

HEADING = "Firma;Kodas;El. paštas;Telefonas"


@pytest.fixture
def manager(brokerage: Any, browser: Browser) -> Iterator[Person]:
    with served(brokerage.app) as address:
        person = Person(browser, address, "manager")
        person.visit("/imports")
        yield person
        assert person.complaints == []
        person.leave()


def choose(manager: Person, folder: Path, *rows: str) -> None:
    path = folder / "klientai.csv"
    path.write_bytes("\r\n".join((HEADING, *rows)).encode("cp1257"))
    manager.page.get_by_label("Failas").set_input_files(path)
    manager.page.get_by_role("button", name="Peržiūrėti failą").click()


def clients(brokerage: Any, email: str) -> list[Client]:
    with brokerage.factory() as session:
        return list(session.scalars(select(Client).where(Client.email == email)))


def test_a_file_is_mapped_checked_brought_in_and_taken_back(
    brokerage: Any, manager: Person, tmp_path: Path
) -> None:
    page = manager.page
    choose(manager, tmp_path, "UAB „Šiaurės žuvis“;990000012;info@zuvis.example;8 612 34567")
    expect(page.get_by_text("Nepasirinktas stulpelis laukui: Pavadinimas")).to_be_visible()
    page.get_by_label("Pavadinimas").select_option("Firma")
    page.get_by_role("button", name="Tikrinti iš naujo").click()
    expect(page.get_by_role("cell", name="UAB „Šiaurės žuvis“").last).to_be_visible()
    assert clients(brokerage, "info@zuvis.example") == []
    page.get_by_label("Ne, tik išsaugoti").check()
    page.get_by_role("button", name="Importuoti", exact=True).click()
    expect(page.get_by_text("Importuotas 1 įrašas.")).to_be_visible()
    (client,) = clients(brokerage, "info@zuvis.example")
    assert (client.name, client.phone) == ("UAB „Šiaurės žuvis“", "+37061234567")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Atšaukti importą").click()
    expect(page.get_by_text("Importas atšauktas.")).to_be_visible()
    assert clients(brokerage, "info@zuvis.example") == []


def test_wrong_rows_are_told_with_their_place_and_nothing_comes_in(
    brokerage: Any, manager: Person, tmp_path: Path
) -> None:
    page = manager.page
    choose(
        manager,
        tmp_path,
        "UAB Gera;;gera@example.lt;861234567",
        "UAB Bloga;123456789;ne-pastas;12",
    )
    page.get_by_label("Pavadinimas").select_option("Firma")
    page.get_by_role("button", name="Tikrinti iš naujo").click()
    expect(page.get_by_text("Tai ne įmonės kodas")).to_be_visible()
    expect(page.get_by_text("Pataisykite klaidingas eilutes")).to_be_visible()
    expect(page.get_by_role("button", name="Importuoti", exact=True)).to_have_count(0)
    assert clients(brokerage, "gera@example.lt") == []


def test_sales_begin_once_for_each_new_client_when_asked_for(
    brokerage: Any, manager: Person, tmp_path: Path
) -> None:
    page = manager.page
    choose(manager, tmp_path, "UAB Pirma;;pirma@example.lt;861234561")
    page.get_by_label("Pavadinimas").select_option("Firma")
    page.get_by_role("button", name="Tikrinti iš naujo").click()
    page.get_by_label("Taip, kiekvienam po pardavimą").check()
    page.get_by_role("button", name="Importuoti", exact=True).click()
    expect(page.get_by_text("Nurodykite, kuris produktas bus parduodamas.")).to_be_visible()
    page.get_by_label("Taip, kiekvienam po pardavimą").check()
    page.get_by_label("Parduodamas produktas").select_option(str(brokerage.product_id))
    page.get_by_role("button", name="Importuoti", exact=True).click()
    expect(page.get_by_text("Importuotas 1 įrašas.")).to_be_visible()
    for _again in range(2):
        worker.sweep(brokerage.factory, brokerage.settings)
    (client,) = clients(brokerage, "pirma@example.lt")
    with brokerage.factory() as session:
        cases = session.scalars(
            select(ProcessInstance).where(ProcessInstance.client_id == client.id)
        ).all()
    assert [(case.process_key, case.owner) for case in cases] == [("new-client-sale", "manager")]
    manager.complaints.clear()


def test_what_is_no_table_is_told_in_the_person_s_language(manager: Person, tmp_path: Path) -> None:
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    manager.page.get_by_label("Failas").set_input_files(picture)
    manager.page.get_by_role("button", name="Peržiūrėti failą").click()
    expect(manager.page.get_by_text("Tai ne lentelė")).to_be_visible()
    manager.complaints.clear()
