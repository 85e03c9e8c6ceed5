"""Versions compared on the page and in the API, over cases of which the truth is known."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from bench.planted import Plan, planted
from broker_crm.analysis.ledger import Ledger
from broker_crm.web.analyse.comparison import asking
from broker_crm.web.answers.asked import Asked

from .conftest import Site, Visitor

FLEETS = {"fleet": 0.60, "small": 0.25, "medium": 0.15}
PAGE = "/analysis/comparison"


@pytest.fixture
def later(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Two versions of the sale; on the second calls wait a day longer and fleets are many."""
    made = planted(
        1,
        Plan(200),
        Plan(200, 149, 45, delay=("call", 2.0), mix=FLEETS, sellers=5),
        process="new-client-sale",
        elements={"call": ("Task_FirstCall", "first-call")},
    )
    made.cursor.execute("UPDATE case_file SET now_version = 2 WHERE case_id < '01000010'")

    @contextmanager
    def columns(session: Session, _told: Asked) -> Iterator[Ledger]:
        yield replace(made, session=session)

    monkeypatch.setattr(asking, "ground", columns)
    return site


def text(site: Site, path: str, expected: int = 200, language: str = "en") -> str:
    visitor = site.visitor("analyst")
    visitor.post(f"/language/{language}")
    return html.unescape(visitor.get(path, expected).text)


def ask(site: Site, query: str = "", expected: int = 200, login: str = "analyst") -> Any:
    headers = {**site.bearer(login), "Accept-Language": "en"}
    told = site.app.test_client().get(f"/api/comparison?{query}", headers=headers)
    assert told.status_code == expected, told.text
    return told.json


def test_the_sentence_tells_the_delay_and_how_many_cases_are_missing(later: Site) -> None:
    page = text(later, PAGE)
    said = re.search(r'compared-told">(.*?)</p>', page)
    assert said is not None
    assert said[1].startswith("Version 2 against Version 1: the time to the meeting is longer by")
    assert "; waiting before “2. Call” is longer by" in said[1]
    assert said[1].endswith("more cases are needed.")
    lithuanian = text(later, PAGE, language="lt")
    assert "laukimas prieš „2. Skambutis“ ilgesnis" in lithuanian
    assert "reikia dar apie" in lithuanian


def test_the_page_tells_the_mix_the_moved_ones_and_the_diagram(later: Site) -> None:
    page = text(later, PAGE)
    assert "The sides differ in their mix" in page and "explained by the mix" in page
    assert "10 cases began on this side and were moved to another version" in page
    assert re.search(r'"loss-3":\s*\["Task_FirstCall"\]', page) and "polyline" in page
    assert "style=" not in page.split("<main")[1]
    assert "All figures of all steps" in page
    whole = text(later, f"{PAGE}?all=yes")
    assert "Working on it" in whole and "How it ended last" in whole


def test_every_kind_of_sides_opens(later: Site) -> None:
    for by in ("version", "period", "region", "vip", "size", "person", "sector", "text", "team"):
        page = text(later, f"{PAGE}?by={by}")
        assert "Versions compared" in page
        if by in ("region", "size", "person"):
            assert "Figures of both sides" in page
    page = text(
        later,
        f"{PAGE}?by=period&a_from=2025-01-01&a_to=2026-04-30&b_from=2026-05-01&b_to=2026-12-31",
    )
    assert "Figures of both sides" in page


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=colour", "by"),
        ("a=9", "a"),
        ("a=1&b=1", "b"),
        ("adjust=colour", "adjust"),
        ("by=period&a_from=x", "a_from"),
        ("by=period&a_from=2026-05-01&a_to=2026-04-01", "a_from"),
        ("sector=mining", "sector"),
        ("colour=red", "colour"),
    ],
)
def test_bad_parameters_are_named(later: Site, query: str, field: str) -> None:
    assert field in ask(later, query, 422)["errors"]
    text(later, f"{PAGE}?{query}", 422)


def test_the_cases_behind_a_figure_are_listed_and_saved(later: Site) -> None:
    page = text(later, PAGE)
    links = set(re.findall(r'href="(/analysis/comparison/cases\?[^"]+)"', page))
    assert len(links) > 10
    listed = text(later, f"{PAGE}/cases?of=waiting&element=Task_FirstCall&side=b")
    assert "2. Call" in listed and "Waiting to be taken up" in listed
    for wrong in ("of=waiting&side=b", "of=cycle&element=X&side=a", "of=cycle&side=c", "side=a"):
        text(later, f"{PAGE}/cases?{wrong}", 404)
    visitor = later.visitor("analyst")
    rows = visitor.get(f"{PAGE}/rows.csv").data.decode("utf-8-sig").splitlines()
    assert len(rows) > 50 and rows[0].count(";") == 13
    assert visitor.get(f"{PAGE}/rows.xlsx").data[:2] == b"PK"
    cases = visitor.get(f"{PAGE}/cases.csv?of=cycle&side=a").data.decode("utf-8-sig")
    assert cases.startswith("Client;")


