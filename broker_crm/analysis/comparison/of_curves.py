"""Figures of what cases come to, some ending otherwise first: how many have it, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.comparison import resampling
from broker_crm.analysis.comparison.curves import HAPPENED, Curve, aalen_johansen, mixed
from broker_crm.analysis.comparison.figures import Figure, SideFigure
from broker_crm.analysis.comparison.gates import FEW, UNTESTED
from broker_crm.analysis.comparison.mix import Shared
from broker_crm.analysis.comparison.pairs import Pair, Side, gap, normal_chance, people_curves
from broker_crm.analysis.comparison.resampling import Limits
from broker_crm.analysis.comparison.samples import Sample
from broker_crm.analysis.estimates import Z

Numbers = NDArray[np.float64]


def soon(measure: str, element: str | None, pair: Pair, sample: Sample) -> Figure:
    """Time by which half of those have it who have it by the horizon."""
    horizon = sample.horizon if sample.horizon is not None else float("inf")
    sides = []
    for side in (pair.a, pair.b):
        curve = aalen_johansen(side.value, side.state)
        had = int(((side.state == HAPPENED) & (side.value <= horizon)).sum())
        sides.append(SideFigure(_half_way(curve, horizon), had, running=curve.running))
    made = Figure(measure, element, sides[0], sides[1], horizon=horizon)
    n = min(each.n for each in sides)
    if n < UNTESTED or not pair.mix.weights:
        return made
    within, interval, told = _half_ways(pair, horizon)
    tested = n >= FEW
    crude = gap(sides[0].value, sides[1].value)
    crude_chance = told if len(pair.mix.weights) == 1 else _half_ways(pair.crude(), horizon)[2]
    return Figure(
        measure,
        element,
        sides[0],
        sides[1],
        difference=within,
        interval=interval,
        crude=crude,
        chance=told if tested else None,
        crude_chance=crude_chance if tested else None,
        test="bootstrap",
        people=pair.people,
        horizon=horizon,
        left_out=pair.mix.left_out,
    )


def _half_way(curve: Curve, horizon: float) -> float | None:
    whole = curve.at(horizon)
    return curve.reached(whole / 2) if whole > 0 else None


def _half_ways(pair: Pair, horizon: float) -> tuple[float | None, Limits, float | None]:
    exact = [_half_way(_curve(side, pair.mix), horizon) for side in (pair.a, pair.b)]
    drawn, times = _drawn(pair)
    draws = []
    for curves in drawn:
        last = int(np.searchsorted(times, horizon, side="right")) - 1
        whole = curves[:, max(last, 0)]
        draws.append(np.where(whole > 0, resampling.reached(curves, whole / 2, times), np.nan))
    gaps = resampling.less(draws[1], draws[0])
    known = gaps[np.isfinite(gaps)]
    difference = gap(*exact)
    spread = float(known.std()) if len(known) > 0.9 * len(gaps) else 0.0
    told = None if difference is None or not spread else normal_chance(difference, spread)
    return difference, resampling.limits(gaps), told


def _drawn(pair: Pair) -> tuple[list[Numbers], Numbers]:
    """Curves of both sides drawn again, by people or by cases."""
    if pair.people:
        return people_curves(pair, otherwise=True)
    times, random, found = resampling.grid(pair.a.value, pair.b.value), resampling.chance(), []
    segments = len(pair.mix.weights)
    for side in (pair.a, pair.b):
        inside = side.segment >= 0
        counts = resampling.grouped(
            np.searchsorted(times, side.value[inside]),
            side.state[inside],
            side.segment[inside],
            np.zeros(int(inside.sum()), dtype=np.int64),
            (1, segments, len(times)),
        )[0]
        again = resampling.cases_drawn(counts, resampling.OF_CURVES, random)
        found.append(resampling.curves_of(again, pair.mix.weights))
    return found, times


def _curve(side: Side, common: Shared) -> Curve:
    return mixed(
        [aalen_johansen(each.value, each.state) for each in side.segments(len(common.weights))],
        common.weights,
    )


def chance(measure: str, element: str | None, pair: Pair, sample: Sample) -> Figure:
    """Share that has it by the horizon."""
    horizon = sample.horizon if sample.horizon is not None else float("inf")
    sides = []
    for side in (pair.a, pair.b):
        curve = aalen_johansen(side.value, side.state)
        share, spread = curve.at(horizon), curve.spread_at(horizon)
        told = (max(0.0, share - Z * spread), min(1.0, share + Z * spread))
        had = int(((side.state == HAPPENED) & (side.value <= horizon)).sum())
        sides.append(
            SideFigure(share if side.n else None, side.n, told, had, running=curve.running)
        )
    made = Figure(measure, element, sides[0], sides[1], horizon=horizon)
    if pair.n < UNTESTED or not pair.mix.weights:
        return made
    within, crude = _chances(pair, horizon), _chances(pair.crude(), horizon)
    tested = pair.n >= FEW
    interval: Limits = within[1]
    if pair.people:
        drawn, times = people_curves(pair, otherwise=True)
        last = max(int(np.searchsorted(times, horizon, side="right")) - 1, 0)
        interval = resampling.limits(resampling.less(drawn[1][:, last], drawn[0][:, last]))
    return Figure(
        measure,
        element,
        sides[0],
        sides[1],
        difference=within[0],
        interval=interval,
        crude=crude[0],
        chance=within[2] if tested else None,
        crude_chance=crude[2] if tested else None,
        test="aalen-johansen",
        people=pair.people,
        horizon=horizon,
        left_out=pair.mix.left_out,
    )


def _chances(pair: Pair, horizon: float) -> tuple[float, Limits, float | None]:
    curves = [_curve(side, pair.mix) for side in (pair.a, pair.b)]
    found = curves[1].at(horizon) - curves[0].at(horizon)
    spread = sqrt(sum(each.spread_at(horizon) ** 2 for each in curves))
    if spread <= 0:
        return found, (None, None), None
    return found, (found - Z * spread, found + Z * spread), normal_chance(found, spread)


def curves(sample: Sample, later: NDArray[np.bool_]) -> Sequence[Curve]:
    """Incidence curves of both sides as they are, for a picture."""
    of_b = later[sample.case]
    return [aalen_johansen(sample.value[which], sample.state[which]) for which in (~of_b, of_b)]
