"""Reads a form's JSON into fields, refusing what the product doesn't support."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from broker_crm.definitions.forms.kinds import of_another_kind
from broker_crm.definitions.forms.model import (
    CHOICES,
    CONTAINERS,
    KEYED,
    PRESENTATION,
    Field,
    Form,
    FormRefused,
)
from broker_crm.engine.feel import (
    FeelError,
    PatternError,
    check,
    check_pattern,
    check_unary_test,
)
from broker_crm.engine.sentences import said, told

LATEST_SCHEMA = 19
MAX_DEPTH = 10
LIMITS = ("min", "max", "minLength", "maxLength")
FORBIDDEN = frozenset({"", "__proto__", "constructor", "prototype"})


def read_form(text: str) -> Form:
    """Read a form.

    Args:
        text: JSON of form-js, schema version 19 or earlier.

    Raises:
        FormRefused: when it can't be read or has something that isn't supported.
    """
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormRefused(
            said("The form"),
            said("It is no JSON: %(reason)s.", reason=told(error)),
            said("Save it anew."),
        ) from error
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        raise FormRefused(
            said("The form"), said("It has no list of components."), said("Save it anew.")
        )
    key = schema.get("id")
    if not isinstance(key, str) or not key:
        raise FormRefused(said("The form"), said("It has no id."), said("Give it one."))
    version = schema.get("schemaVersion", LATEST_SCHEMA)
    if not isinstance(version, int) or version > LATEST_SCHEMA:
        raise FormRefused(
            said("Form “%(key)s”", key=key),
            said(
                "Its schema version %(version)s is newer than %(latest_schema)s.",
                version=version,
                latest_schema=LATEST_SCHEMA,
            ),
            said("Save it for an earlier version."),
        )
    fields = _fields(schema, 0)
    form = Form(key, fields, schema, any(map(_reads_variables, _every(fields))))
    _refuse_repeated(form)
    return form


def _every(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from _every(field.fields)


def _fields(container: dict[str, Any], depth: int) -> tuple[Field, ...]:
    if depth > MAX_DEPTH:
        raise FormRefused(
            said("The form"),
            said("It nests deeper than %(depth)s.", depth=MAX_DEPTH),
            said("Flatten it."),
        )
    return tuple(_field(component, depth) for component in container.get("components") or [])


def _field(component: Any, depth: int) -> Field:
    if not isinstance(component, dict):
        raise FormRefused(
            said("The form"), said("A component is no object."), said("Save it anew.")
        )
    kind = component.get("type")
    place = _place(component)
    wrong = of_another_kind(component)
    if wrong is not None:
        raise FormRefused(
            place,
            said("“%(name)s” is of another kind than form-js writes.", name=wrong),
            said("Set it anew in the form editor."),
        )
    if kind not in KEYED | CONTAINERS | PRESENTATION:
        raise FormRefused(
            place,
            said("The type “%(kind)s” isn't supported.", kind=kind),
            said("Take another type."),
        )
    name = component.get("key" if kind in KEYED else "path") if kind not in PRESENTATION else None
    if not name and (kind in KEYED or kind == "dynamiclist"):
        raise FormRefused(place, said("It has no key."), said("Give it one."))
    path = tuple(str(name).split(".")) if name else ()
    if FORBIDDEN & set(path):
        raise FormRefused(
            place, said("The key “%(name)s” is not permitted.", name=name), said("Give it another.")
        )
    inner = _fields(component, depth + 1) if kind in CONTAINERS else ()
    field = Field(str(kind), path, component, inner)
    _check_expressions(place, field)
    _check_rules(place, field)
    if kind in CHOICES and not _has_options(component):
        raise FormRefused(place, said("It offers no options."), said("Give it options."))
    return field


def _place(component: dict[str, Any]) -> str:
    name = component.get("key") or component.get("path") or component.get("id") or "?"
    label = component.get("label") or component.get("dateLabel")
    if label:
        return said("Field “%(name)s” (%(label)s)", name=name, label=label)
    return said("Field “%(name)s”", name=name)


def _has_options(component: dict[str, Any]) -> bool:
    return (
        isinstance(component.get("values"), list)
        or bool(component.get("valuesKey"))
        or bool(component.get("valuesExpression"))
    )


def _check_expressions(place: str, field: Field) -> None:
    tests = {"conditional.hide": field.hide}
    if _is_feel(field.attributes.get("readonly")):
        tests["readonly"] = field.attributes["readonly"]
    expressions = {f"validate.{name}": field.rules.get(name) for name in LIMITS}
    expressions = {name: value for name, value in expressions.items() if _is_feel(value)}
    for name in ("valuesExpression", "expression"):
        if field.attributes.get(name):
            expressions[name] = field.attributes[name]
    for name, expression in {**tests, **expressions}.items():
        if expression is None:
            continue
        if not _is_feel(expression):
            raise FormRefused(
                place, said("%(name)s is no expression.", name=name), said("Begin it with “=”.")
            )
        try:
            (check_unary_test if name in tests else check)(expression[1:])
        except FeelError as error:
            raise FormRefused(
                place,
                said("%(name)s: %(reason)s", name=name, reason=told(error)),
                said("Mend the expression."),
            ) from error


def _check_rules(place: str, field: Field) -> None:
    pattern = field.rules.get("pattern")
    if pattern:
        try:
            check_pattern(str(pattern))
        except PatternError as error:
            raise FormRefused(
                place,
                said("The pattern can't be read: %(reason)s.", reason=told(error)),
                said("Mend the pattern."),
            ) from error
    increment = field.attributes.get("increment")
    if increment is not None and (not _is_number(increment) or Decimal(str(increment)) <= 0):
        raise FormRefused(
            place, said("The increment is no positive number."), said("Mend the increment.")
        )
    for name in LIMITS:
        limit = field.rules.get(name)
        if limit is not None and not _is_feel(limit) and not _is_number(limit):
            raise FormRefused(
                place, said("validate.%(name)s is no number.", name=name), said("Mend the limit.")
            )


def _is_feel(value: object) -> bool:
    return isinstance(value, str) and value.startswith("=")


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return Decimal(str(value)).is_finite()
    except ArithmeticError:
        return False


def _reads_variables(field: Field) -> bool:
    attributes = field.attributes
    return bool(
        field.hide
        or attributes.get("disabled")
        or attributes.get("readonly")
        or attributes.get("valuesKey")
        or attributes.get("valuesExpression")
        or field.type == "expression"
        or (field.repeats and attributes.get("allowAddRemove") is False)
        or any(_is_feel(field.rules.get(name)) for name in LIMITS)
    )


def _refuse_repeated(form: Form) -> None:
    closed: set[tuple[str, ...]] = set()
    opened: set[tuple[str, ...]] = set()

    def claim(fields: tuple[Field, ...], above: tuple[str, ...]) -> None:
        for field in fields:
            path = above + field.path
            ends = field.keyed or field.type == "dynamiclist"
            before = [path[:length] for length in range(len(above) + 1, len(path) + 1)]
            taken = any(part in closed for part in before) or (ends and path in opened)
            if field.path and taken:
                raise FormRefused(
                    _place(dict(field.attributes)),
                    said("Another field has the key “%(names)s”.", names=".".join(path)),
                    said("Give each field a key of its own."),
                )
            opened.update(before)
            if ends:
                closed.add(path)
            claim(field.fields, path)

    claim(form.fields, ())
