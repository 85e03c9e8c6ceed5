"""Cases found, saved views, a case's history, and its downloads, as pages show them."""

from __future__ import annotations

import csv
import io
import json
import re
from urllib.parse import quote

import psycopg
import pytest
from markupsafe import escape
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.exc import DataError

from broker_crm import clock
from broker_crm.crm.models import Client
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import compiled, resources
from broker_crm.people.models import User
from broker_crm.people.saved_views import MOST, SavedView, ViewRefused, save
from broker_crm.process.models import ProcessEvent, ProcessInstance
from broker_crm.process.plain_text import plain
from broker_crm.web import outcomes
from broker_crm.web.errors import answer_for

from .conftest import Site


def _link(site: Site) -> str:
    return f"/instances/{site.instance_id}"


def test_filters_of_the_address_combine_and_are_told_as_chips(site: Site) -> None:
    manager = site.visitor("manager")
    page = manager.get(f"/instances?process=new-client-sale&person={site.owner}&late=ever&at=call")
    for chip in ("Procesas: Pardavimas naujam klientui", "Vėlavimas: Kuris nors žingsnis vėlavo"):
        assert chip in page.text
    assert _link(site) not in page.text and "neatitinka šių filtrų" in page.text
    page = manager.get(f"/instances?process=new-client-sale&person={site.owner}")
    assert _link(site) in page.text and "Rasta 1 byla" in page.text
    without = "/instances?process=new-client-sale"
    assert f'href="{without}' in page.text
    assert manager.get("/instances?process=%00&version=x&product=-1&started_since=soon&late=q")


@pytest.mark.parametrize(
    "query",
    [
        "started_until=9999-12-31",
        "started_since=0001-01-01",
        "ended_until=9999-12-31",
        "ended_since=soon",
        "version=x",
        "product=-1",
        "late=q",
        "incident=q",
        "reason=!",
        "reason=´",
        "reason=%20…%20",
        "q=?!",
    ],
)
def test_a_filter_that_says_nothing_is_neither_followed_nor_told(site: Site, query: str) -> None:
    manager = site.visitor("manager")
    page = manager.get(f"/instances?{query}&process=new-client-sale").text
    assert _link(site) in page and page.split('class="chips"')[1].count('class="chip"') == 1
    manager.get(f"/instances/download.csv?{query}")


@pytest.mark.parametrize("name", ["endpoint", "kind", "_method", "_scheme", "self"])
def test_parameters_that_are_no_filters_harm_nothing(site: Site, name: str) -> None:
    assert _link(site) in site.visitor("manager").get(f"/instances?{name}=x").text


def test_numbers_that_no_record_can_have_are_not_found(site: Site) -> None:
    manager = site.visitor("manager")
    manager.post(f"/views/{10**30}/delete", 404, form={"page": "instances"})


def test_a_character_that_postgresql_can_not_keep_is_the_requests_fault(site: Site) -> None:
    refused = psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    with site.app.test_request_context("/instances?q=%00"):
        answer = answer_for(DataError("SELECT", {}, refused))
    assert (answer.status, answer.code) == (400, "unreadable")


@pytest.mark.parametrize("word", ["' OR 1=1", "%", "_", "\\", "<b>zq", "🦆" * 90])
def test_any_text_is_only_text(site: Site, word: str) -> None:
    manager = site.visitor("manager")
    for field in ("q", "client", "reason", "person", "at", "outcome"):
        text = manager.get(f"/instances?{field}={quote(word)}").text
        assert _link(site) not in text and "<b>z" not in text.split('class="chips"')[1][:600]


def test_words_of_the_case_are_found_only_by_those_who_may_read_them(site: Site) -> None:
    with site.factory.begin() as session:
        session.get_one(ProcessInstance, site.instance_id).search_text = " paslaptingas"
    for login, sees in (("manager", True), (site.owner, True), ("analyst", False)):
        page = site.visitor(login).get("/instances?q=paslaptingas")
        assert (_link(site) in page.text) is sees, login


def test_a_client_is_found_by_name_without_diacritics_and_by_code(site: Site) -> None:
    with site.factory() as session:
        client = session.get_one(Client, site.client_id)
        name, code = plain(client.name.split()[-1]), client.code
    manager, analyst = site.visitor("manager"), site.visitor("analyst")
    assert _link(site) in manager.get(f"/instances?client={quote(name)}").text
    assert _link(site) in manager.get(f"/instances?client={code}").text
    assert _link(site) in analyst.get(f"/instances?client={quote(name)}").text
    assert _link(site) not in analyst.get(f"/instances?client={code}").text


