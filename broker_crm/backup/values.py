"""Kinds of columns in a backup: how each value is written as JSON and read back exactly."""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    Uuid,
    cast,
    type_coerce,
)
from sqlalchemy.types import TypeEngine, UserDefinedType

from broker_crm.db import UtcDateTime


class JsonText(UserDefinedType[str]):
    """JSON as its text, so that a null, a number's digits and the order of keys stay."""

    cache_ok = True

    def get_col_spec(self, **_keywords: object) -> str:
        return "JSON"


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one kind of column are kept."""

    name: str
    matches: type[TypeEngine[Any]]
    """The type in the models."""
    stored: Callable[[], TypeEngine[Any]]
    """The type with which they are written into a restored table."""
    write: Callable[[Any], object]
    read: Callable[[Any], object]


def _finite(value: float) -> object:
    return value if math.isfinite(value) else str(value)


def _same(value: Any) -> object:
    return value


def _base64(value: bytes) -> str:
    return b64encode(value).decode()


def _from_base64(text: str) -> bytes:
    return b64decode(text, validate=True)


KINDS = (
    Kind(
        "instant",
        UtcDateTime,
        UtcDateTime,
        datetime.isoformat,
        datetime.fromisoformat,
    ),
    Kind("json", JSON, JsonText, _same, str),
    Kind("uuid", Uuid, Uuid, str, UUID),
    Kind(
        "bytes",
        LargeBinary,
        LargeBinary,
        lambda v: b64encode(v).decode(),
        lambda v: b64decode(v, validate=True),
    ),
    Kind("boolean", Boolean, Boolean, bool, bool),
    Kind("date", Date, Date, date.isoformat, date.fromisoformat),
    Kind("float", Float, Float, _finite, float),
    Kind("decimal", Numeric, Numeric, str, Decimal),
    Kind("integer", Integer, Integer, int, int),
    Kind("text", String, Text, _same, str),
)
"""The first that matches a column's type is the column's kind."""
BY_NAME = {kind.name: kind for kind in KINDS}


def kind_of(column: Column[Any]) -> Kind:
    """The kind of a column of the models."""
    return next(kind for kind in KINDS if isinstance(column.type, kind.matches))


def read_from(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    """What to select so that the value comes as its kind wants it."""
    if not isinstance(column.type, JSON):
        return column
    return (cast(column, Text) if dialect == "postgresql" else type_coerce(column, Text)).label(
        column.name
    )
