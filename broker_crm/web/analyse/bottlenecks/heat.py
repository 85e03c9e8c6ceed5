"""The diagram of a process coloured by what its steps add: waiting, lateness, money, variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import resources
from broker_crm.engine.diagram import read_diagram
from broker_crm.web import names
from broker_crm.web.answers import figures
from broker_crm.web.answers.heat import LEVELS, level

COLUMN = {
    "waiting": ("per_case", "days", 0.01),
    "lateness": ("late_share", "share", 0.0005),
    "money": ("money", "eur", 0.5),
    "variance": ("variance_share", "share", 0.0005),
}
"""Column of the rows, its unit, and from what on a step is coloured."""


def told(
    session: Session, version: ProcessVersion, rows: Sequence[Mapping[str, Any]], measure: str
) -> dict[str, Any]:
    """Colours and figures of the diagram.

    Args:
        session: for names.
        version: whose diagram is shown.
        rows: steps with `key` and the column of the measure.
        measure: one of `COLUMN`.
    """
    column, unit, least = COLUMN[measure]
    of_step = elements_of(session, version)
    values = {row["key"]: float(row[column] or 0) for row in rows}
    highest = max(values.values(), default=0.0)
    marks: dict[str, list[str]] = {}
    notes: dict[str, list[dict[str, str]]] = {}
    for key, value in sorted(values.items(), key=lambda each: -each[1]):
        elements = of_step.get(key, [])
        if not elements or value < least:
            continue
        tone = f"heat-{level(value, highest)}"
        marks.setdefault(tone, []).extend(elements)
        text = figures.figure(value, unit)
        for element in elements:
            notes[element] = [{"text": text, "tone": tone, "title": text}]
    return {
        "names": dict(names.catalogue(session, version.id)),
        "marks": marks,
        "notes": notes,
        "first": list(notes)[:1],
    }


def elements_of(session: Session, version: ProcessVersion) -> dict[str, list[str]]:
    """Ids of the user tasks of a version by step."""
    found: dict[str, list[str]] = {}
    for file, content in resources(session, version.id, ResourceKind.DIAGRAM).items():
        for key, element in read_diagram(content, file).elements.items():
            if element.type == "userTask":
                found.setdefault(element.step, []).append(key)
    return found


def legend(rows: Sequence[Mapping[str, Any]], measure: str) -> list[tuple[int, str]]:
    """Levels of the colours with the figure from which they begin, the highest first."""
    column, unit, least = COLUMN[measure]
    highest = max((float(row[column] or 0) for row in rows), default=0.0)
    if highest < least:
        return []
    return [
        (
            LEVELS - each,
            _("above %(money)s", money=figures.figure(highest * 0.5 ** (each + 1), unit))
            if each < LEVELS - 1
            else _("less"),
        )
        for each in range(LEVELS)
    ]
