"""Figures of durations: medians with cases still running, rank tests, who is drawn again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.comparison import resampling
from broker_crm.analysis.comparison.curves import RUNNING, kaplan_meier, mixed
from broker_crm.analysis.comparison.figures import Figure, Ninth, SideFigure
from broker_crm.analysis.comparison.gates import FEW, UNTESTED
from broker_crm.analysis.comparison.logrank import Group, logrank
from broker_crm.analysis.comparison.pairs import Pair, gap, people_curves
from broker_crm.analysis.comparison.ranks import cliffs_delta, van_elteren
from broker_crm.analysis.comparison.resampling import Limits
from broker_crm.analysis.comparison.samples import Sample

Numbers = NDArray[np.float64]
HALF, NINTH = 0.5, 0.9


def duration(measure: str, element: str | None, pair: Pair, _sample: Sample) -> Figure:
    """Median and ninth decile of both sides, and how far they are apart."""
    censored = any(bool((side.state == RUNNING).any()) for side in (pair.a, pair.b))
    sides, random = [], resampling.chance()
    for side in (pair.a, pair.b):
        curve = kaplan_meier(side.value, side.state != RUNNING)
        draws = resampling.quantile_draws(curve, HALF, random)
        told = resampling.limits(draws) if side.n >= UNTESTED else None
        sides.append(SideFigure(curve.reached(HALF), side.n, told, running=curve.running))
    made = Figure(measure, element, sides[0], sides[1])
    if pair.n < UNTESTED or not pair.mix.weights:
        return made
    half, interval = _quantiles(pair, HALF)
    ninth, of_ninth = _quantiles(pair, NINTH)
    tested = pair.n >= FEW
    whole = element is None
    return Figure(
        measure,
        element,
        sides[0],
        sides[1],
        difference=gap(*half),
        interval=interval,
        crude=gap(sides[0].value, sides[1].value),
        chance=_apart(pair, censored, whole) if tested else None,
        crude_chance=_apart(pair.crude(), censored, whole) if tested else None,
        test=("log-rank" if whole else "early-log-rank") if censored else "van-elteren",
        people=pair.people,
        ninth=Ninth(ninth[0], ninth[1], gap(*ninth), of_ninth),
        delta=None if censored else cliffs_delta(pair.a.value, pair.b.value),
        left_out=pair.mix.left_out,
    )


def _quantiles(pair: Pair, share: float) -> tuple[tuple[float | None, float | None], Limits]:
    """By when so many have it on both sides in the common mix, and the interval of B less A."""
    curves = [
        mixed(
            [
                kaplan_meier(each.value, each.state != RUNNING)
                for each in side.segments(len(pair.mix.weights))
            ],
            pair.mix.weights,
        )
        for side in (pair.a, pair.b)
    ]
    if pair.people:
        draws = _people_quantiles(pair, share)
    else:
        random = resampling.chance()
        draws = [resampling.quantile_draws(curve, share, random) for curve in curves]
    interval = resampling.limits(resampling.less(draws[1], draws[0]))
    return (curves[0].reached(share), curves[1].reached(share)), interval


def _people_quantiles(pair: Pair, share: float) -> list[Numbers]:
    drawn, times = people_curves(pair, otherwise=False)
    return [resampling.reached(each, share, times) for each in drawn]


def _apart(pair: Pair, censored: bool, whole: bool) -> float | None:
    if not censored:
        return van_elteren([(a.value, b.value) for a, b in pair.strata])
    groups: list[tuple[Group, Group]] = [
        ((a.value, a.state != RUNNING), (b.value, b.state != RUNNING)) for a, b in pair.strata
    ]
    return logrank(groups, early=not whole)
