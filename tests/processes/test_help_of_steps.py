"""Each step's help over all diagrams: scripts, letters, notes, history are where they belong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from broker_crm.definitions.bundle import read_folder
from broker_crm.definitions.script_branches import ANYWHERE, QUESTION
from broker_crm.engine.dialect import Element

ROOT = Path(__file__).parents[2]
FORMS = {
    schema["id"]: schema
    for schema in (json.loads(path.read_text()) for path in (ROOT / "forms").glob("*.form"))
}
TASKS: list[Element] = [
    element
    for bundle in read_folder(ROOT)
    for element in bundle.elements.values()
    if element.type == "userTask"
]
CALLS = frozenset({"client-changes", "uncovered-client", "cross-contact", "upsell-contact"})
"""Calls whose step is not called one."""
NEGOTIATIONS = frozenset({"negotiation", "negotiation-decision"})


def name(task: Element) -> str:
    return f"{task.file}:{task.id}"


def is_call(task: Element) -> bool:
    step = task.properties.get("step", "")
    return step.endswith("-call") or step in CALLS


def is_meeting(task: Element) -> bool:
    return task.properties.get("step") in {"meeting", "negotiation"}


def fields(form: str) -> dict[str, Any]:
    return {each["key"]: each for each in FORMS[form]["components"] if "key" in each}


def outcomes(task: Element) -> tuple[str, list[str]]:
    """The field of the outcome, and what can be chosen."""
    field = fields(str(task.form_key)).get(task.outcome_variable)
    return task.outcome_variable, [each["value"] for each in (field or {}).get("values", [])]


def script(key: str, language: str) -> str:
    return (ROOT / f"forms/scripts/{key}.{language}.md").read_text()


@pytest.mark.parametrize("task", filter(is_call, TASKS), ids=name)
def test_a_call_has_a_script_with_a_branch_for_every_outcome(task: Element) -> None:
    assert "script" in task.help and "history" in task.help
    field, offered = outcomes(task)
    for language in ("lt", "en"):
        conditions = " ".join(ANYWHERE.findall(script(task.help["script"], language)))
        missing = [each for each in offered if f'"{each}"' not in conditions]
        assert missing == [], f"{field} in {language}"


@pytest.mark.parametrize("task", filter(is_meeting, TASKS), ids=name)
def test_a_meeting_has_notes_history_and_something_to_show(task: Element) -> None:
    assert {"notes", "history"} <= set(task.help)
    assert {"presentation", "offer"} & set(task.help)


@pytest.mark.parametrize(
    "task", [each for each in TASKS if each.properties.get("step") in NEGOTIATIONS], ids=name
)
def test_negotiations_show_what_was_said_of_price_and_terms(task: Element) -> None:
    if "notes" in task.help:
        assert task.help["notes"] == "terms"


@pytest.mark.parametrize(
    "task",
    [each for each in TASKS if each.form_key and "recipientEmail" in fields(each.form_key)],
    ids=name,
)
def test_a_step_that_asks_for_an_address_shows_its_letter(task: Element) -> None:
    assert {"letter", "script"} & set(task.help)


@pytest.mark.parametrize(
    "task", [each for each in TASKS if "approval" in each.properties.get("step", "")], ids=name
)
def test_an_approval_can_be_returned_only_with_a_comment(task: Element) -> None:
    _field, offered = outcomes(task)
    assert "return" in offered or "reject" in offered
    comments = [each for key, each in fields(str(task.form_key)).items() if "omment" in key]
    assert comments and all(each["validate"]["required"] for each in comments)


def test_scripts_say_the_same_in_both_languages() -> None:
    for path in (ROOT / "forms/scripts").glob("*.lt.md"):
        key = path.name.removesuffix(".lt.md")
        found = [
            (
                sorted(each.strip() for each in ANYWHERE.findall(script(key, language))),
                sorted(QUESTION.findall(script(key, language))),
                len(re.findall(r"^#", script(key, language), re.MULTILINE)),
            )
            for language in ("lt", "en")
        ]
        assert found[0] == found[1], key