def test_the_api_tells_the_same(later: Site) -> None:
    told = ask(later, "by=version&a=1&b=2")
    assert told["sentence"].startswith("Version 2 against Version 1")
    assert [each["cases"] for each in told["sides"]] == [190, 200]
    assert told["sides"][0]["migrated"] == 10 and "size" in told["mix"]["traits"]
    [call] = [each for each in told["steps"] if each["element"] == "Task_FirstCall"]
    [waiting] = [each for each in call["figures"] if each["measure"] == "waiting"]
    assert waiting["verdict"] == "worse" and waiting["unit"] == "days"
    assert waiting["people"] is False and 1.0 < waiting["difference"] < 3.0
    described = later.app.test_client().get("/api/openapi.json").json["components"]["schemas"]
    figure = described["Comparison"]["properties"]["whole"]["items"]["properties"]
    assert set(figure) == set(waiting) == set(told["whole"][0])
    assert set(described["Comparison"]["properties"]) == set(told)
    turned = ask(later, "by=version&a=2&b=1&adjust=none")
    assert turned["mix"]["traits"] == []


def test_nothing_is_compared_where_there_is_one_side(site: Site) -> None:
    assert "Nėra ką lyginti" in site.visitor("analyst").get(PAGE).text
    ask(site, "", 404)


def test_designers_compare_no_people(later: Site) -> None:
    ask(later, "by=person", 422, "designer")
    ask(later, "person=ruta", 422, "designer")
    ask(later, "team=team-1", 422, "designer")
    later.visitor("designer").get(f"{PAGE}?person=ruta", 422)
    later.visitor("designer").get("/analysis/segments?person=ruta", 422)
    later.visitor("analyst").get(f"{PAGE}?person=ruta")
    ask(later, "", 200, "designer")
    ask(later, "", 403, "ruta")


def test_a_foreign_log_is_compared_too(site: Site) -> None:
    lines = ["case id;activity;timestamp;resource;variant"]
    for case in range(80):
        variant, wait = ("old", 1) if case % 2 else ("new", 3 + case % 5)
        day = 2 + case // 16
        lines.append(f"{case};Call;{day:02d}.11.2026 09:00;Ona;{variant}")
        lines.append(
            f"{case};Offer;{day:02d}.11.2026 {10 + wait % 7}:{case % 60:02d};Petras;{variant}"
        )
    visitor = site.visitor("analyst")
    address = bring(visitor, "\n".join(lines))
    page = html.unescape(visitor.get(f"{PAGE}?log={address}&by=version").text)
    assert "Abiejų pusių rodikliai" in page and 'id="diagram"' not in page
    assert "old" in page and "new" in page and "Offer" in page
    listed = visitor.get(f"{PAGE}/cases?log={address}&of=cycle&side=b").text
    assert "/instances/" not in listed.split("<main")[1]
    assert "Per mažai bylų" in visitor.get(f"/analysis/segments?log={address}").text


def bring(visitor: Visitor, content: str) -> str:
    """A log that is brought in with its columns as they are guessed; its id."""
    given = {"file": (io.BytesIO(content.encode()), "talks.csv"), "name": ""}
    address = visitor.post("/analysis/logs", form=given).location
    page = visitor.get(address).text
    fields = {}
    for name, inside in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inside)
        fields[name] = html.unescape(chosen[1]) if chosen else ""
    visitor.post(f"{address}/mapping", form={**fields, "clock": "office"})
    return str(address).rpartition("/")[2].replace("-", "")


def test_values_of_a_foreign_log_never_become_formulas(site: Site) -> None:
    lines = ["case id;activity;timestamp;variant"]
    for case in range(60):
        variant = "=1+1" if case % 2 else "@SUM(1)"
        lines.append(f"{case};Call;{2 + case % 20:02d}.11.2026 09:00;{variant}")
        lines.append(f"{case};Offer;{2 + case % 20:02d}.11.2026 1{case % 7}:00;{variant}")
    visitor = site.visitor("analyst")
    log = bring(visitor, "\n".join(lines))
    heading = visitor.get(f"{PAGE}/rows.csv?log={log}&by=version").text.splitlines()[0]
    assert "=1+1" in heading and ";=" not in heading and ";@" not in heading
    book = load_workbook(io.BytesIO(visitor.get(f"{PAGE}/rows.xlsx?log={log}&by=version").data))
    assert {cell.data_type for cell in book.active[1]} == {"s"}
