"""Every refusal of a form, by field."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from broker_crm.definitions.forms import Form, FormRefused, FormRejected, read_form, validate
from broker_crm.engine.sentences import as_data, from_data

CHOICE = [{"label": "One", "value": "one"}, {"label": "Two", "value": "two"}]


def form(*components: dict[str, Any]) -> Form:
    numbered = [{"id": f"Field_{number}", **each} for number, each in enumerate(components)]
    return read_form(json.dumps({"id": "a-form", "schemaVersion": 19, "components": numbered}))


def refused(
    read: Form, submission: dict[str, object], context: dict[str, object] | None = None
) -> dict[str, list[str]]:
    with pytest.raises(FormRejected) as caught:
        validate(read, submission, context or {})
    return {path: [each.code for each in found] for path, found in caught.value.errors.items()}


TEXT = {"type": "textfield", "key": "a"}
NUMBER = {"type": "number", "key": "a"}


@pytest.mark.parametrize(
    ("component", "value", "code"),
    [
        (TEXT | {"validate": {"required": True}}, "", "required"),
        (TEXT | {"validate": {"required": True}}, None, "required"),
        (TEXT | {"validate": {"minLength": 3}}, " ab ", "minLength"),
        (TEXT | {"validate": {"maxLength": "=1 + 1"}}, "abc", "maxLength"),
        (TEXT | {"validate": {"maxLength": 1}}, "\U0001f600", "maxLength"),
        (TEXT | {"validate": {"pattern": "^\\d+$"}}, "12a", "pattern"),
        (TEXT | {"validate": {"pattern": "^\\d+$"}}, "١٢", "pattern"),
        (TEXT | {"validate": {"validationType": "email"}}, "a@b@c", "email"),
        (TEXT | {"validate": {"validationType": "phone"}}, "861234567", "phone"),
        (TEXT, 5, "type"),
        (TEXT, ["a"], "type"),
        (TEXT, "a\0b", "type"),
        (TEXT, "\ud800", "type"),
        ({"type": "textarea", "key": "a"}, {"b": 1}, "type"),
        (NUMBER | {"validate": {"required": True}}, None, "required"),
        (NUMBER | {"validate": {"min": 0.1}}, 0, "min"),
        (NUMBER | {"validate": {"max": "=2 * 5"}}, 10.01, "max"),
        (NUMBER | {"validate": {"max": '="ten"'}}, 1, "max"),
        (NUMBER | {"decimalDigits": 0}, 1.5, "integer"),
        (NUMBER | {"decimalDigits": 2}, "1.005", "decimalDigits"),
        (NUMBER | {"increment": 0.05}, 0.12, "increment"),
        (NUMBER, "five", "type"),
        (NUMBER, True, "type"),
        (NUMBER, "1" * 200, "type"),
        (NUMBER, "1e999", "type"),
        (NUMBER, "NaN", "type"),
        ({"type": "checkbox", "key": "a", "validate": {"required": True}}, False, "required"),
        ({"type": "checkbox", "key": "a"}, "true", "type"),
        ({"type": "checkbox", "key": "a"}, 1, "type"),
        ({"type": "radio", "key": "a", "values": CHOICE}, "three", "option"),
        ({"type": "select", "key": "a", "values": CHOICE}, ["one"], "option"),
        ({"type": "select", "key": "a", "values": [1, 2]}, True, "option"),
        ({"type": "select", "key": "a", "valuesExpression": "=[1, 2]"}, 3, "option"),
        ({"type": "checklist", "key": "a", "values": CHOICE}, ["one", "three"], "option"),
        ({"type": "taglist", "key": "a", "values": CHOICE}, "one", "type"),
        (
            {
                "type": "taglist",
                "key": "a",
                "values": CHOICE,
                "validate": {"required": True},
            },
            [],
            "required",
        ),
        ({"type": "datetime", "key": "a", "subtype": "date"}, "2026-02-30", "type"),
        ({"type": "datetime", "key": "a", "subtype": "date"}, "2026-02-03T10:00", "type"),
        ({"type": "datetime", "key": "a", "subtype": "time"}, "25:00", "type"),
        ({"type": "datetime", "key": "a", "subtype": "datetime"}, "2026-02-03", "type"),
        ({"type": "datetime", "key": "a", "subtype": "datetime"}, 20260203, "type"),
        (TEXT | {"conditional": {"hide": "=true"}}, "x", "hidden"),
        (TEXT | {"disabled": True}, "x", "disabled"),
        (TEXT | {"readonly": True}, "x", "disabled"),
        (TEXT | {"readonly": "=1 = 1"}, "x", "disabled"),
        ({"type": "dynamiclist", "path": "a", "components": [TEXT]}, {"a": 1}, "type"),
        ({"type": "dynamiclist", "path": "a", "components": [TEXT]}, [1], "type"),
        ({"type": "dynamiclist", "path": "a", "components": [TEXT]}, [{}] * 201, "rows"),
        (
            {
                "type": "dynamiclist",
                "path": "a",
                "components": [TEXT],
                "allowAddRemove": False,
            },
            [{}, {}],
            "rows",
        ),
    ],
)
def test_a_value_is_refused_at_its_field(component: dict[str, Any], value: Any, code: str) -> None:
    assert refused(form(component), {"a": value}) == {"a": [code]}


def test_unknown_keys_are_refused_by_name_at_every_depth() -> None:
    nested = form(
        {"type": "group", "path": "client", "components": [{"type": "textfield", "key": "name"}]},
        {"type": "dynamiclist", "path": "items", "components": [{"type": "number", "key": "n"}]},
        {"type": "text", "text": "Only text"},
    )
    submission: dict[str, object] = {
        "approved": True,
        "__proto__": {"x": 1},
        "client": {"name": "Ona", "limit": 5},
        "items": [{"n": 1, "m": 2}],
    }
    assert refused(nested, submission) == {
        "approved": ["unknown"],
        "__proto__": ["unknown"],
        "client.limit": ["unknown"],
        "items.0.m": ["unknown"],
    }
    assert refused(nested, {"client": "Ona"}) == {"client": ["type"]}


def test_messages_are_english_sentences_with_their_limits() -> None:
    read = form(NUMBER | {"validate": {"min": 3}, "increment": 2, "decimalDigits": 1})
    with pytest.raises(FormRejected) as caught:
        validate(read, {"a": 1.25}, {})
    digits, increment, least = caught.value.errors["a"]
    assert digits.message == "Value is expected to have at most 1 decimal digits."
    assert increment.message.endswith("nearest valid values are 0 and 2.")
    assert least.message == "Field must have minimum value of 3."
    assert least.msgid == "Field must have minimum value of %(min)s."


def test_own_pattern_message_is_told_word_for_word() -> None:
    read = form(TEXT | {"validate": {"pattern": "^a", "patternErrorMessage": "Begin with 100% a"}})
    with pytest.raises(FormRejected) as caught:
        validate(read, {"a": "b"}, {})
    assert caught.value.errors["a"][0].message == "Begin with 100% a"


def test_a_pattern_that_never_ends_is_stopped_and_refuses() -> None:
    read = form(TEXT | {"validate": {"pattern": "^(a+)+$"}})
    began = time.monotonic()
    assert refused(read, {"a": "a" * 60 + "!"}) == {"a": ["pattern"]}
    assert time.monotonic() - began < 20
    assert validate(read, {"a": "aaa"}, {}) == {"a": "aaa"}


@pytest.mark.parametrize(
    ("component", "problem"),
    [
        ({"type": "filepicker", "key": "a"}, "filepicker"),
        ({"type": "iframe"}, "iframe"),
        ({"type": ["textfield"], "key": "a"}, "“type” is of another kind"),
        (TEXT | {"validate": "="}, "“validate” is of another kind"),
        (TEXT | {"conditional": [None]}, "“conditional” is of another kind"),
        ({"type": "group", "components": 1e300}, "“components” is of another kind"),
        ({"type": "textfield"}, "no key"),
        ({"type": "textfield", "key": "a.__proto__"}, "not permitted"),
        (TEXT | {"conditional": {"hide": "=a ="}}, "conditional.hide"),
        (TEXT | {"conditional": {"hide": "a = 1"}}, "no expression"),
        (TEXT | {"validate": {"pattern": "("}}, "pattern"),
        (NUMBER | {"validate": {"min": "five"}}, "validate.min"),
        (NUMBER | {"increment": 0}, "increment"),
        ({"type": "select", "key": "a"}, "no options"),
        ({"type": "expression", "key": "a", "expression": "=1 +"}, "expression"),
    ],
)
def test_a_form_that_cannot_be_kept_is_refused_naming_field_and_mend(
    component: dict[str, Any], problem: str
) -> None:
    with pytest.raises(FormRefused, match="Field “") as caught:
        form(component)
    assert problem in str(caught.value)


def test_two_fields_with_one_key_are_refused() -> None:
    with pytest.raises(FormRefused, match="Another field has the key “a”"):
        form(TEXT, NUMBER)


def test_a_strange_version_is_told_as_text() -> None:
    strange = '{"id": "a", "components": [], "schemaVersion": {"a": 1}}'
    with pytest.raises(FormRefused) as caught:
        read_form(strange)
    assert from_data(as_data(caught.value.sentence)) == str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"components": []}', "[" * 100_000])
def test_what_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(FormRefused):
        read_form(text)
