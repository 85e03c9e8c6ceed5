"""The diagram of the later side with both figures on each step, coloured by the difference."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.comparison import Comparison, Step, Verdict
from broker_crm.definitions.models import ProcessVersion
from broker_crm.web import names
from broker_crm.web.analyse.comparison.wording import MEASURE, VERDICT, gap, limits, value
from broker_crm.web.answers import steps
from broker_crm.web.wording import word

SHOWN = ("waiting", "processing", "total", "late", "cost", "repeated", "conversion", "reach")
USUAL = "waiting"
LEVELS = 3
COLOURED = {Verdict.BETTER: "gain", Verdict.WORSE: "loss"}


def drawing(session: Session, made: Comparison, measure: str) -> dict[str, Any] | None:
    """What the diagram shows; None for a log without one.

    Args:
        session: for the diagram and names.
        made: the comparison.
        measure: one of `SHOWN`.
    """
    version = _version(session, made)
    if version is None:
        return None
    said = [(step, step.figure(measure)) for step in made.steps if step.state != "removed"]
    largest = max(
        (
            abs(each.difference or 0.0)
            for _step, each in said
            if each is not None and each.verdict in COLOURED
        ),
        default=0.0,
    )
    marks: dict[str, list[str]] = {}
    notes: dict[str, list[dict[str, str]]] = {}
    for step, each in said:
        if step.state == "added":
            marks.setdefault("is-added", []).append(step.element)
        if each is None or (each.a.value is None and each.b.value is None):
            continue
        tone = "few" if each.verdict is Verdict.TOO_FEW else ""
        if each.verdict in COLOURED:
            level = _level(abs(each.difference or 0.0), largest)
            tone = f"{COLOURED[each.verdict]}-{level}"
            marks.setdefault(tone, []).append(step.element)
        unit = each.told.unit
        notes[step.element] = [
            {
                "text": f"{value(each.a.value, unit)} → {value(each.b.value, unit)}",
                "tone": tone,
                "title": ", ".join(
                    part
                    for part in (
                        gap(each.difference, unit),
                        limits(each.interval, unit),
                        word(VERDICT, each.verdict),
                    )
                    if part
                ),
            }
        ]
    return {
        "version": version.number,
        "source": url_for(
            "versions.diagram", process_key=version.process_key, number=version.number
        ),
        "told": {
            "names": dict(names.catalogue(session, version.id)),
            "marks": marks,
            "notes": notes,
            "first": _first(said),
        },
        "removed": [_name(session, made, each) for each in made.steps if each.state == "removed"],
        "measure": word(MEASURE, measure),
        "legend": [
            ("loss-3", _("much worse")),
            ("loss-1", _("worse")),
            ("gain-1", _("better")),
            ("gain-3", _("much better")),
        ],
    }


def _version(session: Session, made: Comparison) -> ProcessVersion | None:
    """Of the later side, else the newest."""
    wanted = made.b.version or (max(made.b.versions) if made.b.versions else None)
    found = None
    if wanted is not None:
        found = session.scalar(
            select(ProcessVersion).where(
                ProcessVersion.process_key == made.process, ProcessVersion.number == wanted
            )
        )
    return found or steps.latest(session).get(made.process)


def _level(size: float, largest: float) -> int:
    return next(
        (each for each in range(LEVELS, 1, -1) if size > largest * 0.5 ** (LEVELS + 1 - each)), 1
    )


def _first(said: list[tuple[Step, Any]]) -> list[str]:
    told = [
        (each.q or 0.0, step.element)
        for step, each in said
        if each is not None and each.verdict in COLOURED
    ]
    return [min(told)[1]] if told else [step.element for step, _each in said][:1]


def _name(session: Session, made: Comparison, step: Step) -> str:
    return steps.name(session, step.step, made.process)
