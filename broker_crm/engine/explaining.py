"""What the history keeps of a choice: conditions weighed, values read, rows of a table that hit.

The texts of conditions and cells are not kept: they stand in the version, which never changes.
Values are cut short, so that one choice stays within a few thousand characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from broker_crm.engine.dialect import SequenceFlow
from broker_crm.engine.feel import reads

LONGEST_TEXT = 200
LARGEST_VALUE = 600
"""Characters of a list or record as JSON."""
LARGEST_SET = 3_000
"""Characters of all values of one choice."""
CUT = "…"
SECRET = re.compile(r"(?:token|secret|password|link)$", re.IGNORECASE)
"""Names of what opens something."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A condition of a gateway that was worked out."""

    condition: str
    """FEEL with its leading '='."""
    gave: bool
    read: Mapping[str, object]
    """Values of the names in it."""


def weigh(condition: str, context: Mapping[str, Any], gave: bool) -> Weighed:
    """Remember a condition with the values that it read."""
    return Weighed(condition, gave, reads(condition.removeprefix("="), context))


def gateway(flows: Iterable[SequenceFlow], weighed: Iterable[Weighed]) -> dict[str, object]:
    """Which flows' conditions were true and false, and by what values.

    Args:
        flows: out of the gateway.
        weighed: conditions in the order in which they were asked.

    Returns:
        `weighed` with true or false by flow id, `with` the values by name; empty where no
        condition was asked.
    """
    given: dict[str, bool] = {}
    values: dict[str, object] = {}
    for each in weighed:
        flow = next(
            (one.id for one in flows if one.condition == each.condition and one.id not in given),
            None,
        )
        if flow is not None:
            given[flow] = each.gave
            values |= {name: _merged(values.get(name), read) for name, read in each.read.items()}
    return {"weighed": given, "with": short(values)} if given else {}


def short(values: Mapping[str, object]) -> dict[str, object]:
    """Values by name: long ones cut, secret ones and what is too much replaced by a mark."""
    found: dict[str, object] = {}
    room = LARGEST_SET
    for name, value in values.items():
        cut = CUT if SECRET.search(name) else _cut(value)
        size = len(orjson.dumps(cut)) + len(name)
        found[name] = cut if size <= room else CUT
        room -= min(size, room)
    return found


def _cut(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + CUT
    if isinstance(value, list | dict):
        written = orjson.dumps(value)
        return value if len(written) <= LARGEST_VALUE else _parts(value)
    return value


def _parts(value: list[Any] | dict[str, Any]) -> object:
    """The plain entries of a large record; of a large list nothing but that it was one."""
    if isinstance(value, list):
        return [CUT]
    found: dict[str, object] = {}
    for name, entry in value.items():
        if not isinstance(entry, list | dict) and len(orjson.dumps(found)) < LARGEST_VALUE:
            found[name] = _cut(entry)
    return found


def _merged(before: object, read: object) -> object:
    """Entries of one record that several conditions read."""
    return {**before, **read} if isinstance(before, dict) and isinstance(read, dict) else read
