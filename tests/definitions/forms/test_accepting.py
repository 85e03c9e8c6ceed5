"""What a form accepts, and the forms of the sale."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from broker_crm.definitions.forms import Form, FormRejected, read_form, translate_form, validate

from .submissions import OFFERING, RECORDS

ROOT = Path(__file__).parents[3]
FORMS = sorted((ROOT / "forms").glob("*.form"))


def form(*components: dict[str, Any]) -> Form:
    numbered = [{"id": f"Field_{number}", **each} for number, each in enumerate(components)]
    return read_form(json.dumps({"id": "a-form", "schemaVersion": 19, "components": numbered}))


def test_optional_fields_left_empty_become_null() -> None:
    read = form(
        {"type": "textfield", "key": "a"},
        {"type": "textarea", "key": "b"},
        {"type": "number", "key": "c"},
        {"type": "datetime", "key": "d"},
        {"type": "checkbox", "key": "e"},
        {"type": "taglist", "key": "f", "values": ["x"]},
        {"type": "textfield", "key": "g", "defaultValue": "kept"},
    )
    assert validate(read, {"a": "", "b": None, "c": "", "d": ""}, {}) == {
        "a": None,
        "b": None,
        "c": None,
        "d": None,
        "e": False,
        "f": [],
        "g": "kept",
    }


def test_numbers_are_kept_as_the_form_says() -> None:
    read = form(
        {"type": "number", "key": "a"},
        {"type": "number", "key": "b", "serializeToString": True},
        {"type": "number", "key": "c", "increment": 0.1, "validate": {"max": 0.3}},
    )
    assert validate(read, {"a": "12.50", "b": 3.0, "c": 0.3}, {}) == {"a": 12.5, "b": "3", "c": 0.3}


def test_fixed_fields_give_nothing_but_may_repeat_what_they_show() -> None:
    read = form(
        {"type": "textfield", "key": "a", "disabled": True},
        {"type": "number", "key": "b", "readonly": "=locked"},
        {"type": "textfield", "key": "c", "conditional": {"hide": "=b > 1"}},
    )
    assert read.reads_variables
    context = {"a": "x", "b": 2, "locked": True}
    assert validate(read, {"a": "x", "b": 2, "c": ""}, context) == {}
    assert validate(read, {"b": 1}, context | {"locked": False}) == {"b": 1, "c": None}


def test_computed_fields_never_come_from_the_browser() -> None:
    read = form(
        {"type": "number", "key": "premium"},
        {"type": "expression", "key": "tax", "expression": "=premium * 0.5"},
        {"type": "expression", "key": "total", "expression": "=premium + tax"},
    )
    accepted = validate(read, {"premium": 10, "tax": 0, "total": 1}, {})
    assert accepted == {"premium": 10, "tax": 5, "total": 15}


def test_choices_come_from_variables_and_expressions() -> None:
    read = form(
        {"type": "select", "key": "a", "valuesKey": "insurers"},
        {"type": "checklist", "key": "b", "valuesExpression": "=insurers[item.value != a].value"},
    )
    context: dict[str, object] = {
        "insurers": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]
    }
    assert validate(read, {"a": "a", "b": ["b"]}, context) == {"a": "a", "b": ["b"]}
    with pytest.raises(FormRejected) as caught:
        validate(read, {"a": "a", "b": ["a"]}, context)
    assert set(caught.value.errors) == {"b"}


def test_rows_and_groups_are_nested() -> None:
    read = form(
        {
            "type": "group",
            "path": "client",
            "components": [{"type": "textfield", "key": "name.first"}],
        },
        {
            "type": "dynamiclist",
            "path": "items",
            "components": [
                {"type": "number", "key": "n", "validate": {"required": True}},
                {
                    "type": "textfield",
                    "key": "why",
                    "conditional": {"hide": "=this.n < 10"},
                    "validate": {"required": True},
                },
            ],
        },
    )
    submission: dict[str, object] = {
        "client": {"name": {"first": "Ona"}},
        "items": [{"n": 1}, {"n": 10, "why": "big"}],
    }
    assert validate(read, submission, {}) == submission
    assert validate(read, {}, {}) == {"client": {"name": {"first": None}}, "items": []}
    with pytest.raises(FormRejected) as caught:
        validate(read, {"items": [{}, {"n": 10}, {"n": 1, "why": "x"}]}, {})
    assert {path: [e.code for e in found] for path, found in caught.value.errors.items()} == {
        "items.0.n": ["required"],
        "items.1.why": ["required"],
        "items.2.why": ["hidden"],
    }


def test_a_condition_with_missing_values_hides_as_in_the_browser() -> None:
    read = form(
        {"type": "textfield", "key": "a", "conditional": {"hide": "=missing = 3"}},
        {"type": "textfield", "key": "b", "conditional": {"hide": "=missing = null"}},
        {"type": "textfield", "key": "c", "conditional": {"hide": "=missing.thing > 3"}},
    )
    assert validate(read, {"a": "x"}, {}) == {"a": "x"}


def test_texts_are_translated_by_the_original_and_values_are_not() -> None:
    schema = {
        "components": [
            {
                "type": "radio",
                "key": "Taip",
                "label": "Taip",
                "values": [{"label": "Taip", "value": "Taip"}],
                "validate": {"patternErrorMessage": "Ne", "pattern": "Ne"},
            }
        ]
    }
    translated = translate_form(schema, {"Taip": "Yes", "Ne": "No"})
    field = translated["components"][0]
    assert (field["key"], field["label"]) == ("Taip", "Yes")
    assert field["values"] == [{"label": "Yes", "value": "Taip"}]
    assert field["validate"] == {"patternErrorMessage": "No", "pattern": "Ne"}
    assert schema["components"][0]["label"] == "Taip"


def sensible(component: dict[str, Any]) -> object:
    rules = component.get("validate", {})
    if "valuesExpression" in component:
        return OFFERING
    if component["type"] in {"radio", "select"}:
        return component["values"][0]["value"]
    if component["type"] == "checklist":
        return [component["values"][0]["value"]]
    if component["type"] == "number":
        return max(float(rules.get("min", 0)), 0)
    if component["type"] == "checkbox":
        return True
    if component["type"] == "datetime":
        return {"date": "2026-12-01", "datetime": "2026-12-01T10:00", "time": "10:00"}[
            component["subtype"]
        ]
    if rules.get("validationType") == "email":
        return "ona@example.com"
    return "+37061234567".ljust(rules.get("minLength", 0), "0")


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_accepts_a_sensible_submission_for_each_outcome(path: Path) -> None:
    read = read_form(path.read_text())
    keyed = [each for each in read.schema["components"] if "key" in each]
    radios = [each for each in keyed if each["type"] == "radio"]
    outcomes = radios[0] if radios else {"key": "", "values": [{"value": ""}]}
    for option in outcomes["values"]:
        values = {each["key"]: sensible(each) for each in keyed}
        if radios:
            values[outcomes["key"]] = option["value"]
        try:
            accepted = validate(read, values, RECORDS)
        except FormRejected as rejected:
            hidden = {key for key, found in rejected.errors.items() if found[0].code == "hidden"}
            assert hidden == set(rejected.errors)
            values = {key: value for key, value in values.items() if key not in hidden}
            accepted = validate(read, values, RECORDS)
        assert accepted == values


def test_every_form_of_the_diagrams_is_there() -> None:
    named = {
        key
        for path in (ROOT / "bpmn").glob("*.bpmn")
        for key in re.findall(r'formId="([^"]+)"', path.read_text())
    }
    assert named == {path.stem for path in FORMS}
