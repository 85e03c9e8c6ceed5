"""What is told of a case and of a step in every format, under one name each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from broker_crm.analysis.eventlogs.pseudonyms import Names
from broker_crm.analysis.eventlogs.stories import Story
from broker_crm.calendar import OFFICE

Value = str | int | float | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that is told.

    Attributes:
        name: in lower case with underscores.
        kind: 'string', 'int', 'float', 'boolean' or 'date'.
        of: takes it from a case or a step, called as the file calls things.
        named: only told where names are.
    """

    name: str
    kind: str
    of: Callable[[Any, Names], Value]
    named: bool = False

    @property
    def key(self) -> str:
        """As XES writes it, such as 'crm:clientKind'."""
        first, *others = self.name.split("_")
        return f"crm:{first}{''.join(each.capitalize() for each in others)}"


def _plain(name: str, kind: str, told: str | None = None) -> Attribute:
    return Attribute(told or name, kind, lambda of, _names: getattr(of, name))


def _client(story: Story, names: Names) -> Value:
    return None if story.client_id is None else names.record("client", story.client_id)


OF_CASE = (
    _plain("process", "string"),
    _plain("version", "int"),
    _plain("product", "string"),
    Attribute("client", "string", _client),
    Attribute("client_name", "string", lambda story, _names: story.client_name, named=True),
    _plain("client_kind", "string"),
    _plain("sector", "string"),
    _plain("size", "string"),
    _plain("vip", "boolean"),
    _plain("region", "string"),
    _plain("complexity", "string"),
    Attribute("owner", "string", lambda story, names: names.person(story.owner)),
    _plain("status", "string"),
    _plain("outcome", "string"),
    _plain("reason", "string"),
    _plain("started_at", "date"),
    _plain("ended_at", "date"),
)
OF_STEP = (
    _plain("name", "string", "step_name"),
    _plain("element", "string"),
    _plain("status", "string", "step_status"),
    _plain("outcome", "string", "step_outcome"),
    _plain("reason", "string", "step_reason"),
    _plain("loop", "int"),
    _plain("due_at", "date"),
    _plain("late_days", "int"),
    _plain("wait_seconds", "int"),
    _plain("work_seconds", "int"),
    _plain("std_days", "float"),
    _plain("std_minutes", "float"),
    _plain("std_cost", "float"),
    _plain("minutes", "float"),
    _plain("cost", "float"),
)


def told(attributes: tuple[Attribute, ...], names: Names) -> tuple[Attribute, ...]:
    """Those that this file tells."""
    return tuple(each for each in attributes if not (each.named and names.masked))


def instant(moment: datetime) -> str:
    """As all files write it: the office's time with its offset."""
    return moment.astimezone(OFFICE).isoformat()


def text(value: Value) -> str:
    """A value as text: instants with offset, 'true' and 'false', numbers with a point."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
