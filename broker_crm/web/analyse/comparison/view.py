"""What the page of a comparison shows: choices, sentence, table, diagram, curves, mix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from broker_crm.analysis.comparison import Comparison, Counted, Verdict
from broker_crm.analysis.comparison.mix import OTHERS
from broker_crm.people.models import User
from broker_crm.web.analyse.comparison import curves, drawing, rows, sentence
from broker_crm.web.analyse.comparison.asking import ADJUSTED, NO_MIX, OWN, Wanted
from broker_crm.web.analyse.comparison.sides import BY, DAYS, offered
from broker_crm.web.analyse.comparison.wording import MEASURE
from broker_crm.web.answers import addresses, asked, filters, labels, steps
from broker_crm.web.answers.dimensions import DIMENSION
from broker_crm.web.answers.figures import figure, number
from broker_crm.web.wording import word

HIDDEN = ("version", "step", "process")
"""Filters that the page has fields of its own for, or none."""


def show(session: Session, user: User, wanted: Wanted, *, whole: bool) -> dict[str, Any]:
    """The page.

    Args:
        session: for names.
        user: who looks.
        wanted: what is compared.
        whole: whether all figures of all steps are shown.
    """
    base = {
        "filters": _filters(session, user, wanted),
        "choosing": _choosing(session, user, wanted),
        "errors": [
            (word(DIMENSION, name) if name in DIMENSION else name, " ".join(messages))
            for name, messages in wanted.errors.items()
        ],
        "made": None,
    }
    made = wanted.compared()
    if made is None:
        return base
    named = step_names(session, wanted, made)
    return {
        **base,
        "made": True,
        "names": wanted.sides.names,
        "sentence": sentence.headline(made, wanted.sides.names, named),
        "facts": _facts(made, wanted.sides.names),
        "counted": [
            _counted(name, each)
            for name, each in zip(wanted.sides.names, made.counted, strict=True)
        ],
        "table": rows.table(made, named, steps.outcomes(session), wanted.query, whole=whole),
        "drawing": drawing.drawing(session, made, wanted.measure)
        if wanted.told.log is None
        else None,
        "measures": [
            (word(MEASURE, each), _address(wanted.query, measure=each), each == wanted.measure)
            for each in drawing.SHOWN
        ],
        "curves": curves.pictures(made.pictured),
        "mix": _mix(session, made),
        "whole": whole,
        "few": []
        if whole
        else [named[each.element] for each in made.steps if not rows.worth_showing(each)],
        "all": _address(wanted.query, all="yes"),
        "export": {
            kind: addresses.made("comparison.export_rows", {"kind": kind, **wanted.query})
            for kind in ("xlsx", "csv")
        },
    }


def step_names(session: Session, wanted: Wanted, made: Comparison) -> dict[str, str]:
    """Element to the name of the step; a foreign log has no other names."""
    if wanted.told.log is not None:
        return {each.element: each.step for each in made.steps}
    return {each.element: steps.name(session, each.step, made.process) for each in made.steps}


def _address(query: Mapping[str, str], **changed: str) -> str:
    return addresses.made("comparison.show", {**query, **changed})


def _filters(session: Session, user: User, wanted: Wanted) -> dict[str, Any]:
    own = {name: wanted.query[name] for name in (*OWN, "process") if name in wanted.query}
    place = {"endpoint": "comparison.show", "arguments": own}
    made = filters.view(session, user, wanted.told, wanted.told.part, place)
    hidden = (*HIDDEN, wanted.sides.by)
    kept = {**made["kept"], **own}
    if wanted.sides.by == "period":
        made["periods"] = []
    return {
        **made,
        "fields": [each for each in made["fields"] if each[0] not in hidden],
        "kept": kept,
        "wrong": [],
    }


def _choosing(session: Session, user: User, wanted: Wanted) -> dict[str, Any]:
    kept = {name: text for name, text in wanted.query.items() if name not in (*OWN, "process")}
    return {
        "action": addresses.made("comparison.show", {}),
        "kept": kept,
        "processes": [
            (key, name, key == wanted.process)
            for key, name in asked.choices(session, "process", log=wanted.told.log).items()
        ],
        "by": [(key, word(BY, key), key == wanted.sides.by) for key in offered(user)],
        "values": [(each.key, f"{each.name} ({number(each.n)})") for each in wanted.sides.choices],
        "keys": wanted.sides.keys,
        "days": _days(wanted) if wanted.sides.by == "period" else [],
        "adjust": [
            (key, _adjusted(key), key == wanted.query.get("adjust", "")) for key in ADJUSTED
        ],
    }


def _adjusted(key: str) -> str:
    if not key:
        return _("what differs between the sides")
    return _("nothing") if key == NO_MIX else word(DIMENSION, key)


def _days(wanted: Wanted) -> list[tuple[str, str]]:
    told = {}
    for side, part in (("a", wanted.sides.a), ("b", wanted.sides.b)):
        if part is not None:
            told[f"{side}_from"] = part.start.isoformat() if part.start else ""
            told[f"{side}_to"] = part.end.isoformat() if part.end else ""
    return [(name, told.get(name, "")) for name in DAYS]


def _counted(name: str, each: Counted) -> dict[str, Any]:
    return {
        "name": name,
        "cases": number(each.cases),
        "running": number(each.running),
        "won": number(each.won),
        "lost": number(each.lost),
        "migrated": number(each.migrated) if each.migrated else "",
        "drawn_of": number(each.drawn_of) if each.drawn_of else "",
    }


def _facts(made: Comparison, names: tuple[str, str]) -> list[str]:
    told = [
        _(
            "%(tested)s differences were tested and corrected for one another: among those that"
            " are called better or worse no more than one in twenty is expected to be chance.",
            tested=number(made.tested),
        )
        if made.tested
        else _("Nothing was tested: one of the sides has too few cases."),
    ]
    running = sum(each.running for each in made.counted)
    if running:
        told.append(
            ngettext(
                "%(n)s case still runs and counts as waiting.",
                "%(n)s cases still run and count as waiting.",
                running,
                n=number(running),
            )
        )
    for name, each in zip(names, made.counted, strict=True):
        if each.migrated:
            told.append(
                ngettext(
                    "%(n)s case began on this side and was moved to another version; it is left"
                    " out: %(name)s.",
                    "%(n)s cases began on this side and were moved to another version; they are"
                    " left out: %(name)s.",
                    each.migrated,
                    n=number(each.migrated),
                    name=name,
                )
            )
        if each.drawn_of:
            told.append(
                _(
                    "%(name)s: of %(all)s cases %(n)s were drawn by lot, always the same.",
                    name=name,
                    all=number(each.drawn_of),
                    n=number(each.cases),
                )
            )
    if made.both:
        told.append(
            ngettext(
                "%(n)s case belongs to both sides and is left out.",
                "%(n)s cases belong to both sides and are left out.",
                made.both,
                n=number(made.both),
            )
        )
    if any(each.people for each in made.figures):
        told.append(
            _(
                "Fewer than ten people did the work: intervals take into account that the cases"
                " of one person are alike."
            )
        )
    return told


def _mix(session: Session, made: Comparison) -> dict[str, Any] | None:
    """The segments by which the sides differ; None where they do not."""
    if not made.mix.traits:
        return None
    return {
        "traits": ", ".join(word(DIMENSION, each) for each in made.mix.traits),
        "warning": any(each.verdict is Verdict.MIX for each in made.figures),
        "explained": [each for each in made.figures if each.verdict is Verdict.MIX],
        "rows": [
            {
                "name": _segment(session, each.traits),
                "a": figure(each.share_a, "share"),
                "b": figure(each.share_b, "share"),
                "n_a": number(each.n_a),
                "n_b": number(each.n_b),
            }
            for each in made.mix.segments
        ],
    }


def _segment(session: Session, traits: Mapping[str, str]) -> str:
    if all(value == OTHERS for value in traits.values()):
        return _("The others")
    return " × ".join(
        _("others") if value == OTHERS else labels.label(session, trait, value)
        for trait, value in traits.items()
    )
