"""A designer tries a process in the browser, saves what was seen, and hears when it breaks."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from sqlalchemy import func, select

from broker_crm.crm.models import Client
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.workspace import drafts, files
from broker_crm.outreach.models import Letter
from broker_crm.process.models import ProcessInstance
from broker_crm.scenarios.models import SavedScenario

from .conftest import Site, Visitor

TRY = "/design/try/new-client-sale"
BEGIN = {
    "begins": "2026-03-02T09:00",
    "product": "liability",
    "kind": "legal",
    "consent": "1",
    "client_id": "",
}
LETTER = {
    "introLetterOutcome": "send",
    "letterLanguage": "lt",
    "recipientEmail": "bandymas@klientas.example",
}


def script(page: str) -> dict[str, Any]:
    """The scenario that the page carries."""
    found = re.search(r'name="script" value="([^"]*)"', page)
    assert found
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


def step(visitor: Visitor, page: str, act: str, expected: int = 200, **fields: Any) -> str:
    values = fields.pop("values", {})
    form = {"script": json.dumps(script(page)), "act": act, "values": json.dumps(values), **fields}
    return visitor.post(f"{TRY}/step", expected, form=form).text


def content(site: Site) -> tuple[int | None, ...]:
    with site.factory() as session:
        tables = (ProcessInstance, Letter, Client, SavedScenario)
        return tuple(session.scalar(select(func.count()).select_from(each)) for each in tables)


def test_a_trial_is_walked_saved_run_and_removed(site: Site) -> None:
    designer = site.visitor("designer")
    before = content(site)
    page = designer.post(f"{TRY}/begin", 200, form=BEGIN).text
    assert "1. El. laiškas" in page and "2026-03-02 09:00" in page
    page = step(designer, page, "do:intro-letter", values=LETTER)
    assert "2. Skambutis" in page and "bandymas@klientas.example" in page
    page = step(designer, page, "wait:1 working day")
    assert "2026-03-03 09:05" in page
    page = step(designer, page, "back")
    assert [next(iter(each)) for each in script(page)["steps"]] == ["do"]
    assert content(site) == before
    save = {"script": json.dumps(script(page)), "title": "Laiškas išsiųstas", "row_version": ""}
    designer.post(f"{TRY}/save", 303, form={**save, "expect": "letters"})
    with site.factory() as session:
        (row,) = session.scalars(select(SavedScenario))
        told = json.loads(row.content)
    assert told["expect"] == {"letters": ["intro"]} and row.author == "designer"
    assert (row.name, told["title"]) == ("laiskas-issiustas", "Laiškas išsiųstas")
    assert "neperrašyta" in designer.post(f"{TRY}/save", 409, form=save).text
    ran = designer.post(f"{TRY}/run", 200).text
    assert "Laiškas išsiųstas" in ran
    assert "atitinka" in ran and 'id="covered"' in ran
    shown = site.visitor("analyst").get(f"/design/try/scenarios/{row.id}").text
    assert "<h1>Laiškas išsiųstas</h1>" in shown and 'id="trial"' not in shown
    gone = f"/design/try/scenarios/{row.id}/remove"
    designer.post(gone, 303, form={"row_version": "7"})
    assert content(site)[-1] == 1
    designer.post(gone, 303, form={"row_version": "1"})
    assert content(site) == before


def test_a_refused_form_keeps_what_was_typed_and_the_way_so_far(site: Site) -> None:
    designer = site.visitor("designer")
    page = designer.post(f"{TRY}/begin", 200, form=BEGIN).text
    page = step(designer, page, "do:intro-letter", 422, values={"introLetterOutcome": "dance"})
    assert "Forma nepriima" in page and "dance" in page
    assert script(page)["steps"] == []
    page = step(designer, page, "wait:until", 422, until="2026-03-01T09:00")
    assert "Laikas eina tik pirmyn" in page and script(page)["steps"] == []


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("step", {"script": "{", "act": "back"}, 400),
        ("step", {"script": "[]", "act": "back"}, 400),
        ("step", {"script": "{}", "act": "dance"}, 400),
        ("step", {"script": "{}", "act": "do:x", "values": "["}, 400),
        ("step", {"script": '{"steps": []}', "act": "back"}, 422),
        ("begin", {"begins": "soon"}, 422),
        ("begin", {**BEGIN, "client_id": "1"}, 404),
        ("save", {"script": '{"steps": []}', "title": "x"}, 422),
    ],
)
def test_nonsense_is_refused_with_a_reason(
    site: Site, path: str, form: dict[str, str], status: int
) -> None:
    designer = site.visitor("designer")
    assert "<h1>" in designer.post(f"{TRY}/{path}", status, form=form).text
    assert designer.get("/design/try/nothing", 404)
    assert designer.get("/design/try/scenarios/99", 404)
    assert designer.post("/design/try/scenarios/99/remove", 404)


def test_markup_in_a_script_stays_text(site: Site) -> None:
    told = {"process": "new-client-sale", "name": "<script>alert(1)</script>", "steps": [],
            "begins": "2026-03-02T09:00", "client": {"kind": "<b>"}}  # fmt: skip
    form = {"script": json.dumps(told), "act": "back"}
    page = site.visitor("designer").post(f"{TRY}/step", 422, form=form).text
    assert "<script>alert" not in page


def test_a_copied_client_has_no_name(site: Site) -> None:
    with site.factory() as session:
        client = session.get_one(Client, site.client_id)
        name, code, email = client.name, client.code, client.email
    form = {**BEGIN, "client_id": str(site.client_id)}
    page = site.visitor("admin").post(f"{TRY}/begin", 200, form=form).text
    told = json.dumps(script(page), ensure_ascii=False)
    assert script(page)["client"]["kind"] == "legal"
    assert not any(part and part in told for part in (name, code, email))


def test_readers_look_and_others_do_not(site: Site) -> None:
    analyst = site.visitor("analyst")
    assert 'id="begin"' not in analyst.get(TRY).text
    for path in ("begin", "step", "save"):
        analyst.post(f"{TRY}/{path}", 403, form=BEGIN)
    site.visitor("ruta").get(TRY, 403)
    assert analyst.get(f"{TRY}/diagram").mimetype == "application/xml"
    analyst.get(f"{TRY}/diagram?version=999", 404)


def test_drafts_are_tried_before_they_are_published(site: Site) -> None:
    with site.factory.begin() as session:
        key = (ResourceKind.DIAGRAM, "new_client_sale.bpmn")
        text = files.workspace_files(session)[key].decode()
        changed = text.replace('name="1. El. laiškas"', 'name="1. Atvirukas"').encode()
        drafts.save(session, key, changed, seen=files.content_hash(text.encode()), by="designer")
    designer = site.visitor("designer")
    assert 'value="drafts"' in designer.get(TRY).text
    page = designer.post(f"{TRY}/begin", 200, form={**BEGIN, "version": "drafts"}).text
    assert "1. Atvirukas" in page
    assert "1. Atvirukas" not in designer.post(f"{TRY}/begin", 200, form=BEGIN).text
    assert b"1. Atvirukas" in designer.get(f"{TRY}/diagram?version=drafts").data
    designer.get("/design/try/nothing?version=drafts", 404)
