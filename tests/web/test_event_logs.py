"""Pages of event logs: what leaves and to whom, what is brought in and how it is told."""

from __future__ import annotations

import html
import io
import re
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from broker_crm import settings
from broker_crm.analysis.eventlogs import ordering
from broker_crm.crm import audit
from broker_crm.crm.models import Client
from broker_crm.web.answers import asked

from .conftest import Site, Visitor

LOG = """case id;activity;timestamp;resource;variant
1;Call;16.11.2026 10:00;Ona;old
1;Offer;17.11.2026 12:00;Petras;old
2;Call;16.11.2026 09:30;Ona;new
"""


def order(visitor: Visitor, expected: int = 303, **form: str) -> TestResponse:
    return visitor.post("/analysis/exports", expected, form={"form": "csv-disco", **form})


def made(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "load", lambda: site.settings)
    assert ordering.make(site.factory) == 1


def file_of(visitor: Visitor) -> str:
    page = visitor.get("/analysis/exports").text
    found = re.search(r'href="(/analysis/exports/[0-9a-f-]+)" download', page)
    assert found is not None
    return found[1]


def send(visitor: Visitor, content: str | bytes, name: str = "talks.csv", to: int = 303) -> Any:
    given = content.encode() if isinstance(content, str) else content
    return visitor.post("/analysis/logs", to, form={"file": (io.BytesIO(given), name), "name": ""})


def fields(page: str) -> dict[str, str]:
    """What the form of the mapping would send as it stands."""
    found = {}
    for name, inside in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inside)
        found[name] = html.unescape(chosen[1]) if chosen else ""
    return found


def brought(visitor: Visitor, **changed: str) -> str:
    address = send(visitor, LOG).location
    form = fields(visitor.get(address).text) | {"clock": "office"} | changed
    visitor.post(f"{address}/mapping", 303, form=form)
    return str(address)


def client_name(site: Site) -> str:
    with site.factory() as session:
        return session.get_one(Client, site.client_id).name


