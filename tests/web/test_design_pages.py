"""The workshop's pages: drafts, conflicts, findings, files in and out, publishing."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import broker_crm
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import latest_version
from broker_crm.definitions.workspace import files
from tests.definitions.test_hostile_files import BOMB

from .conftest import Site, Visitor

PRODUCT = Path(broker_crm.__file__).parent
RENEWAL = "/design/files/bpmn/renewal.bpmn"
LETTER = "/design/files/letter/intro.lt"
NASTY = "<script>alert(1)</script>"


def content(site: Site, kind: str, name: str) -> str:
    with site.factory() as session:
        return (files.content_of(session, (ResourceKind(kind), name)) or b"").decode()


def seen(site: Site, kind: str, name: str) -> str:
    return files.content_hash(content(site, kind, name).encode())


def post_files(visitor: Visitor, *sent: tuple[str, bytes], expected: int = 200):
    data = {"files": [(BytesIO(body), name) for name, body in sent]}
    answer = visitor.client.post(
        "/design/upload",
        data=data,
        headers={"X-CSRFToken": visitor.token(), "Accept-Language": visitor.language},
        content_type="multipart/form-data",
    )
    assert answer.status_code == expected
    return answer


def test_every_sentence_of_the_linter_has_a_lithuanian_one() -> None:
    used = {
        message if isinstance(message, str) else message[0]
        for folder in ("engine", "definitions")
        for _file, _line, message, _comments, _context in extract_from_dir(
            PRODUCT / folder, [("**.py", "python")], keywords={"said": None}
        )
    }
    catalogue_file = PRODUCT / "web/translations/lt/LC_MESSAGES/findings.po"
    with catalogue_file.open("rb") as file:
        known = {message.id: message for message in read_po(file, locale="lt") if message.id}
    assert used - known.keys() == set() and known.keys() - used == set()
    for message in known.values():
        assert message.string and not message.fuzzy
        assert list(message.check()) == []


def test_a_draft_is_kept_and_a_stale_one_refused_with_name_and_time(site: Site) -> None:
    designer, admin = site.visitor("designer"), site.visitor("admin")
    before, text = seen(site, "letter", "intro.lt"), content(site, "letter", "intro.lt")
    answer = designer.post(f"{LETTER}/save", 200, json={"content": text + "Iki!\n", "seen": before})
    assert answer.json["seen"] == seen(site, "letter", "intro.lt")
    refused = admin.post(f"{LETTER}/save", 409, json={"content": "Subject: x\n\ny", "seen": before})
    assert "Giedrius" in refused.json["message"]
    assert content(site, "letter", "intro.lt") == text + "Iki!\n"
    copied = admin.post(f"{LETTER}/copy", 200, json={"content": "Subject: x\n\ny"})
    assert copied.json["location"] == "/design/files/letter/intro-copy.lt"
    page = designer.get("/design").text
    assert "intro-copy.lt.md" in page and "juodraštis" in page
    assert "+Iki!" in designer.get(f"{LETTER}/compare").text
    now = seen(site, "letter", "intro.lt")
    designer.post(f"{LETTER}/discard", form={"seen": before})
    assert content(site, "letter", "intro.lt") == text + "Iki!\n"
    designer.post(f"{LETTER}/discard", form={"seen": now})
    assert content(site, "letter", "intro.lt") == text


def test_findings_come_in_the_readers_language_and_say_where(site: Site) -> None:
    designer = site.visitor("designer")
    broken = content(site, "bpmn", "renewal.bpmn").replace(
        'formId="renewal-call"', 'formId="gone"', 1
    )
    [found] = designer.post(f"{RENEWAL}/check", 200, json={"content": broken}).json["findings"]
    assert found["problem"] == "Formos „gone“ nėra." and found["elementId"]
    assert (found["severity"], found["rule"], found["file"]) == ("error", "form", "renewal.bpmn")
    designer.post("/language/en")
    [found] = designer.post(f"{RENEWAL}/check", 200, json={"content": broken}).json["findings"]
    assert found["problem"] == "The form “gone” does not exist."
    assert site.visitor("manager").post(f"{RENEWAL}/check", 200, json={"content": broken})
    assert content(site, "bpmn", "renewal.bpmn") != broken


@pytest.mark.parametrize("action", ["save", "copy", "discard", "delete", "rename", "keep"])
def test_who_only_looks_changes_nothing(site: Site, action: str) -> None:
    for login in ("analyst", "manager", "ruta"):
        body = {"content": "x", "seen": None}
        site.visitor(login).post(f"{LETTER}/{action}", 403, json=body)
    with site.factory() as session:
        assert files.drafts(session) == {}


def test_hostile_files_are_refused_by_save_check_and_upload(site: Site) -> None:
    designer = site.visitor("designer")
    bomb = BOMB.decode()
    refused = designer.post(f"{RENEWAL}/save", 422, json={"content": bomb, "seen": None})
    assert "DOCTYPE" in refused.json["message"]
    [found] = designer.post(f"{RENEWAL}/check", 200, json={"content": bomb}).json["findings"]
    assert found["rule"] == "doctype"
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.bpmn", b" " * 60_000_000)
    page = post_files(designer, ("b.zip", packed.getvalue()), expected=422).text
    assert "Archyvas per didelis" in page
    page = post_files(designer, ("bad.zip", b"PK\x03\x04"), expected=422).text
    assert "Archyvo perskaityti nepavyksta" in page
    page = post_files(designer, ("bomb.bpmn", BOMB), ("x.exe", b"MZ")).text
    assert "DOCTYPE" in page and "Ne dirbtuvių failas" in page
    designer.post(f"{RENEWAL}/save", 400, json={"content": 7})
    designer.post(f"{RENEWAL}/save", 413, json={"content": "x" * 9_000_000, "seen": None})
    with site.factory() as session:
        assert files.drafts(session) == {}


def test_all_files_go_out_and_come_back_without_a_change(site: Site) -> None:
    designer = site.visitor("designer")
    archive = designer.get("/design/download").data
    page = post_files(designer, ("all.zip", archive)).text
    assert "upload-good" not in page and "upload-bad" not in page
    with site.factory() as session:
        assert files.drafts(session) == {}
        held = files.workspace_files(session)
    names = set(zipfile.ZipFile(BytesIO(archive)).namelist())
    assert len(names) == len(held)
    assert {"bpmn/renewal.bpmn", "forms/letters/intro.lt.md", "forms/translations/en.po"} <= names
    changed = content(site, "letter", "intro.lt").replace("Subject: ", "Subject: Naujas ")
    page = post_files(designer, ("intro.lt.md", changed.encode())).text
    assert "Pakeistas: dabar juodraštis." in page
    assert content(site, "letter", "intro.lt") == changed
    assert designer.get(f"{LETTER}/download").data == changed.encode()


def test_a_preview_fills_in_a_case_and_stays_text(site: Site) -> None:
    designer = site.visitor("designer")
    body = {
        "content": f"Subject: {NASTY}\n\n{{{{client.name}}}} {{{{nothing}}}} {NASTY}",
        "client": str(site.instance_id),
    }
    html = designer.post(f"{LETTER}/preview", 200, json=body).json["html"]
    assert "<script" not in html and '<mark class="missing">nothing</mark>' in html
    empty = designer.post(f"{LETTER}/preview", 200, json={**body, "client": ""}).json["html"]
    assert "client.name</mark>" in empty


def test_publishing_wants_a_note_and_no_error_and_takes_the_drafts(site: Site) -> None:
    designer = site.visitor("designer")
    text = content(site, "letter", "intro.lt")
    before = seen(site, "letter", "intro.lt")
    answer = designer.post(f"{LETTER}/save", 200, json={"content": "Be temos\n", "seen": before})
    form = {"process": "new-client-sale", "note": "Naujas laiškas"}
    page = designer.post("/design/publish", 422, form={"process": "new-client-sale"}).text
    assert "Parašykite, kas pakeista" in page
    page = designer.post("/design/publish", 422, form=form).text
    assert "Laiškas neturi temos." in page and "Nieko nepaskelbta" in page
    mended = text.replace("Subject: ", "Subject: Naujas ", 1)
    body = {"content": mended, "seen": answer.json["seen"]}
    designer.post(f"{LETTER}/save", 200, json=body)
    designer.post("/design/publish", 303, form=form)
    with site.factory() as session:
        version = latest_version(session, "new-client-sale")
        assert (version.number, version.author, version.note) == (2, "designer", "Naujas laiškas")
        assert files.drafts(session) == {}
    assert "Nėra ko skelbti" in designer.get("/design/publish").text
    designer.post("/design/publish", 409, form=form)


def test_names_with_markup_stay_text_on_every_page(site: Site) -> None:
    designer = site.visitor("designer")
    for kind in ("bpmn", "dmn", "form", "letter"):
        designer.post("/design/new", 303, form={"kind": kind, "title": NASTY, "language": "lt"})
    for page in (
        "/design",
        "/design/findings",
        "/design/publish",
        "/design/files/bpmn/script_alert_1_script.bpmn",
        "/design/files/form/script-alert-1-script",
        "/design/files/letter/script-alert-1-script.lt",
        "/design/files/letter/script-alert-1-script.lt/compare",
    ):
        text = designer.get(page).text
        assert NASTY not in text, page
        assert "unsafe-inline'" not in designer.get(page).headers[
            "Content-Security-Policy"
        ].replace("style-src-attr 'unsafe-inline'", ""), page
