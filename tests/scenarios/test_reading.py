"""What can't be understood in a scenario is refused with its place and the mend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from broker_crm.scenarios.errors import PROBLEMS, ScenarioRejected
from broker_crm.scenarios.reading import read, read_file, read_text
from broker_crm.web.trying import words

from .conftest import INTRO, sale


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"begins": "2026-03-02"}, "begins", "not-moment"),
        ({"begins": "2026-03-02T09:00+02:00"}, "begins", "not-moment"),
        ({"colour": "red"}, "", "unknown-key"),
        ({"name": " "}, "name", "not-text"),
        ({"name": "../up"}, "name", "not-text"),
        ({"title": 5}, "title", "not-text"),
        ({"client": []}, "client", "not-object"),
        ({"client": {"kind": "ghost"}}, "client.kind", "not-one-of"),
        ({"client": {"vip": "yes"}}, "client.vip", "not-true-or-false"),
        ({"client": {"policies": [{"starts": "2026-13-01", "ends": "2026-12-01",
          "product": "cyber"}]}}, "client.policies[0].starts", "not-day"),
        ({"client": {"policies": [{}]}}, "client.policies[0]", "missing"),
        ({"client": {"staff": "many"}}, "client.staff", "not-number"),
        ({"complaint": {"receivedOn": "today"}}, "complaint.receivedOn", "not-day"),
        ({"steps": {}}, "steps", "not-list"),
        ({"steps": [{}] * 201}, "steps", "too-many"),
        ({"steps": [{"dance": 1}]}, "steps[0]", "not-an-act"),
        ({"steps": [{"do": "a", "wait": "next timer"}]}, "steps[0]", "not-an-act"),
        ({"steps": [{"do": 5}]}, "steps[0].do", "not-text"),
        ({"steps": [{"do": "a", "values": []}]}, "steps[0].values", "not-object"),
        ({"steps": [{"wait": "a while"}]}, "steps[0].wait", "not-a-wait"),
        ({"steps": [{"wait": "900 working days"}]}, "steps[0].wait", "not-a-wait"),
        ({"steps": [INTRO | {"expect": {"open": "x"}}]}, "steps[0].expect.open", "not-list"),
        ({"expect": {"outcome": 5}}, "expect.outcome", "not-text"),
        ({"expect": {"due": {"a": 1}}}, "expect.due.a", "not-text"),
    ],
)  # fmt: skip
def test_place_and_problem_are_named(change: dict[str, Any], place: str, code: str) -> None:
    with pytest.raises(ScenarioRejected) as refused:
        read({**sale(), **change})
    assert {(each.place, each.code) for each in refused.value.problems} == {(place, code)}
    assert "%(" not in str(refused.value)


def test_the_order_of_keys_does_not_matter() -> None:
    told = sale(INTRO)
    assert read(dict(reversed(told.items()))) == read(told)


@pytest.mark.parametrize(
    ("text", "code"), [("{", "not-json"), ("[" * 100_000, "not-json"), (" " * 200_001, "too-large")]
)
def test_text_that_is_no_scenario_is_refused(text: str, code: str) -> None:
    with pytest.raises(ScenarioRejected) as refused:
        read_text(text)
    assert refused.value.problems[0].code == code


def test_a_file_lies_where_its_process_and_name_say(tmp_path: Path) -> None:
    file = tmp_path / "renewal" / "bandymas.json"
    file.parent.mkdir()
    file.write_text(json.dumps(sale()))
    with pytest.raises(ScenarioRejected, match="new-client-sale/bandymas"):
        read_file(file)


def test_the_pages_have_every_sentence() -> None:
    """They are the same sentences, so that they can be translated."""
    assert {code: vars(words.PROBLEMS[code])["_args"][0] for code in PROBLEMS} == PROBLEMS
