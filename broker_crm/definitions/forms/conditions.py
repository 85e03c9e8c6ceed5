"""Which fields of a form are shown with given data, and what their expressions see.

As in the browser, data that hidden fields hold is first taken away; a condition then sees such a
field as the form first showed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from broker_crm.definitions.forms.data import clear, get
from broker_crm.definitions.forms.model import Field, Form, Path
from broker_crm.engine.feel import FeelError, FeelStopped, evaluate, holds


@dataclass(frozen=True)
class Scope:
    """What an expression sees: the whole form, and the row that it is in."""

    data: Mapping[str, Any]
    this: Mapping[str, Any]
    parent: Mapping[str, Any] | None = None
    rows: tuple[int, ...] = ()

    def context(self, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Variables for FEEL."""
        special = {"this": self.this, "i": list(self.rows), "parent": self.parent}
        named = {f"_{name}_": value for name, value in special.items()}
        return {**special, **(self.data if data is None else data), **named}

    def row(self, number: int, values: Any, *, whole: bool) -> Scope:
        """The scope of a row; `number` counts from 0."""
        parent = self.context(self.this) if whole else self.this
        this = values if isinstance(values, dict) else {}
        return Scope(self.data, this, parent, (*self.rows, number + 1))


@dataclass(frozen=True)
class Shown:
    """A field that is shown, where its value lies, and what its expressions see."""

    field: Field
    path: Path
    scope: Scope


def is_true(expression: str | None, scope: Scope) -> bool:
    """Does the condition, FEEL behind '=', hold? One that can't be worked out doesn't."""
    return bool(expression) and holds(str(expression)[1:], scope.context())


def worked_out(value: Any, scope: Scope) -> Any:
    """The value of FEEL behind '=', None when it can't be worked out; other values as they are."""
    if not isinstance(value, str) or not value.startswith("="):
        return value
    try:
        return evaluate(value[1:], scope.context(), strict=False)
    except FeelStopped:
        raise
    except FeelError:
        return None


def shown(form: Form, data: dict[str, Any], initial: Mapping[str, Any]) -> list[Shown]:
    """The fields that are shown, those in each row apart, with rows' own paths.

    Args:
        form: the form.
        data: process variables with the fields' values laid over them.
        initial: the same as the form first showed it.
    """
    seen: dict[str, Any] = {**initial, **_without_hidden(form, data)}
    return list(_shown(form.fields, (), Scope(seen, seen), data))


def _shown(
    fields: tuple[Field, ...], above: Path, scope: Scope, data: dict[str, Any]
) -> Iterator[Shown]:
    for field in fields:
        if is_true(field.hide, scope):
            continue
        path = above + field.path
        yield Shown(field, path, scope)
        if field.repeats:
            for number, row in enumerate(get(data, path) or []):
                inner = scope.row(number, row, whole=True)
                yield from _shown(field.fields, (*path, number), inner, data)
        else:
            yield from _shown(field.fields, path, scope, data)


def _without_hidden(form: Form, data: dict[str, Any]) -> dict[str, Any]:
    left = deepcopy(data)

    def take(fields: tuple[Field, ...], above: Path, scope: Scope, hidden: bool) -> None:
        for field in fields:
            path = above + field.path
            gone = hidden or is_true(field.hide, scope)
            if gone and (field.keyed or field.repeats):
                clear(left, path)
            elif field.repeats:
                for number, row in enumerate(get(data, path) or []):
                    inner = scope.row(number, row, whole=False)
                    take(field.fields, (*path, number), inner, gone)
            else:
                take(field.fields, path, scope, gone)

    take(form.fields, (), Scope(data, data), False)
    return left
