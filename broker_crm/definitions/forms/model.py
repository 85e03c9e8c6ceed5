"""A form as the product reads it: fields, their rules and where their values lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from broker_crm.engine.sentences import said

Path = tuple[str | int, ...]

TEXTS = frozenset({"textfield", "textarea"})
SINGLE_CHOICES = frozenset({"radio", "select"})
MULTIPLE_CHOICES = frozenset({"checklist", "taglist"})
CHOICES = SINGLE_CHOICES | MULTIPLE_CHOICES
KEYED = TEXTS | CHOICES | {"number", "checkbox", "datetime", "expression"}
CONTAINERS = frozenset({"group", "dynamiclist"})
PRESENTATION = frozenset({"text", "html", "image", "button", "separator", "spacer", "table"})


class FormRefused(Exception):
    """A form that can't be read or isn't supported; says which field and how to mend it."""

    def __init__(self, place: str, problem: str, mend: str) -> None:
        self.place = place
        self.problem = problem
        self.mend = mend
        self.sentence = said(
            "%(place)s: %(problem)s %(mend)s", place=place, problem=problem, mend=mend
        )
        super().__init__(self.sentence)


@dataclass(frozen=True)
class Field:
    """A field or a container of fields.

    Args:
        type: form-js's name of the type.
        path: the key or path, cut at its dots, relative to the container; empty where no value is.
        attributes: the field as the form says it.
        fields: what the container holds.
    """

    type: str
    path: tuple[str, ...]
    attributes: Mapping[str, Any]
    fields: tuple[Field, ...] = ()

    @property
    def keyed(self) -> bool:
        """Does the field have a value of its own?"""
        return self.type in KEYED

    @property
    def repeats(self) -> bool:
        """Does the container repeat its fields for every row?"""
        return self.type == "dynamiclist" and self.attributes.get("isRepeating", True) is not False

    @property
    def rules(self) -> Mapping[str, Any]:
        """The rules of `validate`."""
        rules: Mapping[str, Any] = self.attributes.get("validate") or {}
        return rules

    @property
    def hide(self) -> str | None:
        """The condition, FEEL behind '=', under which the field is hidden."""
        hide: str | None = (self.attributes.get("conditional") or {}).get("hide") or None
        return hide

    @property
    def empty(self) -> Any:
        """The value of a field that nobody has filled in, as conditions see it."""
        if self.type in TEXTS:
            return ""
        if self.type in MULTIPLE_CHOICES:
            return []
        return False if self.type == "checkbox" else None

    @property
    def untouched(self) -> Any:
        """The value that the field first shows when there is none."""
        return self.attributes.get("defaultValue", self.empty)


@dataclass(frozen=True)
class Form:
    """A form.

    Args:
        key: the form's id.
        fields: what it shows, in order.
        schema: the form as written, for the browser.
        reads_variables: does validating need the process's variables?
    """

    key: str
    fields: tuple[Field, ...]
    schema: dict[str, Any] = field(repr=False)
    reads_variables: bool = False

    def every_field(self) -> Iterator[Field]:
        """Fields and containers, containers first."""
        waiting = list(self.fields)
        while waiting:
            found = waiting.pop(0)
            yield found
            waiting[:0] = found.fields