def test_what_was_corrected_is_told_only_to_those_who_may_read_the_case(site: Site) -> None:
    with site.factory.begin() as session:
        instance = session.get_one(ProcessInstance, site.instance_id)
        told = {"name": "recipientEmail", "from": "senas@x.example", "to": "slaptas@x.example"}
        event = ProcessEvent(instance_id=instance.id, version_id=instance.version_id, value=told)
        event.kind, event.at, event.actor = "variable-corrected", clock.now(), "manager"
        session.add(event)
    for login, sees in (("manager", True), (site.owner, True), ("analyst", False)):
        page = site.visitor(login).get(_link(site)).text
        assert ("slaptas@" in page, "senas@" in page, "recipientEmail" in page) == (
            sees,
            sees,
            True,
        ), login


def _save(site: Site, login: str, name: str, scope: str = "own", expected: str = "") -> str:
    visitor = site.visitor(login)
    form = {"page": "instances", "name": name, "scope": scope}
    form["query"] = "late=now&from=50&process=new-client-sale"
    address = visitor.post("/views", 303, form=form).location
    assert expected in visitor.get("/instances").text
    return address


def _view_id(site: Site, name: str) -> int:
    with site.factory() as session:
        return session.scalars(select(SavedView.id).where(SavedView.name == name)).one()


def test_a_view_is_saved_used_renamed_shared_and_deleted(site: Site) -> None:
    manager = site.visitor("manager")
    assert _save(site, "manager", "Vėluoja") == "/instances?late=now&process=new-client-sale"
    page = manager.get("/instances?process=new-client-sale&late=now").text
    assert 'aria-current="true">Vėluoja' in page
    assert "Vėluoja</a>" not in site.visitor("analyst").get("/instances").text
    path = f"/views/{_view_id(site, 'Vėluoja')}"
    form = {"page": "instances", "name": "Vėluojančios", "scope": "everybody"}
    manager.post(f"{path}/change", form=form)
    assert "Vėluojančios" in site.visitor("analyst").get("/instances").text
    assert "Vėluojančios" not in manager.get("/").text
    site.visitor("analyst").post(f"{path}/delete", form={"page": "instances"})
    site.visitor("analyst").post(f"{path}/change", form=form | {"name": "Mano"})
    assert "Vėluojančios" in manager.get("/instances").text
    manager.post(f"{path}/delete", form={"page": "instances"})
    assert "Vėluojančios" not in manager.get("/instances").text


def test_a_view_is_shared_with_the_team_and_only_leaders_share_with_all(site: Site) -> None:
    with site.factory() as session:
        team = session.get_one(User, "jonas").team_key
        mates = set(session.scalars(select(User.login).where(User.team_key == team)))
        others = set(session.scalars(select(User.login).where(User.active))) - mates
    _save(site, "jonas", "Komandos", "team")
    _save(site, "jonas", "Visų", "everybody", "tik jo savininkas")
    for login in sorted(mates - {"jonas"})[:2]:
        assert "Komandos" in site.visitor(login).get("/instances").text
    for login in sorted(others)[:3]:
        assert "Komandos" not in site.visitor(login).get("/instances").text
    leader = site.visitor("admin")
    leader.post(f"/views/{_view_id(site, 'Komandos')}/delete", form={"page": "instances"})
    assert "Komandos" not in site.visitor("jonas").get("/instances").text


def test_the_same_name_replaces_filters_and_limits_hold(site: Site) -> None:
    visitor = site.visitor("manager")
    form = {"page": "inbox", "name": " Mano  darbai ", "query": "scope=mine"}
    visitor.post("/views", form=form)
    visitor.post("/views", form=form | {"query": "scope=mine&due=overdue", "name": "Mano darbai"})
    with site.factory() as session:
        kept = session.scalars(select(SavedView)).one()
        assert (kept.name, kept.query) == ("Mano darbai", "due=overdue&scope=mine")
    assert "Mano darbai" in visitor.get("/").text
    for wrong in ({"query": ""}, {"name": " "}, {"query": "q=" + "x" * 5000}, {"scope": "world"}):
        visitor.post("/views", form=form | wrong)
    visitor.post("/views", 404, form=form | {"page": "unknown"})
    with site.factory.begin() as session:
        manager = session.get_one(User, "manager")
        for number in range(MOST - 1):
            save(session, manager, "inbox", f"Nr. {number}", "scope=all", "own")
        with pytest.raises(ViewRefused, match="too-many"):
            save(session, manager, "inbox", "Per daug", "scope=all", "own")


