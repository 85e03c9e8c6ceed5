"""Values by the type of their field: what is accepted, and how it is kept."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from broker_crm.definitions.forms.model import MULTIPLE_CHOICES, SINGLE_CHOICES, TEXTS, Field

MAX_NUMBER_LENGTH = 100
EXACT = 2**53

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?",
    re.ASCII,
)
_BREAKS = re.compile(r"[\r\n\t]")


class WrongType(Exception):
    """A value that a field of this type can't have."""


def is_blank(value: object) -> bool:
    """Is it no value: null, an empty text, list or object, or an unticked box?"""
    return value is None or value is False or value == "" or value == [] or value == {}


def accept(field: Field, value: Any) -> Any:
    """The value as the form keeps it; the empty value for null and empty texts.

    Raises:
        WrongType: when the field can't have such a value.
    """
    if value is None or value == "":
        return field.empty
    if field.type in TEXTS:
        return _text(field, value)
    if field.type == "number":
        return _number(field, value)
    if field.type == "checkbox":
        if not isinstance(value, bool):
            raise WrongType
        return value
    if field.type == "datetime":
        return _moment(field, value)
    if field.type in MULTIPLE_CHOICES and not isinstance(value, list):
        raise WrongType
    return value


def options(field: Field, variables: Mapping[str, Any], worked_out: Any) -> list[Any]:
    """The values that a choice offers.

    Args:
        field: radio, select, checklist or taglist.
        variables: where `valuesKey` is looked up.
        worked_out: what `valuesExpression` came to.
    """
    said = field.attributes
    if said.get("valuesKey"):
        offered = variables.get(said["valuesKey"])
    elif "values" in said:
        offered = said["values"]
    else:
        offered = worked_out
    found = [_option(option) for option in offered] if isinstance(offered, list) else []
    return [value for value in found if value is not None]


def offers(field: Field, value: Any, offered: list[Any]) -> bool:
    """Is the choice, or each of its values, among those offered?"""
    if field.type in SINGLE_CHOICES:
        return value is None or any(same(value, option) for option in offered)
    return all(any(same(each, option) for option in offered) for each in value)


def same(one: object, other: object) -> bool:
    """Are two JSON values equal? A number never equals true or false."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def _option(option: Any) -> Any:
    if not isinstance(option, dict):
        return option if _is_plain(option) else None
    value = option.get("value")
    named = isinstance(option.get("label"), str) and option["label"]
    return (
        value if _is_plain(value) or (named and isinstance(value, dict | list) and value) else None
    )


def _is_plain(value: object) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and value != "")


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise WrongType
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise WrongType from error
    return _BREAKS.sub(" ", value) if field.type == "textfield" else value


def _number(field: Field, value: Any) -> int | float | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise WrongType
    text = value.strip() if isinstance(value, str) else number_text(value)
    if len(text) > MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(text):
        raise WrongType
    number = float(text)
    if not math.isfinite(number):
        raise WrongType
    if field.attributes.get("serializeToString"):
        return text
    return int(number) if number.is_integer() and abs(number) < EXACT else number


def number_text(value: int | float) -> str:
    """A number as JavaScript writes it, but for very large and very small ones."""
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return repr(value)


def _moment(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise WrongType
    day, separator, time = value.partition("T")
    subtype = field.attributes.get("subtype", "date")
    if subtype == "time":
        day, separator, time = "", "", value
    if (subtype == "datetime") != (separator == "T"):
        raise WrongType
    if subtype != "time" and not _is_day(day):
        raise WrongType
    if subtype != "date" and not _TIME.fullmatch(time):
        raise WrongType
    if subtype == "datetime":
        try:
            datetime.fromisoformat(value)
        except ValueError as error:
            raise WrongType from error
    return value


def _is_day(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
