"""The table of a comparison: whole cases first, then each step; and the same for a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from broker_crm.analysis.comparison import Comparison, Figure, Outcome, SideFigure, Step, Verdict
from broker_crm.analysis.estimates import SMALL
from broker_crm.web.analyse.comparison.wording import (
    MEASURE,
    STATE,
    TEST,
    TONE,
    VERDICT,
    gap,
    limits,
    needed,
    value,
)
from broker_crm.web.answers import addresses
from broker_crm.web.answers.figures import exported, figure, number
from broker_crm.web.tables import Cell
from broker_crm.web.wording import word

ALWAYS = ("waiting", "conversion")
"""Measures of steps that are shown whatever comes of them."""
TOLD = (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT, Verdict.MIX)
BAR = 120


def table(
    made: Comparison,
    names: Mapping[str, str],
    words: Mapping[str, str],
    query: Mapping[str, str],
    *,
    whole: bool,
) -> list[dict[str, Any]]:
    """Groups of rows: of whole cases, and of each step.

    Args:
        made: the comparison.
        names: element to the name of the step.
        words: code of an outcome to its name.
        query: of the address.
        whole: whether all measures of steps are shown, not only those that say something.
    """
    groups: list[dict[str, Any]] = [
        {
            "name": _("The whole case"),
            "state": "",
            "changed": "",
            "rows": [_row(each, query) for each in made.whole],
            "outcomes": [],
        }
    ]
    for step in made.steps:
        shown = [
            each for each in step.figures if whole or each.measure in ALWAYS or each.verdict in TOLD
        ]
        if not whole and not worth_showing(step):
            continue
        groups.append(
            {
                "name": names[step.element],
                "state": word(STATE, step.state) if step.state in STATE else "",
                "changed": ", ".join(step.changed),
                "rows": [_row(each, query) for each in shown],
                "outcomes": [_outcome(each, words) for each in step.outcomes] if whole else [],
            }
        )
    return groups


def worth_showing(step: Step) -> bool:
    """Whether anything can be said of the step, if only that no difference is shown."""
    return step.state != "both" or any(
        each.verdict is not Verdict.TOO_FEW for each in step.figures if each.measure != "reach"
    )


def _row(told: Figure, query: Mapping[str, str]) -> dict[str, Any]:
    unit = told.told.unit
    return {
        "measure": word(MEASURE, told.measure),
        "within": _within(told),
        "a": _side(told, told.a, "a", query),
        "b": _side(told, told.b, "b", query),
        "difference": gap(told.difference, unit),
        "interval": limits(told.interval, unit),
        "crude": gap(told.crude, unit) if _moved(told) else "",
        "bar": bar(told),
        "p": figure(told.q, "p") if told.q is not None else "–",
        "verdict": word(VERDICT, told.verdict),
        "tone": TONE.get(told.verdict, ""),
        "needed": needed(told),
        "few": told.verdict is Verdict.TOO_FEW,
        "test": _test(told),
    }


def _side(told: Figure, side: SideFigure, which: str, query: Mapping[str, str]) -> dict[str, Any]:
    about = {"of": told.measure, "side": which}
    if told.element is not None:
        about["element"] = told.element
    return {
        "value": value(side.value, told.told.unit),
        "n": number(side.n),
        "few": side.n < SMALL,
        "running": number(side.running) if side.running else "",
        "young": number(side.young) if side.young else "",
        "cases": addresses.made("comparison.cases", {**query, **about}) if side.n else "",
    }


def _within(told: Figure) -> str:
    """The time within which it counts, where not all is decided."""
    if told.horizon is None or told.horizon == float("inf"):
        return ""
    return _("within %(days)s", days=figure(told.horizon, "days"))


def _moved(told: Figure) -> bool:
    """Whether the common mix makes a difference that can be seen."""
    if told.crude is None or told.difference is None:
        return False
    return gap(told.crude, told.told.unit) != gap(told.difference, told.told.unit)


def _test(told: Figure) -> str:
    """How it was tested, with what else the test says, for a hint."""
    parts = [word(TEST, told.test)] if told.test else []
    if told.delta is not None:
        low, high = told.delta.interval
        parts.append(f"δ {number(told.delta.value, 2)} ({number(low, 2)} … {number(high, 2)})")
    if told.odds_ratio is not None:
        parts.append(_("odds ratio %(ratio)s", ratio=number(told.odds_ratio, 2)))
    if told.differing is not None and told.differing < 0.05:
        parts.append(_("the segments differ among themselves"))
    if told.ninth is not None and told.ninth.difference is not None:
        unit = told.told.unit
        parts.append(
            _(
                "nine of ten within: %(a)s and %(b)s (%(interval)s)",
                a=value(told.ninth.a, unit),
                b=value(told.ninth.b, unit),
                interval=limits(told.ninth.interval, unit) or "–",
            )
        )
    return "; ".join(parts)


def bar(told: Figure) -> dict[str, float] | None:
    """The difference with its interval, nothing in the middle."""
    if told.difference is None or told.interval is None:
        return None
    low, high = told.interval
    known = [abs(each) for each in (low, high, told.difference) if each is not None]
    furthest = max(known, default=0.0)
    if furthest <= 0:
        return None

    def place(at: float) -> float:
        return round(BAR / 2 + (BAR / 2 - 5) * at / furthest, 1)

    return {
        "low": place(low if low is not None else -furthest),
        "high": place(high if high is not None else furthest),
        "at": place(told.difference),
    }


def _outcome(told: Outcome, words: Mapping[str, str]) -> dict[str, str]:
    share_a = told.hits_a / told.n_a if told.n_a else None
    share_b = told.hits_b / told.n_b if told.n_b else None
    return {
        "name": words.get(told.outcome, told.outcome),
        "a": figure(share_a, "share"),
        "b": figure(share_b, "share"),
        "interval": limits(told.interval, "share"),
    }


def listed(
    made: Comparison, names: Mapping[str, str], sides: tuple[str, str]
) -> tuple[list[str], list[list[Cell]]]:
    """All figures for a spreadsheet: headings with units, and cells; shares in percent."""
    before, after = sides
    headings = [
        _("Step"),
        _("Measure"),
        _("Unit"),
        before,
        _("n: %(side)s", side=before),
        after,
        _("n: %(side)s", side=after),
        _("Difference"),
        "95 % ≥",
        "95 % ≤",
        _("Difference without regard to the mix"),
        _("p, corrected"),
        _("Verdict"),
        _("More cases needed"),
    ]
    lines: list[list[Cell]] = []
    for told in made.figures:
        unit = told.told.unit
        low, high = told.interval or (None, None)
        lines.append(
            [
                names.get(told.element, told.element) if told.element else _("The whole case"),
                word(MEASURE, told.measure),
                {"days": _("working days"), "share": "%", "eur": "EUR"}[unit],
                _cell(told.a.value, unit),
                told.a.n,
                _cell(told.b.value, unit),
                told.b.n,
                _cell(told.difference, unit),
                _cell(low, unit),
                _cell(high, unit),
                _cell(told.crude, unit),
                exported(told.q, "p"),
                word(VERDICT, told.verdict),
                told.needed,
            ]
        )
    return headings, lines


def _cell(told: float | None, unit: str) -> Cell:
    """Times to four digits: some take minutes."""
    return exported(told, "ratio" if unit == "days" else unit)
