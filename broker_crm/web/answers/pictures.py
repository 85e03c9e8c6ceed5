"""Pictures of answers as shapes: the trend by month, its small form, intervals and load.

Coordinates are computed here and drawn as SVG by the templates, without scripts or styles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from broker_crm.analysis.answers import Point
from broker_crm.analysis.estimates import SMALL
from broker_crm.web.answers.figures import figure

WIDTH, HEIGHT = 720, 230
LEFT, RIGHT, TOP, BOTTOM = 84, 14, 14, 46
SPARK = (120, 30)
BAR = 120
"""Width of the picture of an interval."""
AS_BARS = frozenset({"count", "eur"})
LEAST_STEP = {"days": 0.5, "count": 1.0}
"""Levels are never closer than this."""
MOST_LOAD = 1.5
"""What is above is drawn as this."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A trend ready to draw.

    Attributes:
        points: with place, month and value in words; without a value where there is none.
        line: of the polyline; empty for bars.
        bars: whether bars are drawn instead.
        levels: lines across, with their figures.
        base: where 0 lies.
        told: what the picture shows, in a sentence for those who do not see it.
    """

    points: list[dict[str, Any]]
    line: str
    bars: bool
    levels: list[dict[str, Any]]
    base: float
    told: str


def trend(points: Sequence[Point], unit: str) -> Trend | None:
    """The trend; None of fewer than two months with a value."""
    known = [each for each in points if each.value is not None and isfinite(each.value)]
    if len(known) < 2:
        return None
    low = min(0.0, *(float(each.value or 0) for each in known))
    high = max(0.0, *(float(each.value or 0) for each in known))
    step = max(_step((high - low) or 1.0), LEAST_STEP.get(unit, 0.0))
    bottom, top = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step or step
    inner = WIDTH - LEFT - RIGHT
    slot = inner / len(points)

    def height(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (top - value) / (top - bottom), 1)

    januaries = {place for place, each in enumerate(points) if each.month.month == 1}
    years = januaries | ({0} if not januaries & {1, 2} else set())
    drawn = []
    for place, each in enumerate(points):
        x = round(LEFT + slot * (place + 0.5), 1)
        has = each.value is not None and isfinite(each.value)
        drawn.append(
            {
                "x": x,
                "y": height(float(each.value or 0)) if has else None,
                "left": round(x - slot * 0.32, 1),
                "width": round(slot * 0.64, 1),
                "label": format_date(each.month, "LLL"),
                "year": str(each.month.year) if place in years else "",
                "month": format_date(each.month, "LLLL yyyy"),
                "figure": figure(each.value if has else None, unit),
                "n": each.n,
                "few": each.n < SMALL,
                "shown": (len(points) - 1 - place) % ceil(len(points) / 14) == 0,
                "odd": (len(points) - 1 - place) % (2 * ceil(len(points) / 14)) != 0,
            }
        )
    count = round((top - bottom) / step)
    axis = "number" if unit == "days" else unit
    levels = [
        {"y": height(bottom + step * each), "figure": figure(bottom + step * each, axis)}
        for each in range(count + 1)
    ]
    line = " ".join(f"{each['x']},{each['y']}" for each in drawn if each["y"] is not None)
    first, last = known[0], known[-1]
    told = _(
        "From %(first)s in %(first_month)s to %(last)s in %(last_month)s.",
        first=figure(first.value, unit),
        first_month=format_date(first.month, "yyyy-MM"),
        last=figure(last.value, unit),
        last_month=format_date(last.month, "yyyy-MM"),
    )
    bars = unit in AS_BARS
    return Trend(drawn, "" if bars else line, bars, levels, height(0), told)


def spark(points: Sequence[Point]) -> str:
    """Points of a small line; empty of fewer than two months with a value."""
    known = [float(each.value) for each in points if each.value is not None]
    known = [each for each in known if isfinite(each)]
    if len(known) < 2:
        return ""
    low, high = min(0.0, *known), max(known)
    width, height = SPARK
    scale = (high - low) or 1.0
    return " ".join(
        f"{round(2 + (width - 4) * place / (len(known) - 1), 1)},"
        f"{round(2 + (height - 4) * (high - value) / scale, 1)}"
        for place, value in enumerate(known)
    )


def intervals(rows: Sequence[dict[str, Any]], column: str) -> list[dict[str, float] | None]:
    """Each row's figure with its interval, all to one scale from 0 to the highest relied on."""
    relied_on = [row for row in rows if row["n"] >= SMALL] or rows
    told = [each for row in relied_on for each in (row.get(column), *(row.get("interval") or ()))]
    highest = max((float(each) for each in told if each is not None), default=0.0)
    if highest <= 0:
        return [None for _row in rows]

    def place(value: float) -> float:
        return round(4 + (BAR - 8) * min(max(value / highest, 0.0), 1.0), 1)

    found: list[dict[str, float] | None] = []
    for row in rows:
        value, limits = row.get(column), row.get("interval")
        if value is None or limits is None:
            found.append(None)
            continue
        low = limits[0] if limits[0] is not None else value
        high = limits[1] if limits[1] is not None else highest
        found.append({"low": place(low), "high": place(high), "at": place(value)})
    return found


def load(value: float | None) -> dict[str, float] | None:
    """A bar of a week's load; the line of 100 % lies at two thirds."""
    if value is None:
        return None
    return {"width": round(BAR * min(max(value, 0.0), MOST_LOAD) / MOST_LOAD, 1)}


def _step(span: float) -> float:
    rough = span / 4
    size = 10 ** floor(log10(rough))
    return float(next(each * size for each in (1, 2, 2.5, 5, 10) if each * size >= rough - 1e-12))
