"""What the page of paths shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Place, Row
from broker_crm.analysis.bottlenecks.conformance import Conformance, conformance
from broker_crm.analysis.bottlenecks.paths import Paths, paths
from broker_crm.analysis.estimates import SMALL
from broker_crm.definitions.models import ProcessVersion
from broker_crm.people.models import User
from broker_crm.web import names, staff
from broker_crm.web.analyse.bottlenecks import heat, looking, words
from broker_crm.web.analyse.bottlenecks.flow import flow
from broker_crm.web.analyse.ground import ground
from broker_crm.web.answers import figures
from broker_crm.web.answers.asked import Asked
from broker_crm.web.answers.heat import level
from broker_crm.web.answers.places import shown
from broker_crm.web.answers.sentences.telling import sentence
from broker_crm.web.wording import word

ENDPOINT = "bottlenecks.paths"
DRAWN = ("1", "3", "5", "10", "20", "all")
USUAL = "10"
EXPORTS = ("variants", "moves", "leaving")


def show(
    session: Session,
    user: User,
    told: Asked,
    *,
    collapsed: bool,
    variant: str | None,
    most: str,
    on_diagram: bool,
) -> dict[str, Any]:
    """The page.

    Args:
        session: reads only.
        user: who looks.
        told: what the address asks about.
        collapsed: whether each step counts only where it was reached first.
        variant: id of the one that is picked; None for several.
        most: how many variants are drawn, one of `DRAWN`.
        on_diagram: whether counts are drawn on the diagram instead of a flow of their own.
    """
    page = looking.head(session, user, told, ENDPOINT, told.part)
    if told.errors:
        return {**page, "answer": None}
    count = None if most == "all" else int(most)
    with ground(session, told) as ledger:
        found = paths(ledger, told.part, collapsed=collapsed, variant=variant, most=count)
        fits = conformance(ledger, told.part) if told.log is None else Conformance(found.part)
    process = str(found.part.process) if found.part else ""
    version = looking.version_of(session, told, found.part)
    kept = {
        **told.query,
        "loops": "once" if collapsed else "",
        "most": "" if most == USUAL else most,
        "on": "diagram" if on_diagram else "",
    }

    def name(key: str) -> str:
        return words.step(session, key, process)

    return {
        **page,
        "process": process,
        "answer": {
            "sentences": [*variety(found), *words.conforming(fits)],
            "n": figures.number(found.cases),
            "few": found.cases < SMALL,
            "definition": str(words.COUNTED_PATHS),
        },
        "choices": {
            "most": [(each, _("all") if each == "all" else each, each == most) for each in DRAWN],
            "kept": {key: text for key, text in kept.items() if text and key != "most"},
            "loops": [
                (_("As they happened"), looking.made(ENDPOINT, kept, loops=None), not collapsed),
                (_("Each step once"), looking.made(ENDPOINT, kept, loops="once"), collapsed),
            ],
            "on": [
                (_("As a flow"), looking.made(ENDPOINT, kept, on=None), not on_diagram),
                (_("On the diagram"), looking.made(ENDPOINT, kept, on="diagram"), on_diagram),
            ]
            if version is not None
            else [],
        },
        "covered": figures.figure(found.covered, "share"),
        "picked": variant,
        "unpicked": looking.made(ENDPOINT, kept),
        "flow": None if on_diagram and version else flow(found.steps, found.moves, name),
        "diagram": _diagram(session, version, found) if on_diagram and version else None,
        "variants": _variants(found, name, kept, variant),
        "variant_count": figures.number(found.variant_count),
        "rare": figures.number(found.rare) if found.rare else "",
        "moves": [
            {
                "source": name(row["source"]),
                "target": name(row["target"]),
                "n": figures.number(row["n"]),
                "cases": figures.number(row["cases"]),
                "median": figures.figure(row["median"], "days"),
            }
            for row in found.moves
        ],
        "cases": looking.cases(session, user, told, found.places, found.place_count),
        "fits": _fits(session, user, fits),
        "export": {
            (what, kind): looking.made(
                "bottlenecks.export_paths", {**kept, "what": what, "kind": kind}, on=None
            )
            for what in EXPORTS
            for kind in ("xlsx", "csv")
        },
        "bottlenecks": looking.made("bottlenecks.show", told.query),
    }


def seen(session: Session, user: User, fits: Conformance) -> list[Row]:
    """Cases that left the diagram, of which the reader may know."""
    rows = {row["case_id"]: row for row in fits.cases_out}
    listed = shown(session, user, [Place(case_id) for case_id in rows])
    return [
        {**rows[each.case_id.hex], "case": each.case_id, "client": each.client} for each in listed
    ]


def variety(found: Paths) -> list[str]:
    """How many paths there are, in a sentence."""
    if not found.cases:
        return [_("No case ended in this period, so there is nothing to judge by yet.")]
    first = found.variants[0]
    return [
        sentence(
            _(
                "%(cases)s cases took %(variants)s different paths; the most frequent one was"
                " taken by %(share)s of them, half of these within %(median)s",
                cases=figures.number(found.cases),
                variants=figures.number(found.variant_count),
                share=figures.figure(first["share"], "share"),
                median=figures.figure(first["median"], "days"),
            )
        )
    ]


def _variants(
    found: Paths, name: Any, kept: dict[str, str], variant: str | None
) -> list[dict[str, Any]]:
    most = max((row["n"] for row in found.variants), default=1)
    return [
        {
            "address": looking.made(ENDPOINT, kept, variant=row["id"]) + "#flow",
            "current": row["id"] == variant,
            "steps": [name(each) for each in row["steps"]],
            "n": figures.number(row["n"]),
            "few": row["n"] < SMALL,
            "width": round(120 * row["n"] / most, 1),
            "share": figures.figure(row["share"], "share"),
            "median": figures.figure(row["median"], "days"),
            "ninth": figures.figure(row["ninth"], "days"),
            "won": figures.figure(row["won"] / row["decided"], "share") if row["decided"] else "–",
        }
        for row in found.variants
    ]


def _diagram(session: Session, version: ProcessVersion, found: Paths) -> dict[str, Any]:
    of_step = heat.elements_of(session, version)
    most = max((row["n"] for row in found.steps), default=1)
    marks: dict[str, list[str]] = {}
    notes: dict[str, list[dict[str, str]]] = {}
    for row in found.steps:
        tone = f"heat-{level(row['n'], most)}"
        for element in of_step.get(row["key"], []):
            marks.setdefault(tone, []).append(element)
            title = figures.figure(row["median"], "days")
            notes[element] = [
                {"text": f"{figures.number(row['n'])} × {title}", "tone": tone, "title": title}
            ]
    return {
        "version": version.number,
        "source": looking.diagram(version),
        "told": {
            "names": dict(names.catalogue(session, version.id)),
            "marks": marks,
            "notes": notes,
            "first": list(notes)[:1],
        },
    }


def _fits(session: Session, user: User, fits: Conformance) -> dict[str, Any] | None:
    if not fits.cases:
        return None
    process = str(fits.part.process) if fits.part else ""

    def where(key: str | None) -> str:
        return words.element(session, key, process) if key else "–"

    cases: Sequence[Row] = seen(session, user, fits)
    return {
        "share": figures.figure(fits.fitting / fits.cases, "share"),
        "versions": [
            (row["version"], figures.number(row["n"]), figures.number(row["fitting"]))
            for row in fits.versions
        ],
        "leaving": [
            {
                "how": word(words.HOW, row["how"]),
                "element": where(row["element"]),
                "after": where(row["after"]),
                "n": figures.number(row["n"]),
                "moved": figures.number(row["moved"]),
                "migrated": figures.number(row["migrated"]),
            }
            for row in fits.leaving
        ],
        "taken": [(where(row["element"]), figures.number(row["n"])) for row in fits.taken],
        "cases": [
            {
                "address": url_for("instances.show", instance_id=row["case"]),
                "client": row["client"],
                "how": word(words.HOW, row["how"]),
                "element": where(row["element"]),
                "after": where(row["after"]),
                "version": row["version"],
                "steered": _steered(session, row, where),
            }
            for row in cases[: looking.SHOWN]
        ],
        "total": figures.number(fits.cases - fits.fitting),
    }


def _steered(session: Session, row: Row, where: Any) -> str:
    told = []
    if row["moved"]:
        told.append(
            _(
                "moved from “%(source)s” to “%(target)s” by %(person)s",
                source=where(row["moved_from"]),
                target=where(row["moved_to"]),
                person=staff.name(session, row["moved_by"]),
            )
        )
    if row["migrated_from"] is not None:
        told.append(
            _(
                "migrated from version %(old)s to %(new)s",
                old=row["migrated_from"],
                new=row["version"],
            )
        )
    return "; ".join(told) or "–"
