"""What pages promise: strict headers, both languages, markup that stays text, clear errors."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from sqlalchemy import func, select, update

from broker_crm import web
from broker_crm.crm.models import Client
from broker_crm.heartbeat import beat
from broker_crm.outreach.deliver import deliver_due
from broker_crm.process.models import ProcessInstance
from broker_crm.process.transactions import Command, raise_incident
from broker_crm.web import inbox
from tests.outreach.mail_server import free_port

from .conftest import Site

WEB = Path(web.__file__).parent
ONCE = re.compile(r'name="once" value="([^"]+)"')
PATHS = ("/", "/instances", "/clients", "/start/new-client-sale", "/letters", "/notifications")
NASTY = "<script>alert(1)</script>{{7*7}}\"'"
LETTER = {
    "introLetterOutcome": "send",
    "letterLanguage": "lt",
    "recipientEmail": "info@klientas.example",
}


def test_every_answer_carries_the_strict_headers(site: Site) -> None:
    visitor = site.visitor("manager")
    for path in (*PATHS, f"/instances/{site.instance_id}", "/nowhere", "/login", "/health"):
        headers = visitor.get(path, None).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_no_page_has_a_script_or_a_handler_in_it(site: Site) -> None:
    visitor = site.visitor("manager")
    for path in (*PATHS, f"/instances/{site.instance_id}", f"/tasks/{site.task_id}"):
        page = visitor.get(path).text
        for script in re.findall(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL):
            assert script.strip() == "" or script.lstrip().startswith(("{", "[")), path
        assert not re.search(r"<[^>]+\son[a-z]+=", page), path


@pytest.mark.parametrize("language", ["lt", "en"])
def test_markup_in_names_and_values_stays_text(site: Site, language: str) -> None:
    with site.factory.begin() as session:
        session.execute(update(Client).where(Client.id == site.client_id).values(name=NASTY))
    owner = site.visitor(site.owner)
    owner.language = language
    path = f"/tasks/{site.task_id}"
    variables = {**LETTER, "letterNote": NASTY.replace('"', "")}
    owner.post(f"{path}/complete", 200, json={"variables": variables})
    deliver_due(site.factory, site.settings)
    letter = re.search(r"/letters/[0-9a-f-]{36}", owner.get("/letters").text)
    assert letter is not None
    for page in (*PATHS, path, f"/instances/{site.instance_id}", letter[0]):
        text = owner.get(page).text
        assert "<script>alert" not in text, page
        assert "{{7*7}}" in text or page in ("/start/new-client-sale", "/notifications"), page


def test_the_lithuanian_catalogue_is_complete_and_holds_nothing_else() -> None:
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    keywords = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None}
    used = {
        message[0] if isinstance(message, tuple) else message
        for _file, _line, message, _comments, _context in extract_from_dir(
            WEB, methods, keywords=keywords, options_map={"templates/**.html": {"trimmed": "true"}}
        )
    }
    with (WEB / "translations/lt/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="lt")
    known = {
        message.id[0] if isinstance(message.id, tuple) else message.id: message
        for message in catalogue
        if message.id
    }
    assert used - set(known) == set()
    for key, message in known.items():
        strings = message.string if isinstance(message.string, (tuple, list)) else [message.string]
        assert all(strings) and not message.fuzzy, key


def test_pages_speak_the_chosen_language_and_keep_it(site: Site) -> None:
    visitor = site.visitor(site.owner)
    assert "1. El. laiškas" in visitor.get("/").text
    assert visitor.post("/language/en", form={"next": "/instances"}).location == "/instances"
    page = visitor.get("/").text
    assert "1. E-mail" in page and "Sale to a new client" in page and 'lang="en"' in page
    again = site.visitor(site.owner)
    assert "1. E-mail" in again.get("/").text


@pytest.mark.parametrize(
    ("language", "told"), [("lt", "Tai mūsų klaida"), ("en", "This is our mistake")]
)
def test_a_mistake_of_ours_is_told_without_details(
    site: Site, monkeypatch: pytest.MonkeyPatch, language: str, told: str
) -> None:
    visitor = site.visitor("ruta")
    visitor.post(f"/language/{language}")

    def fail(*_args: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(inbox, "rows", fail)
    page = visitor.get("/", 500).text
    assert told in page and "secret detail" not in page and "Traceback" not in page


def test_unknown_addresses_and_methods_have_pages_of_their_own(site: Site) -> None:
    visitor = site.visitor("ruta")
    assert "Nerasta" in visitor.get("/nowhere", 404).text
    assert "Nerasta" in visitor.get("/clients/999999", 404).text
    assert visitor.post("/clients", 405).status_code == 405


def test_too_much_is_refused(site: Site) -> None:
    body = {"variables": {"notes": "x" * 3_000_000}}
    visitor = site.visitor(site.owner)
    answer = visitor.post(f"/tasks/{site.task_id}/draft", 413, json=body)
    assert answer.json["code"] == "too-large"


def test_health_tells_what_is_down(site: Site) -> None:
    body = site.visitor().get("/health").json
    assert body["database"] == "ok" and body["redis"] == "down" and body["status"] == "degraded"


def test_health_without_a_database_is_503(site: Site) -> None:
    app = site.app
    from broker_crm.db import connect, sessions
    from broker_crm.web import database

    broken = connect("sqlite:////nonexistent/folder/file.sqlite3")
    app.extensions[database.ENGINE] = broken
    app.extensions[database.FACTORY] = sessions(broken)
    answer = app.test_client().get("/health")
    assert answer.status_code == 503 and answer.json["database"] == "down"


def test_a_manager_decides_about_a_letter_that_failed(site: Site) -> None:
    site.visitor(site.owner).post(
        f"/tasks/{site.task_id}/complete", 200, json={"variables": LETTER}
    )
    manager = site.visitor("manager")
    letter = re.search(r"/letters/[0-9a-f-]{36}", manager.get("/letters").text)
    assert letter is not None
    manager.post(f"{letter[0]}/give-up")
    assert "Nepavyko pristatyti 1 laiško" in manager.get("/").text
    page = manager.get(letter[0]).text
    assert "Siųsti dar kartą" in page
    assert "Siųsti dar kartą" not in site.visitor(site.owner).get(letter[0]).text
    manager.post(f"{letter[0]}/resend")
    assert deliver_due(site.factory, site.settings) == 1
    manager.post(f"{letter[0]}/resend", 409)
    site.visitor(site.owner).post(f"{letter[0]}/resend", 403)


def test_managers_are_told_when_the_mail_server_takes_nothing(site: Site) -> None:
    site.visitor(site.owner).post(
        f"/tasks/{site.task_id}/complete", 200, json={"variables": LETTER}
    )
    manager = site.visitor("manager")
    away = replace(site.settings, smtp_url=f"smtp://127.0.0.1:{free_port()}")
    assert deliver_due(site.factory, away) == 0
    assert "Pašto serveris" not in manager.get("/").text
    site.clock.advance(timedelta(hours=1, seconds=1))
    assert "Pašto serveris ilgiau nei valandą nepriima 1 laiško" in manager.get("/").text
    assert deliver_due(site.factory, site.settings) == 1
    assert "Pašto serveris" not in manager.get("/").text


def test_managers_are_told_of_stopped_processes_and_a_silent_worker(site: Site) -> None:
    with site.factory.begin() as session:
        instance = session.get_one(ProcessInstance, site.instance_id)
        flipped = bytearray(instance.state)
        flipped[-1] ^= 1
        whole, instance.state = instance.state, bytes(flipped)
    owner, manager = site.visitor(site.owner), site.visitor("manager")
    path = f"/tasks/{site.task_id}"
    stopped = owner.post(f"{path}/complete", 409, json={"variables": LETTER})
    assert stopped.json["incident"]
    page = manager.get("/").text
    assert "Nepavyko 1 žingsnis" in page and "Foninė dalis neveikia" in page
    assert "Nepavyko" not in owner.get("/").text
    assert f"/instances/{site.instance_id}" in manager.get("/instances?status=stopped").text
    with site.factory.begin() as session:
        session.get_one(ProcessInstance, site.instance_id).state = whole
    incident = stopped.json["incident"]
    assert incident in manager.get(f"/instances/{site.instance_id}").text
    assert incident in manager.get("/incidents").text
    manager.post("/incidents/retry", form={"incident": incident})
    assert incident not in manager.get("/incidents").text
    beat(site.factory)
    page = manager.get("/").text
    assert "Nepavyko" not in page and "Foninė dalis" not in page
    assert "2. Skambutis" in owner.get("/").text


def test_a_start_pressed_twice_starts_one_case(site: Site) -> None:
    visitor = site.visitor(site.owner)
    found = ONCE.search(visitor.get("/start/new-client-sale").text)
    assert found is not None
    chosen = {"clientId": str(site.client_id), "productId": "1", "once": found[1]}
    before = _cases(site)
    first = visitor.post("/start/new-client-sale", form=chosen)
    again = visitor.post("/start/new-client-sale", form=chosen)
    assert first.location == again.location and _cases(site) == before + 1
    visitor.post("/start/new-client-sale", form=chosen | {"productId": "2"})
    assert _cases(site) == before + 2


def _cases(site: Site) -> int:
    with site.factory() as session:
        return session.scalar(select(func.count()).select_from(ProcessInstance)) or 0


def test_a_manager_dismisses_several_incidents_and_is_told_of_bad_choices(site: Site) -> None:
    with site.factory.begin() as session:
        incidents = [
            raise_incident(session, Command("start", None, arguments={"n": n}), ValueError(NASTY))
            for n in range(3)
        ]
        chosen = [str(incident.id) for incident in incidents]
    manager = site.visitor("manager")
    page = manager.get("/incidents").text
    assert all(each in page for each in chosen) and NASTY not in page
    assert "Nepavyko 3 žingsniai" in manager.get("/").text
    manager.post("/incidents/dismiss", 400)
    manager.post("/incidents/dismiss", 400, form={"incident": "7"})
    manager.post("/incidents/retry", form={"incident": chosen[0]})
    manager.post("/incidents/dismiss", form={"incident": chosen[0]})
    page = manager.get("/incidents").text
    assert chosen[0] not in page and chosen[1] in page