def test_a_file_is_ordered_made_and_taken_away(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = site.visitor("analyst")
    assert "pseudonimai" in visitor.get("/analysis/exports").text
    order(visitor, process="new-client-sale", **{"from": "2026-11-01", "to": ""})
    assert "Ruošiamas" in visitor.get("/analysis/exports").text
    assert 'hx-trigger="load delay:2s"' in visitor.get("/analysis/exports/orders").text
    made(site, monkeypatch)
    assert "hx-trigger" not in visitor.get("/analysis/exports/orders").text
    answer = visitor.get(file_of(visitor))
    assert answer.headers["Content-Disposition"].endswith(
        'filename="broker_crm-new-client-sale-2026-11-01-masked.csv"'
    )
    assert len(answer.data) == int(answer.headers["Content-Length"])
    assert answer.text.startswith("Case ID,Activity,")
    assert client_name(site) not in answer.text and site.owner not in answer.text
    site.visitor("manager").get(file_of(visitor), 404)
    visitor.post(f"{file_of(visitor)}/delete")
    assert "download" not in visitor.get("/analysis/exports/orders").text


def test_names_are_only_for_those_who_may_see_every_client(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for login in ("analyst", "designer"):
        visitor = site.visitor(login)
        assert 'value="yes"' not in visitor.get("/analysis/exports").text
        order(visitor, 403, names="yes")
    visitor = site.visitor("manager")
    order(visitor, form="parquet")
    made(site, monkeypatch)
    visitor.post(f"{file_of(visitor)}/delete")
    order(visitor, form="xes", names="yes")
    made(site, monkeypatch)
    text = visitor.get(file_of(visitor)).text
    assert html.escape(client_name(site), quote=False) in text
    with site.factory() as session:
        noted = audit.entries(session, limit=1)[0]
    assert (noted.action, noted.actor) == ("log-exported", "manager")
    assert noted.detail["masked"] is False
    assert (
        "Įvykių žurnalas iškeltas" in site.visitor("compliance").get("/data-protection/audit").text
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": "doc"},
        {"process": "nothing"},
        {"from": "yesterday"},
        {"from": "2026-11-30", "to": "2026-11-01"},
    ],
)
def test_a_wrong_choice_is_told_and_nothing_is_ordered(site: Site, wrong: dict[str, str]) -> None:
    visitor = site.visitor("analyst")
    assert 'class="wrong"' in order(visitor, 422, **wrong).text
    assert "Failų dar nėra" in visitor.get("/analysis/exports").text


def test_a_log_is_brought_in_mapped_and_looked_into(site: Site) -> None:
    visitor = site.visitor("analyst")
    address = send(visitor, LOG).location
    page = visitor.get(address).text
    assert "16.11.2026 10:00" in page and "Ona, Petras" in page
    form = fields(page)
    assert form["time"] == "%d.%m.%Y %H:%M"
    assert (form["case"], form["activity"], form["complete"], form["resource"]) == tuple("0123")
    visitor.post(f"{address}/mapping", 303, form={**form, "clock": "round"})
    page = visitor.get(address).text
    assert "Perskaityti 3 žingsniai" in page and "Call → Offer" in page and "26\u00a0val" in page
    assert "talks" in visitor.get("/analysis/logs").text


def test_a_log_waits_until_its_columns_are_told(site: Site) -> None:
    visitor = site.visitor("analyst")
    send(visitor, LOG)
    assert "Stulpeliai dar nenurodyti" in visitor.get("/analysis/logs").text


def test_what_cannot_be_read_is_told_by_line(site: Site) -> None:
    visitor = site.visitor("analyst")
    answer = send(visitor, "case;activity\n1;2;3\n", to=422)
    assert "2 eilutė. Eilutėje ne tiek langelių" in answer.text
    assert "ne XES failas" in html.unescape(send(visitor, "<html/>", to=422).text)
    address = send(visitor, LOG + "3;Call;16 November;Ona;old\n").location
    form = fields(visitor.get(address).text) | {"clock": "office"}
    refused = html.unescape(visitor.post(f"{address}/mapping", 422, form=form).text)
    assert "5 eilutė: „16 November“ nėra taip užrašytas laikas" in refused
    assert fields(refused) == {key: form[key] for key in fields(refused)}
    visitor.post(f"{address}/mapping", 303, form={**form, "skip": "yes"})
    without = {**form, "case": "", "resource": "x"}
    assert "Nepasirinktas stulpelis" in visitor.post(f"{address}/mapping", 422, form=without).text


def test_texts_of_a_log_are_shown_as_texts(site: Site) -> None:
    visitor = site.visitor("analyst")
    nasty = "<script>alert(1)</script>"
    address = send(visitor, LOG.replace("Offer", nasty).replace("variant", nasty)).location
    visitor.post(f"{address}/mapping", form=fields(visitor.get(address).text))
    page = visitor.get(address).text
    assert nasty not in page and html.escape(nasty) in page


def test_a_log_is_thrown_away_by_who_brought_it_and_by_leaders(site: Site) -> None:
    analyst, designer = site.visitor("analyst"), site.visitor("designer")
    address = brought(analyst)
    designer.get(address)
    designer.post(f"{address}/delete", 403)
    analyst.post(f"{address}/delete")
    analyst.get(address, 404)
    address = brought(analyst)
    site.visitor("manager").post(f"{address}/delete")
    analyst.get(f"/analysis/logs/{uuid4()}", 404)
    site.visitor("ruta").get(address, 403)


def test_filters_of_a_page_are_those_of_the_log_that_is_asked_about(site: Site) -> None:
    log = brought(site.visitor("analyst")).rpartition("/")[2].replace("-", "")
    with site.app.test_request_context(), site.factory() as session:
        told = asked.read(session, {"log": log, "step": "Call", "version": "2"}, logs=True)
        assert not told.errors and told.log is not None and told.log.hex == log
        assert told.query == {"log": log, "step": "Call", "version": "2"}
        assert (told.period, told.part.start, told.part.step) == ("all", None, "Call")
        assert asked.choices(session, "person", None, told.log) == {
            "Ona": "Ona",
            "Petras": "Petras",
        }
        assert asked.choices(session, "version", None, told.log) == {"1": "new", "2": "old"}
        assert asked.choices(session, "product", None, told.log) == {}
        assert "step" in asked.read(session, {"log": log, "step": "Dance"}, logs=True).errors
        for unknown in ("nonsense", uuid4().hex):
            told = asked.read(session, {"log": unknown}, logs=True)
            assert told.log is None and "log" in told.errors
        assert "log" in asked.read(session, {"log": log}).errors
        assert asked.read(session, {}, logs=True).period == asked.USUAL


def test_nonsense_in_the_form_of_columns_is_no_column(site: Site) -> None:
    visitor = site.visitor("analyst")
    address = send(visitor, LOG).location
    form = fields(visitor.get(address).text) | {"resource": "9" * 5_000, "region": "-1"}
    visitor.post(f"{address}/mapping", 303, form=form)


def test_days_before_the_office_are_ordered_and_made(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = site.visitor("analyst")
    order(visitor, **{"from": "0001-01-01", "to": "9999-12-31"})
    made(site, monkeypatch)
    assert visitor.get(file_of(visitor)).text.startswith("Case ID")
