"""What a shown field's own rules refuse: required, limits, patterns, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any

from broker_crm.definitions.forms.conditions import Shown, worked_out
from broker_crm.definitions.forms.errors import FieldError
from broker_crm.definitions.forms.model import TEXTS
from broker_crm.definitions.forms.values import number_text
from broker_crm.engine.feel import is_email, is_phone, matches

DIGITS = 1_500
JS_SPACE = (
    " \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)

_DECIMAL = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def broken_rules(shown: Shown, value: Any) -> list[FieldError]:
    """Errors of a value that has its field's type."""
    return [*_number_rules(shown, value), *_rules(shown, value)]


def _number_rules(shown: Shown, value: Any) -> Iterator[FieldError]:
    if shown.field.type != "number" or not value:
        return
    number = _decimal(value)
    if number is None:
        yield FieldError("type")
        return
    said = shown.field.attributes
    digits = said.get("decimalDigits")
    with localcontext(prec=DIGITS):
        exponent = number.normalize().as_tuple().exponent
        assert isinstance(exponent, int)
        if isinstance(digits, int) and 0 <= digits < -exponent:
            yield (
                FieldError("decimalDigits", {"digits": digits}) if digits else FieldError("integer")
            )
        increment = _decimal(said.get("increment"))
        if increment:
            offset = number % increment
            if offset:
                below = number - offset
                near = {"below": _plain(below), "above": _plain(below + increment)}
                yield FieldError("increment", near)


def _rules(shown: Shown, value: Any) -> Iterator[FieldError]:
    field, rules = shown.field, shown.field.rules
    if rules.get("pattern") and value and not matches(str(rules["pattern"]), value):
        own = rules.get("patternErrorMessage")
        if own:
            yield FieldError("patternMessage", {"message": own})
        else:
            yield FieldError("pattern", {"pattern": rules["pattern"]})
    unticked = field.type == "checkbox" and value is False
    if rules.get("required") and (value is None or value == "" or value == [] or unticked):
        yield FieldError("required")
    limits = {name: worked_out(rules.get(name), shown.scope) for name in ("min", "max")}
    for name, limit in limits.items():
        if limit is not None and _beyond(name, value, limit):
            yield FieldError(name, {name: limit})
    if not isinstance(value, str) or not value or field.type not in TEXTS:
        return
    length = len(value.strip(JS_SPACE).encode("utf-16-le")) // 2
    for name in ("minLength", "maxLength"):
        bound = _decimal(worked_out(rules.get(name), shown.scope))
        if bound is not None and (length < bound if name == "minLength" else length > bound):
            yield FieldError(name, {name: _plain(bound)})
    kind = rules.get("validationType")
    if kind == "phone" and not is_phone(value):
        yield FieldError("phone")
    if kind == "email" and not is_email(value):
        yield FieldError("email")


def _beyond(name: str, value: Any, limit: Any) -> bool:
    """Is the value beyond the limit, or can't they be compared?"""
    if not value and (value != 0 or isinstance(value, bool)):
        return False
    number, bound = _decimal(value), _decimal(limit)
    if number is None or bound is None:
        return True
    return number < bound if name == "min" else number > bound


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = value if isinstance(value, str) else number_text(value)
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
