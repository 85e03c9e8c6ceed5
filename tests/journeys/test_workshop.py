"""The workshop in the browser: a step is drawn, corrected twice, tried, published and reached; what
the editors open and save again has lost nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import compiled, latest_version
from broker_crm.definitions.workspace import drafts, files
from tests.definitions.copies import ROOT
from tests.processes.test_bpmn_js_keeps_everything import facts

from .people_at_work import Person, served
from .test_renewal import started
from .walk import add_policy
from .workshop import DRAW_A_CALL, RENEWAL, write

FOREIGN = sorted((Path(__file__).parent / "foreign").glob("*.bpmn"))
DEFAULTS = {
    ("typeLanguage", "http://www.w3.org/2001/XMLSchema"),
    ("expressionLanguage", "http://www.w3.org/1999/XPath"),
    ("isClosed", "false"),
    ("processType", "None"),
    ("completionQuantity", "1"),
    ("startQuantity", "1"),
    ("isForCompensation", "false"),
}
"""Attributes that say what BPMN says without them; the modeler leaves them out."""
PASS_DIAGRAM = """async (content) => {
  const { modeler } = window.design;
  const { warnings } = await modeler.importXML(content);
  const { xml } = await modeler.saveXML({ format: true });
  return [warnings.map(String), xml];
}"""
PASS_FORM = """async (content) => {
  const { editor } = window.design;
  await editor.importSchema(JSON.parse(content));
  return JSON.stringify(editor.saveSchema());
}"""


@pytest.fixture
def furnished_url(furnished_sqlite_url: str) -> str:
    return furnished_sqlite_url


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Checks and trials take their time on a busy machine."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


def opened(person: Person, path: str) -> Page:
    person.page.set_default_timeout(90_000)
    person.visit(path)
    person.page.wait_for_selector("#editor[data-ready=yes]", timeout=60_000)
    return person.page


def finding(page: Page, text: str) -> Locator:
    found = page.locator("#findings-list .finding", has_text=text)
    expect(found).to_be_visible(timeout=90_000)
    return found


def test_a_new_step_is_drawn_corrected_tried_published_and_reached_by_a_running_case(
    brokerage, browser
):
    add_policy(brokerage, ends_in=60)
    case = started(brokerage)
    assert case.open == ["client-changes"]
    with served(brokerage.app) as address:
        designer = Person(browser, address, "designer")
        page = opened(designer, RENEWAL)
        expect(page.locator("#findings-summary[data-state=clean]")).to_be_visible(timeout=90_000)
        name = "Paskambinti dėl pakeitimų"
        task = page.evaluate(DRAW_A_CALL, ["Flow_ChangesAnswer_TermsKnown", name])
        correct(page, name)
        assert designer.complaints == []
        tried(designer, name)
        publish(page, "Skambutis dėl pakeitimų")
        with brokerage.factory() as session:
            version = latest_version(session, "renewal")
            drawn = compiled(session, version.id).elements[task]
            assert files.drafts(session) == {}
        assert (version.number, version.author) == (2, "designer")
        assert (drawn.name, drawn.form_key, drawn.step) == (name, "renewal-call", "changes-call")
        assert drawn.properties["standardWorkingDays"] == "3"
        assert (drawn.assignee, drawn.candidate_groups) == ("=owner", "salesperson")
        move(designer)
        designer.leave()

        seller = Person(browser, address, brokerage.owner)
        seller.page.set_default_timeout(90_000)
        seller.open_task("Kas pasikeitė? Klausti kliento")
        seller.answer("client-changes", changesOutcome="no-changes")
        seller.complete()
        assert case.open == ["changes-call"]
        brokerage.clock.advance(timedelta(days=3))
        case.sweep()
        assert case.told("reminder") == {brokerage.owner}
        seller.open_task(name)
        seller.answer("renewal-call", renewalCallOutcome="accepts")
        seller.complete()
        assert case.open == ["incumbent-terms"]
        seller.leave()


def correct(page: Page, name: str) -> None:
    """Two mistakes in the properties of the new step, each told and mended."""
    write(page, "Žingsnis", "Žingsnio raktas", "changes-call")
    write(page, "Žingsnis", "Forma", "renewal-cal")
    found = finding(page, "Formos „renewal-cal“ nėra.")
    expect(page.locator(".finding-badge-error")).to_be_visible()
    found.get_by_role("button", name=name).click()
    write(page, "Žingsnis", "Forma", "renewal-call")
    expect(found).to_have_count(0, timeout=90_000)
    write(page, "Rezultatas ir matavimas", "Rezultatai", "ok,not-ok")
    found = finding(page, "todėl užduoties užbaigti negalima")
    write(page, "Rezultatas ir matavimas", "Rezultatai", "")
    expect(found).to_have_count(0, timeout=90_000)
    expect(page.locator("#findings-summary[data-state=errors]")).to_have_count(0)
    expect(page.locator("#save-state[data-state=saved]")).to_be_visible()


def tried(designer: Person, name: str) -> None:
    """A trial of the draft, saved as a scenario and run."""
    designer.visit("/design/try/renewal")
    page = designer.page
    page.get_by_label("Versija").select_option("drafts")
    page.get_by_role("button", name="Pradėti", exact=True).click()
    asked = page.locator("[data-trial-form][data-ready=yes]")
    asked.get_by_label("Pakeitimų nėra", exact=True).check()
    page.get_by_role("button", name="Užbaigti").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=60_000)
    page.get_by_label("Pavadinimas").fill("Skambutis be pakeitimų")
    page.get_by_role("button", name="Įrašyti scenarijų").click()
    page.get_by_role("button", name="Paleisti visus scenarijus").click()
    expect(page.locator("#scenarios .badge-good")).to_be_visible(timeout=60_000)
    designer.visit("/design/publish")


def publish(page: Page, note: str) -> None:
    page.get_by_label("Kas pakeista").fill(note)
    page.get_by_role("button", name="Skelbti").click()
    expect(page.get_by_text("Paskelbta: Pratęsimas 2.")).to_be_visible(timeout=90_000)


def move(designer: Person) -> None:
    """The running cases of the version before, rehearsed and moved."""
    designer.visit("/design/versions/renewal")
    page = designer.page
    page.get_by_text("Perkelti procesus").click()
    page.get_by_role("button", name="Išbandyti").click()
    page.locator("button[name=which][value=all]").click()
    expect(page.locator("main")).to_contain_text("Perkelta")


def test_two_designers_at_one_file_are_told_and_nothing_is_lost(brokerage, browser):
    key = (ResourceKind.LETTER, "intro.lt")
    with served(brokerage.app) as address:
        designer = Person(browser, address, "designer")
        page = opened(designer, "/design/files/letter/intro.lt")
        expect(page.locator("#preview")).not_to_be_empty()
        with brokerage.factory.begin() as session:
            before = files.content_of(session, key) or b""
            seen = files.content_hash(before)
            drafts.save(session, key, before + b"Kolegos.\n", seen=seen, by="admin")
        page.locator("#text").fill("Subject: Mano\n\nMano tekstas.\n")
        expect(page.locator("#conflict")).to_be_visible()
        expect(page.locator("#conflict-message")).to_contain_text("Jūsų tekstas")
        page.get_by_role("button", name="Manąjį palikti kaip kopiją").click()
        page.wait_for_url("**/intro-copy.lt")
        expect(page.locator("#text")).to_have_value("Subject: Mano\n\nMano tekstas.\n")
        with brokerage.factory() as session:
            assert files.content_of(session, key) == before + b"Kolegos.\n"
        designer.page.close()


def test_the_editors_lose_nothing_of_our_files_and_of_other_tools(brokerage, browser):
    with served(brokerage.app) as address:
        designer = Person(browser, address, "designer")
        page = opened(designer, RENEWAL)
        kinds = len(list((ROOT / "bpmn/element-templates").glob("*.json")))
        known = "window.design.modeler.get('elementTemplates').getAll().length"
        assert page.evaluate(known) == kinds >= 11
        for path in [*sorted((ROOT / "bpmn").glob("*.bpmn")), *FOREIGN]:
            before = path.read_text()
            warnings, after = page.evaluate(PASS_DIAGRAM, before)
            kept, written = facts(before), facts(after)
            lost = [each for each in sorted(kept - written) if each[1:] not in DEFAULTS]
            assert (warnings, lost, sorted(written - kept)) == ([], [], []), path
        page = opened(designer, "/design/files/dmn/step_standards.dmn")
        for path in sorted((ROOT / "bpmn").glob("*.dmn")):
            before = path.read_text()
            warnings, after = page.evaluate(PASS_DIAGRAM, before)
            kept, written = facts(before), facts(after)
            assert (warnings, sorted(kept - written), sorted(written - kept)) == ([], [], []), path
        page = opened(designer, "/design/files/form/first-call")
        for path in sorted((ROOT / "forms").glob("*.form")):
            before = json.loads(path.read_text())
            after = json.loads(page.evaluate(PASS_FORM, path.read_text()))
            for added in ("exporter",):
                after.pop(added, None)
                before.pop(added, None)
            assert after == before, path
        assert designer.complaints == []
        with brokerage.factory() as session:
            assert files.drafts(session) == {}
        designer.page.close()


def test_the_editors_speak_lithuanian_and_leave_what_people_wrote(brokerage, browser):
    key = (ResourceKind.FORM, "kalba")
    named = {"type": "textfield", "id": "F", "key": "text", "label": "Text area"}
    schema = {"type": "default", "id": "kalba", "schemaVersion": 19, "components": [named]}
    with brokerage.factory.begin() as session:
        drafts.create(session, key, json.dumps(schema).encode(), by="designer")
    with served(brokerage.app) as address:
        designer = Person(browser, address, "designer")
        page = opened(designer, "/design/files/form/kalba")
        expect(page.locator(".fjs-palette-header")).to_have_text("Sudedamosios dalys")
        page.locator("#canvas .fjs-form-field-textfield").click()
        expect(page.locator(".bio-properties-panel-header-type")).to_have_text("Teksto eilutė")
        expect(page.locator(".bio-properties-panel-header-label")).to_have_text("Text area")
        expect(page.locator("#canvas .fjs-form-field-label")).to_have_text("Text area")
        page = opened(designer, RENEWAL)
        expect(page.locator(".bio-properties-panel-header-type")).to_have_text("Bendradarbiavimas")
        assert designer.complaints == []
        designer.page.close()
