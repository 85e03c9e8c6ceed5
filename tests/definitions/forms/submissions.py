"""What people may do with a form: made up from its fields, the same on every run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

TERMS = {
    "premiumRate": 0.0012,
    "minPremium": 150,
    "commission": 18,
    "deductible": 500,
    "maxDiscount": 15,
}
OFFERING = "Gintaras Draudimas"
"""An insurer that has quoted."""
RECORDS: dict[str, Any] = {
    "client": {"name": "UAB „Bandymas“", "email": "info@bandymas.example"},
    "product": {"name": "Turto draudimas"},
    "standardTerms": TERMS,
    "policy": {"insurer": "Neris Insurance"},
    "plan": {"strategy": "incumbent-only"},
    "complaint": {
        "number": "S-1",
        "staff": [{"label": "Ona", "value": 2}, {"label": "Jonas", "value": OFFERING}],
        "steps": [{"label": "Skambutis", "value": 2}, {"label": "Laiškas", "value": OFFERING}],
    },
    "incumbentOutcome": "terms",
    "quotes": [
        {"insurer": OFFERING, "outcome": "quote", "premium": 1, "commission": 1, "deductible": 1}
    ],
}
OTHER_KINDS: dict[str, Any] = {
    "id": "other-kinds",
    "schemaVersion": 19,
    "type": "default",
    "components": [
        {"id": f"Field_{number:02}", "key": f"field{number}", **field}
        for number, field in enumerate(
            [
                {"type": "number", "increment": 0.05, "decimalDigits": 2},
                {"type": "number", "decimalDigits": 0, "validate": {"required": True}},
                {"type": "number", "validate": {"min": "=field1", "max": "=field1 * 2"}},
                {"type": "textfield", "validate": {"pattern": "^[0-9]{2,}$"}},
                {"type": "textfield", "validate": {"minLength": 3, "maxLength": 5}},
                {"type": "textfield", "validate": {"validationType": "phone"}},
                {"type": "textarea", "defaultValue": "Paruošta", "validate": {"required": True}},
                {
                    "type": "taglist",
                    "values": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}],
                },
                {"type": "checkbox", "defaultValue": True},
                {"type": "textfield", "disabled": True, "defaultValue": "nekinta"},
                {"type": "number", "readonly": "=field8", "validate": {"min": 5}},
                {"type": "datetime", "subtype": "time", "timeSerializingFormat": "no_timezone"},
                {"type": "expression", "expression": "=if field1 = null then 0 else field1 * 2"},
                {"type": "textfield", "conditional": {"hide": "=not(field8)"}},
                {"type": "select", "valuesExpression": "=[field1, 2, 3][item != null]"},
            ]
        )
    ],
}
"""Fields and rules that forms may have and the product's own have not."""
TEXTS = ["", "Trumpai", "  su tarpais  ", "   ", "ąčęėįšųūž „“ – €", "\U0001f600 šypsena", "=1+1"]
ADDRESSES = ["", "ona@example.com", "ona@", "ona example.com", " ona@example.com", "a@b", "ą@b.lt"]

NUMBERS = ["12", "1", "12a", "١٢", "861234567", "+370 612 34567", "+37061234567", "00370612345"]


@dataclass(frozen=True)
class Visit:
    """One visit to a form.

    Args:
        context: the process's variables.
        steps: fields and what is put into them, in turn; a field may come again.
    """

    context: dict[str, Any]
    steps: tuple[tuple[str, Any], ...]

    @property
    def meant(self) -> dict[str, Any]:
        """What each field was given last."""
        return dict(self.steps)


def visits(schema: dict[str, Any], number: int) -> Iterator[Visit]:
    """So many visits, beginning with one that leaves all as it is."""
    chance = random.Random(schema["id"])
    fields = [
        each for each in schema["components"] if each.get("key") and each["type"] != "expression"
    ]
    yield Visit(RECORDS, ())
    for count in range(1, number):
        context = _context(chance, fields)
        careful = count % 5 == 0
        steps = [
            (each["key"], _sound(each) if careful else _value(chance, each))
            for each in fields
            if careful or chance.random() < 0.9
        ]
        if count % 4 == 0:
            again = [(each["key"], _value(chance, each)) for each in fields[:2]]
            steps = [*steps, *again]
        yield Visit(context, tuple(steps))


def _context(chance: random.Random, fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Records, and at times variables that an earlier turn of the loop has left."""
    context = dict(RECORDS)
    if chance.random() < 0.6:
        context["variant"] = {"negotiationMeeting": chance.random() < 0.5}
    if chance.random() < 0.5:
        context |= {"premium": 300, "commission": 18, "deductible": 500, "instalments": 1}
    if chance.random() < 0.5:
        context |= {
            each["key"]: chance.choice([None, _sound(each)])
            for each in fields
            if chance.random() < 0.5
        }
    return context


def _sound(field: dict[str, Any]) -> Any:
    """A value that the field accepts."""
    kind = field["type"]
    rules = field.get("validate", {})
    if field.get("key") == "chosenInsurer":
        return OFFERING
    if "valuesExpression" in field:
        return 2
    if kind in {"radio", "select"}:
        return field["values"][-1]["value"]
    if kind in {"checklist", "taglist"}:
        return [field["values"][0]["value"]]
    if kind == "number":
        return ceil(least) if isinstance(least := rules.get("min", 0), int | float) else 0
    if kind == "checkbox":
        return True
    if kind == "datetime":
        return _moment(field, 1)
    kinds = {"email": "ona@example.com", "phone": "+37061234567"}
    word = "123" if "pattern" in rules else "Tada".ljust(rules.get("minLength", 0), "!")
    return kinds.get(rules.get("validationType"), word)


def _value(chance: random.Random, field: dict[str, Any]) -> Any:
    """What somebody may choose, pick or type; one time in three it is sound."""
    if chance.random() < 0.35:
        return _sound(field)
    kind, rules = field["type"], field.get("validate", {})
    if field.get("key") == "chosenInsurer":
        return chance.choice([OFFERING, "Nobody", None])
    if "valuesExpression" in field:
        return chance.choice([2, 3, None])
    if kind in {"radio", "select"}:
        return chance.choice([*(each["value"] for each in field["values"]), None])
    if kind in {"checklist", "taglist"}:
        offered = [each["value"] for each in field["values"]]
        return chance.choice([[], offered, chance.sample(offered, 2)])
    if kind == "number":
        given = rules.get("min", 0), rules.get("max", 10**9)
        least, most = (each if isinstance(each, int) else 4 for each in given)
        edges = [least, most, least - 1, most + 1, least + 0.5, least + 0.005, -0.01, 0, None]
        return chance.choice([*edges, 250_000.25])
    if kind == "checkbox":
        return chance.random() < 0.5
    if kind == "datetime":
        return chance.choice([None, _moment(field, 1), _moment(field, 28)])
    longest = rules.get("maxLength", 100)
    lengths = ["x" * longest, "x" * (longest + 1), " " + "x" * longest + " "]
    lengths.append("\U0001f600" * (longest // 2 + 1))
    odd = [*ADDRESSES, *NUMBERS] if {"validationType", "pattern"} & rules.keys() else []
    return chance.choice([*TEXTS, *lengths, *odd])


def _moment(field: dict[str, Any], day: int) -> str:
    date, time = f"2027-02-{day:02}", "09:45"
    return {"date": date, "time": time, "datetime": f"{date}T{time}"}[field["subtype"]]
