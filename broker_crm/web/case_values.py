"""Values of a case in words: labels of form fields and choices; personal ones only for who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.crm.anonymising import Words, anonymous
from broker_crm.definitions import published
from broker_crm.definitions.models import ResourceKind
from broker_crm.web import task_schema

LONGEST = 300
NOBODY = Words((), ())


class Values:
    """Tells values of one version's variables.

    Args:
        session: for reading.
        version_id: whose forms name them.
        sees: whether the reader may read the case's data; others see codes and numbers only.
    """

    def __init__(self, session: Session, version_id: int, sees: bool) -> None:
        self._sees = sees
        self._choices = task_schema.labels(session, version_id)
        self._fields: dict[str, str] = {}
        for key in published.resources(session, version_id, ResourceKind.FORM):
            for name, label in task_schema.field_labels(session, version_id, key).items():
                self._fields.setdefault(name, label)

    def named(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Label and value, in the order given; entries of records apart, by their names."""
        found: list[tuple[str, str]] = []
        for name, value in values.items():
            found += self._entries(self.label(name), name, value)
        return found

    def _entries(self, label: str, name: str, value: Any) -> list[tuple[str, str]]:
        if not isinstance(value, dict) or not value:
            return [(label, self.told(name, value))]
        return [
            told
            for entry, part in value.items()
            for told in self._entries(f"{label} · {entry}", entry, part)
        ]

    def by_name(self, values: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
        """As expressions name them, entries of records apart: `client.kind` and its value."""
        found: list[tuple[str, str]] = []
        for name, value in values.items():
            if isinstance(value, dict) and value:
                found += self.by_name(value, f"{above}{name}.")
            else:
                found.append((above + name, self.told(name, value, worded=False)))
        return found

    def label(self, name: str) -> str:
        """The field's label, else the variable's name."""
        return self._fields.get(name, name)

    def told(self, name: str, value: Any, *, worded: bool = True) -> str:
        """A value in words, or as FEEL writes it; what the reader may not read is a mark."""
        shown = value if self._sees else anonymous(value, NOBODY, name)
        if shown != value:
            return _("(hidden)")
        if worded:
            return self._words(value)
        text = orjson.dumps(value).decode()
        return text if len(text) <= LONGEST else text[:LONGEST] + "…"

    def _words(self, value: Any) -> str:
        if value is None or value == "":
            return "–"
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, int | float):
            return str(format_decimal(value))
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return ", ".join(self._choices.get(each, each) for each in value) or "–"
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        text = self._choices.get(text) or text
        return text if len(text) <= LONGEST else text[:LONGEST] + "…"