def test_the_history_tells_why_a_gateway_went_where_it_went(site: Site) -> None:
    with site.factory.begin() as session:
        instance = session.get_one(ProcessInstance, site.instance_id)
        version = compiled(session, instance.version_id)
        gateway, flow = next(
            (element, flow)
            for element in version.elements.values()
            if element.type == "exclusiveGateway"
            for flow in version.flows.values()
            if flow.source == element.id and flow.condition
        )
        told = {"flows": [flow.id], "weighed": {flow.id: True}}
        told["with"] = {"outcome": "interested", "client": {"name": "Slaptas Vardas"}}
        for value in (told, {"flows": [flow.id]}):
            session.add(
                ProcessEvent(
                    instance_id=instance.id,
                    version_id=instance.version_id,
                    kind="element-passed",
                    at=clock.now(),
                    element_id=gateway.id,
                    element_name=gateway.name,
                    element_type=gateway.type,
                    value=value,
                )
            )
        condition = escape(" ".join((flow.condition or "").lstrip("=").split()))
    page = site.visitor("manager").get(_link(site)).text
    assert f"nes {condition}" in page and "kodėl – neužrašyta" in page
    assert "<code>client.name</code></dt><dd>&#34;Slaptas Vardas&#34;</dd>" in page
    assert "<code>outcome</code></dt><dd>&#34;interested&#34;</dd>" in page
    page = site.visitor("analyst").get(_link(site)).text
    assert "Slaptas" not in page and "<code>client.name</code></dt><dd>(paslėpta)</dd>" in page
    assert "<code>outcome</code></dt><dd>&#34;interested&#34;</dd>" in page


def test_decisions_and_data_of_the_start_are_told_to_those_who_may_read_them(site: Site) -> None:
    manager = site.visitor("manager").get(_link(site)).text
    assert "Pradžios duomenys" in manager and "Įvestys ir išvestys" in manager
    assert re.search(r"„[^“]+“: eilutė \d", manager)
    with site.factory() as session:
        email = (
            session.scalars(select(Client.email).where(Client.id == site.client_id)).one() or "@"
        )
    assert email in manager
    analyst = site.visitor("analyst").get(_link(site)).text
    assert email not in analyst and "(paslėpta)" in analyst


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_found_cases_leave_as_a_file_that_holds_no_formula_and_only_what_one_may_see(
    site: Site, kind: str
) -> None:
    with site.factory.begin() as session:
        session.get_one(Client, site.client_id).name = "=HYPERLINK(1)\x0b"
        session.get_one(ProcessInstance, site.instance_id).reason = "@SUM(1)"

    def read(login: str, query: str) -> list[list[str]]:
        answer = site.visitor(login).get(f"/instances/download.{kind}{query}")
        assert f"processes-2026-11-23.{kind}" in answer.headers["Content-Disposition"]
        if kind == "csv":
            text = answer.data.decode("utf-8-sig")
            return list(csv.reader(io.StringIO(text), delimiter=";"))
        sheet = load_workbook(io.BytesIO(answer.data)).active
        return [[str(cell or "") for cell in row] for row in sheet.values]

    headings, row = read("manager", "?process=new-client-sale")
    assert len(headings) == len(row) == 12 and headings[1] == "Klientas"
    assert row[1].startswith("'=HYPERLINK") and row[8] == "'@SUM(1)"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    assert len(read("manager", "?process=none")) == 1
    assert len(read(site.colleague, "?status=all")) == 1
    assert f'href="/instances/download.{kind}?q=x"' not in site.visitor("manager").get("/").text
    page = site.visitor("manager").get("/instances?status=active&from=0").text
    assert f'href="/instances/download.{kind}?status=active"' in page


def test_what_somebody_wrote_as_a_reason_is_told_only_to_those_who_may_read_the_case(
    site: Site,
) -> None:
    site.visitor("manager").post(f"{_link(site)}/cancel", form={"reason": "Žmona serga"})
    addresses = (_link(site), "/instances/download.csv?status=cancelled")
    for address in addresses:
        assert "Žmona serga" in site.visitor("manager").get(address).text
        for login in ("designer", "analyst"):
            page = site.visitor(login).get(address).text
            assert "Žmona serga" not in page and "(paslėpta)" in page


def test_a_reason_has_the_words_of_the_form_in_which_it_was_given(site: Site) -> None:
    """The same code is a choice of other fields too, such as what matters most to the client."""
    with site.app.test_request_context(), site.factory() as session:
        version = session.get_one(ProcessInstance, site.instance_id).version_id
        forms = resources(session, version, ResourceKind.FORM)
        told = [
            (form_key, choice["value"], choice["label"])
            for form_key, content in forms.items()
            for component in json.loads(content)["components"]
            if component.get("key", "").lower().endswith("reason")
            for choice in component.get("values", [])
        ]
        assert len(told) > 20
        for form_key, code, label in told:
            assert outcomes.written(session, version, code, form_key, reads=False) == label
        known = {label for _form, _code, label in told}
        assert outcomes.written(session, version, "price", reads=False) in known
        fixing = {"checkedAbout", "needsPriority", "vehicleUser"}
        elsewhere = {
            choice["value"]
            for content in forms.values()
            for component in json.loads(content)["components"]
            if component.get("key") in fixing
            for choice in component.get("values", [])
        } - {code for _form, code, _label in told}
        for code in elsewhere:
            assert outcomes.written(session, version, code, reads=True) == code
