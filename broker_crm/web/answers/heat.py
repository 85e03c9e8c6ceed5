"""The diagram of a process with what each of its steps costs a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import resources
from broker_crm.engine.diagram import read_diagram
from broker_crm.web import names
from broker_crm.web.answers.figures import figure

LEVELS = 5
LEAST = 0.5
"""EUR a month from which a step is coloured."""


def told(
    session: Session, version: ProcessVersion, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Colours and figures of the diagram, and the step that is looked at first.

    Args:
        session: for names.
        version: whose diagram is shown.
        rows: steps of its process, with `key` and `money`.
    """
    of_step: dict[str, list[str]] = {}
    for file, content in resources(session, version.id, ResourceKind.DIAGRAM).items():
        for key, found in read_diagram(content, file).elements.items():
            if found.type == "userTask":
                of_step.setdefault(found.step, []).append(key)
    highest = max((row["money"] for row in rows), default=0.0)
    marks: dict[str, list[str]] = {}
    notes: dict[str, list[dict[str, str]]] = {}
    for row in sorted(rows, key=lambda each: -each["money"]):
        elements = of_step.get(row["key"], [])
        if not elements or row["money"] < LEAST:
            continue
        heat = level(row["money"], highest)
        marks.setdefault(f"heat-{heat}", []).extend(elements)
        for element in elements:
            notes[element] = [
                {
                    "text": figure(row["money"], "eur"),
                    "tone": f"heat-{heat}",
                    "title": parts(row),
                }
            ]
    return {
        "names": dict(names.catalogue(session, version.id)),
        "marks": marks,
        "notes": notes,
        "first": list(notes)[:1],
    }


def level(money: float, highest: float) -> int:
    """1 to 5, by halves of the highest: the last is more than half of it."""
    share = money / highest if highest > 0 else 0.0
    return next((LEVELS - each for each in range(LEVELS - 1) if share > 0.5 ** (each + 1)), 1)


def legend(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """Levels of the colours with the money from which they begin, the highest first."""
    highest = max((row["money"] for row in rows), default=0.0)
    if highest < LEAST:
        return []
    return [
        (
            LEVELS - each,
            _("above %(money)s", money=figure(highest * 0.5 ** (each + 1), "eur"))
            if each < LEVELS - 1
            else _("less"),
        )
        for each in range(LEVELS)
    ]


def parts(row: Mapping[str, Any]) -> str:
    """The four parts of a step's money, for a hint."""
    return _(
        "Lost cases %(loss)s, delay %(delay)s, excess cost %(excess)s, work done again %(rework)s",
        loss=figure(row["loss"], "eur"),
        delay=figure(row["delay"], "eur"),
        excess=figure(row["excess"], "eur"),
        rework=figure(row["rework"], "eur"),
    )
