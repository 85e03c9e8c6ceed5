"""Enters values into whatever form a version has: drops what it hides, adds what it wants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any

from broker_crm.definitions.forms import FieldError, Form, FormRejected, validate
from broker_crm.definitions.forms.model import Field
from broker_crm.sample.behaviour import SampleCase
from broker_crm.sample.behaviour.others import entry
from broker_crm.sample.behaviour.words import day_in

ATTEMPTS = 6
_texts: dict[int, tuple[Form, str]] = {}
"""By identity; a published form is kept as long as the program runs."""
NOT_WANTED = frozenset({"unknown", "hidden", "disabled"})


class CannotEnter(Exception):
    """The form wants what no default fits."""


def enter(
    form: Form,
    values: Mapping[str, object],
    seen: Mapping[str, object],
    case: SampleCase,
    chance: Random,
    now: datetime,
) -> tuple[dict[str, object], dict[str, object]]:
    """Fit values to a form.

    Args:
        form: of the task's version.
        values: what the behaviour enters; may lack fields or hold too many.
        seen: the variables that the task sees.
        case: gives what is entered in fields that the behaviour does not know.
        chance: for that.
        now: the moment of entering.

    Returns:
        The values to submit, and what the form accepts of them.

    Raises:
        CannotEnter: a rule of the form is broken by every value that is tried.
    """
    context = _named_in(form, seen) if form.reads_variables else {}
    fields = {
        ".".join(field.path): field for field in form.every_field() if field.keyed and field.path
    }
    submitted = {key: value for key, value in values.items() if key in fields and value is not None}
    for _attempt in range(ATTEMPTS):
        try:
            return submitted, validate(form, submitted, context)
        except FormRejected as rejected:
            for key, errors in rejected.errors.items():
                _mend(submitted, key, errors, fields.get(key), case, chance, now, seen)
    raise CannotEnter(f"{form.key}: {sorted(submitted)}")


def _named_in(form: Form, seen: Mapping[str, object]) -> dict[str, object]:
    """Those of the variables that the form may name: validating copies what it is given."""
    if id(form) not in _texts:
        _texts[id(form)] = (form, json.dumps(form.schema, ensure_ascii=False))
    text = _texts[id(form)][1]
    return {name: value for name, value in seen.items() if name in text}


def _mend(
    submitted: dict[str, object],
    key: str,
    errors: list[FieldError],
    field: Field | None,
    case: SampleCase,
    chance: Random,
    now: datetime,
    seen: Mapping[str, object],
) -> None:
    codes = {error.code for error in errors}
    known = entry(key, case, chance, now, seen) if field is not None else None
    if field is None or codes & NOT_WANTED:
        submitted.pop(key, None)
    elif known is not None and submitted.get(key) != known:
        submitted[key] = known
    else:
        submitted[key] = _default(field, errors, now)


def _default(field: Field, errors: list[FieldError], now: datetime) -> Any:
    options = [each.get("value") for each in field.attributes.get("values") or []]
    if field.type in {"radio", "select"}:
        return options[0] if options else None
    if field.type in {"checklist", "taglist"}:
        return options[:1]
    if field.type == "checkbox":
        return True
    if field.type == "number":
        rules = field.rules
        return rules.get("min") if rules.get("min") is not None else rules.get("max", 1)
    if field.type == "datetime":
        whole = field.attributes.get("subtype") == "datetime"
        return f"{day_in(now, 3)}T10:00" if whole else day_in(now, 3)
    if field.rules.get("validationType") == "email":
        return "rastine@pastas.example"
    longest = field.rules.get("maxLength")
    return "Pagal susitarimą."[: int(longest) if longest else None]
