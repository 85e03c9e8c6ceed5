"""Pages of bottlenecks and of paths: what is said, drawn and saved, in both languages."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.analysis.story import Story

from .conftest import Site
from .test_event_logs import brought

BOTTLENECKS, PATHS = "/analysis/bottlenecks", "/analysis/paths"


@pytest.fixture
def busy(site: Site) -> Iterator[Site]:
    """A brokerage with a past, whose rows nobody completed; taken back before it is checked."""
    with site.factory() as session:
        file = session.connection().engine.url.database
    with sqlite3.connect(":memory:") as kept, sqlite3.connect(str(file)) as there:
        there.backup(kept)
        with site.factory.begin() as session:
            Story(session, 3, 80)
        yield site
        kept.backup(there)


def ask(site: Site, path: str, expected: int = 200) -> Any:
    headers = {**site.bearer("analyst"), "Accept-Language": "en"}
    answer = site.app.test_client().get(f"/api/{path}", headers=headers)
    assert answer.status_code == expected, answer.text
    return answer.json


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("lt", ("Siaurosios vietos", "darbo", "d. d.", "Skirtingi keliai", "diagrama")),
        ("en", ("Bottlenecks", "wait longest for", "w. d.", "Different paths", "diagram")),
    ],
)
def test_both_pages_speak_both_languages(busy: Site, language: str, words: tuple[str, ...]) -> None:
    visitor = busy.visitor("analyst")
    visitor.post(f"/language/{language}", form={"next": "/"})
    waits, paths = (visitor.get(each).text.replace("\xa0", " ") for each in (BOTTLENECKS, PATHS))
    for word in words[:3]:
        assert word in waits, word
    for word in words[3:]:
        assert word in paths, word
    for page in (waits, paths):
        assert " style=" not in page and "n = " in page
    assert 'class="causes"' in waits and 'class="series"' in waits
    assert "data-diagram-source" in waits and 'class="flow"' in paths
    for measure in ("waiting", "lateness", "money", "variance"):
        assert "heat-5" in visitor.get(f"{BOTTLENECKS}?measure={measure}").text
    assert "data-diagram-source" in visitor.get(f"{PATHS}?on=diagram").text


def test_a_variant_is_picked_and_drawn_alone(busy: Site) -> None:
    visitor = busy.visitor("analyst")
    page = visitor.get(PATHS).text
    first = re.search(r"variant=([0-9a-f]{12})", page)
    assert first is not None
    alone = visitor.get(f"{PATHS}?variant={first[1]}").text
    assert 'aria-current="true"' in alone
    told = ask(busy, f"paths?variant={first[1]}")
    [variant] = [each for each in told["variants"] if each["id"] == first[1]]
    assert [each["key"] for each in told["steps"]] == list(dict.fromkeys(variant["steps"]))
    assert told["moves"][0]["n"] >= variant["n"] and told["cases"] > variant["n"]
    once = ask(busy, "paths?loops=once")
    assert once["variant_count"] < told["variant_count"]
    assert all(len(set(each["steps"])) == len(each["steps"]) for each in once["variants"])


def test_the_api_tells_what_the_page_does(busy: Site) -> None:
    told = ask(busy, "bottlenecks")
    assert told["process"] == "new-client-sale" and told["sentence"].endswith(".")
    assert told["cases"] > 0 and told["steps"][0]["label"] and told["queues"]
    total = sum(each["share_of_time"] for each in told["steps"])
    total += sum(each["share"] for each in told["between"])
    assert total == pytest.approx(1)
    assert ask(busy, "bottlenecks?queues=person")["queues"][0]["key"] in (None, *busy_people(told))
    assert ask(busy, "bottlenecks?colour=red", 422)["errors"]
    fits = ask(busy, "paths")["conformance"]
    assert fits["cases"] == told["cases"] and 0 <= fits["fitting"] <= fits["cases"]
    assert sum(each["n"] for each in fits["leaving"]) == fits["cases"] - fits["fitting"]


def busy_people(told: Any) -> list[str]:
    return [each["key"] for each in told["people"]]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_table_is_saved(busy: Site, kind: str) -> None:
    visitor = busy.visitor("manager")
    for path in (
        *(f"{BOTTLENECKS}/{what}" for what in ("steps", "lanes", "people", "queues", "used")),
        *(f"{PATHS}/{what}" for what in ("variants", "moves", "leaving")),
    ):
        answer = visitor.get(f"{path}.{kind}")
        if kind == "csv":
            lines = answer.data.decode("utf-8-sig").splitlines()
            assert lines[0].count(";") > 2, path
            assert len({line.count(";") for line in lines if '"' not in line}) == 1, path
        else:
            rows = list(load_workbook(io.BytesIO(answer.data)).active.values)
            assert len(rows[0]) > 3, path
    visitor.get(f"{BOTTLENECKS}/unknown.{kind}", 404)
    visitor.get(f"{BOTTLENECKS}/steps.{kind}?step=nowhere", 404)


def test_designers_are_not_told_of_single_people(busy: Site) -> None:
    page = busy.visitor("designer").get(BOTTLENECKS).text
    assert "people.csv" not in page and "queues=person" not in page
    assert "people.csv" in busy.visitor("analyst").get(BOTTLENECKS).text
    for path in (BOTTLENECKS, PATHS):
        busy.visitor("designer").get(f"{path}?person=ruta", 422)
        busy.visitor("analyst").get(f"{path}?person=ruta")
    for login, expected in (("designer", 422), ("analyst", 200)):
        client, headers = busy.app.test_client(), busy.bearer(login)
        answer = client.get("/api/bottlenecks?person=ruta", headers=headers)
        assert answer.status_code == expected, answer.text


def test_a_brokerage_without_a_past_says_so(site: Site) -> None:
    visitor = site.visitor("analyst")
    visitor.post("/language/en", form={"next": "/"})
    assert "nothing to judge by yet" in visitor.get(BOTTLENECKS).text
    assert "nothing to judge by yet" in visitor.get(PATHS).text
    assert visitor.get(f"{BOTTLENECKS}?step=nowhere", 422).text


def test_both_pages_look_into_a_foreign_log(site: Site) -> None:
    visitor = site.visitor("analyst")
    visitor.post("/language/en", form={"next": "/"})
    log = brought(visitor).rsplit("/", 1)[1]
    waits, paths = (visitor.get(f"{each}?log={log}").text for each in (BOTTLENECKS, PATHS))
    assert "data-diagram-source" not in waits + paths and 'class="flow"' in paths
    for name in ("Call", "Offer", "Ona", "Petras"):
        assert name in waits, name
    assert "no diagram to follow" in paths and ">Call<" in paths
    assert "no such log" in visitor.get(f"{PATHS}?log={'0' * 32}", 422).text
    visitor.get(f"{PATHS}/variants.csv?log={log}")
    visitor.get(f"{PATHS}/leaving.csv?log={log}")
    visitor.get(f"{BOTTLENECKS}/people.xlsx?log={log}")
