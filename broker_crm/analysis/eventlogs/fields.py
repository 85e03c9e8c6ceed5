"""What a column of a foreign log may hold, and which column is likely to hold it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TIMES = ("complete", "start", "scheduled", "due")
NUMBERS = ("std_days", "std_minutes", "std_cost", "minutes")
OF_CASE = (
    "process",
    "version",
    "product",
    "client_kind",
    "sector",
    "size",
    "region",
    "complexity",
    "outcome",
    "reason",
)
"""Of a case the last value counts that is not empty."""
OF_STEP = ("resource", "team", "transition", "instance", "step_outcome")
REQUIRED = ("case", "activity", "complete")
FIELDS = (*REQUIRED, "start", *OF_STEP, *OF_CASE, "scheduled", "due", *NUMBERS)

FORMATS = (
    "iso",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d %H:%M",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%Y%m%d%H%M%S",
    "seconds",
    "milliseconds",
)
"""How times may be written; 'iso' with or without an offset, the last two since 1970."""

_KNOWN: Mapping[str, tuple[str, ...]] = {
    "case": ("case:concept:name", "case id", "case key", "case", "caseid", "trace", "byla"),
    "activity": ("concept:name", "activity", "activity name", "task", "event", "step", "veikla"),
    "complete": (
        "time:timestamp",
        "complete timestamp",
        "complete",
        "end timestamp",
        "end time",
        "end",
        "eventtime",
        "timestamp",
        "time",
        "date",
        "pabaiga",
        "laikas",
    ),
    "start": ("start timestamp", "start", "start time", "starttime", "pradžia"),
    "resource": ("org:resource", "resource", "user", "person", "employee", "darbuotojas"),
    "team": ("org:group", "group", "team", "department", "komanda"),
    "transition": ("lifecycle:transition", "transition", "lifecycle", "event type"),
    "instance": ("concept:instance", "activity instance", "instance"),
    "step_outcome": ("crm:stepoutcome", "step outcome"),
    "process": ("case:crm:process", "process"),
    "version": ("case:crm:version", "case:variant", "version", "variant", "versija"),
    "product": ("case:crm:product", "product", "case:product", "produktas"),
    "client_kind": ("case:crm:clientkind", "client kind", "customer type"),
    "sector": ("case:crm:sector", "sector", "industry", "sektorius"),
    "size": ("case:crm:size", "size", "company size"),
    "region": ("case:crm:region", "region", "regionas"),
    "complexity": ("case:crm:complexity", "complexity"),
    "outcome": ("case:crm:outcome", "case outcome", "outcome", "result"),
    "reason": ("case:crm:reason", "reason"),
    "scheduled": ("schedule timestamp", "enable time", "enabled", "scheduled"),
    "due": ("crm:dueat", "due at", "due", "due date"),
    "std_days": ("crm:stddays", "std days"),
    "std_minutes": ("crm:stdminutes", "std minutes"),
    "std_cost": ("crm:stdcost", "std cost"),
    "minutes": ("crm:minutes", "minutes"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How the columns of a log are read.

    Attributes:
        columns: field to the place of its column.
        time: one of `FORMATS`.
        skip: whether rows that can't be read are left out.
    """

    columns: Mapping[str, int]
    time: str = "iso"
    skip: bool = False

    def stored(self) -> dict[str, Any]:
        """As the table keeps it."""
        return {"columns": dict(self.columns), "time": self.time, "skip": self.skip}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Reading:
        """From what the table keeps."""
        return cls(stored.get("columns", {}), stored.get("time", "iso"), stored.get("skip", False))


def guess(names: Iterable[str]) -> dict[str, int]:
    """The likely column of each field, by the columns' names; no column is taken twice."""
    places = {_plain(name): place for place, name in reversed(list(enumerate(names)))}
    found: dict[str, int] = {}
    for field in FIELDS:
        for known in _KNOWN[field]:
            place = places.get(_plain(known))
            if place is not None and place not in found.values():
                found[field] = place
                break
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.]+", " ", name.strip().casefold())
