"""Small pictures of how many have met, got an offer or bought by time, on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite

from broker_crm.analysis.comparison import Pictured
from broker_crm.analysis.comparison.curves import Curve
from broker_crm.web.analyse.comparison.wording import MEASURE
from broker_crm.web.answers.figures import figure, number
from broker_crm.web.wording import word

WIDTH, HEIGHT = 300, 170
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 26
STEPS = (1, 2, 5, 10, 20, 50, 100, 200)
READ = (5, 10, 20, 40, 80)
"""Working days at which the curves are told in figures."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Both curves ready to draw; `marks` are places along the two axes with their figures."""

    title: str
    a: str
    b: str
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    rows: list[tuple[str, str, str]]


def pictures(pictured: tuple[Pictured, ...]) -> list[Picture]:
    """Those of which anything is known."""
    return [made for made in map(_picture, pictured) if made is not None]


def _picture(told: Pictured) -> Picture | None:
    curves = (told.a, told.b)
    ends = [float(each.times[-1]) for each in curves if len(each.times)]
    last = min(max(ends, default=0.0), told.horizon)
    highest = max((each.at(last) for each in curves), default=0.0)
    if last <= 0 or highest <= 0 or not isfinite(last):
        return None
    last = min(last, 2.5 * max(_nine_tenths(each, last) for each in curves)) or last
    top = max(0.1, ceil(highest * 10) / 10)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step = next((each for each in STEPS if last / each <= 6), STEPS[-1])

    def x(day: float) -> float:
        return round(LEFT + wide * day / last, 1)

    def y(share: float) -> float:
        return round(TOP + high * (1 - share / top), 1)

    def line(curve: Curve) -> str:
        points, before = [(x(0), y(0))], y(0)
        for time, share in zip(curve.times, curve.share, strict=True):
            if time > last:
                break
            points += [(x(float(time)), before), (x(float(time)), y(float(share)))]
            before = y(float(share))
        points.append((x(last), before))
        return " ".join(f"{across},{up}" for across, up in points)

    return Picture(
        word(MEASURE, told.measure),
        line(told.a),
        line(told.b),
        [(x(day), number(day)) for day in range(0, int(last) + 1, step)],
        [(y(top * part / 2), figure(top * part / 2, "share")) for part in (0, 1, 2)],
        [
            (
                number(day),
                figure(told.a.at(day), "share"),
                figure(told.b.at(day), "share"),
            )
            for day in READ
            if day <= min(told.horizon, max(ends))
        ],
    )


def _nine_tenths(curve: Curve, last: float) -> float:
    """By when nine of ten have it of those who have it at all."""
    return curve.reached(0.9 * curve.at(last)) or last
