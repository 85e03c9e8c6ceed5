"""Figures of shares and means: within segments, people drawn again where they are few."""

from __future__ import annotations

from math import sqrt

from broker_crm.analysis.comparison import shares
from broker_crm.analysis.comparison.figures import Figure, SideFigure
from broker_crm.analysis.comparison.gates import FEW, UNTESTED
from broker_crm.analysis.comparison.pairs import Pair, gap, normal_chance, people_means
from broker_crm.analysis.comparison.resampling import Limits
from broker_crm.analysis.comparison.samples import Sample
from broker_crm.analysis.estimates import Z, wilson


def of_share(measure: str, element: str | None, pair: Pair, sample: Sample) -> Figure:
    """Shares of both sides, of the cases that have had time enough."""
    sides = []
    for side, young in zip((pair.a, pair.b), sample.waiting, strict=True):
        hits = int(side.value.sum())
        value = hits / side.n if side.n else None
        sides.append(SideFigure(value, side.n, wilson(hits, side.n), hits, young=young))
    made = Figure(measure, element, sides[0], sides[1], horizon=sample.horizon)
    told = shares.difference(_counts(pair)) if pair.mix.weights else None
    if told is None or pair.n < UNTESTED:
        return made
    odds, crude = shares.odds_ratio(_counts(pair)), shares.odds_ratio(_counts(pair.crude()))
    tested = pair.n >= FEW
    return Figure(
        measure,
        element,
        sides[0],
        sides[1],
        difference=told[0],
        interval=people_means(pair) if pair.people else told[1],
        crude=gap(sides[0].value, sides[1].value),
        chance=odds.chance if tested else None,
        crude_chance=crude.chance if tested else None,
        test="mantel-haenszel",
        people=pair.people,
        horizon=sample.horizon,
        odds_ratio=odds.value,
        differing=odds.differing,
        left_out=pair.mix.left_out,
    )


def _counts(pair: Pair) -> list[shares.Counts]:
    return [
        shares.Counts(int(a.value.sum()), a.n, int(b.value.sum()), b.n, weight)
        for (a, b), weight in zip(pair.strata, pair.mix.weights, strict=True)
    ]


def of_mean(measure: str, element: str | None, pair: Pair, _sample: Sample) -> Figure:
    """Means of both sides."""
    sides = []
    for side in (pair.a, pair.b):
        value = float(side.value.mean()) if side.n else None
        spread = float(side.value.std(ddof=1)) / sqrt(side.n) if side.n > 1 else None
        told = (
            (value - Z * spread, value + Z * spread)
            if value is not None and spread is not None
            else None
        )
        sides.append(SideFigure(value, side.n, told))
    made = Figure(measure, element, sides[0], sides[1])
    if pair.n < UNTESTED or not pair.mix.weights:
        return made
    within, crude = _welch(pair), _welch(pair.crude())
    tested = pair.n >= FEW
    return Figure(
        measure,
        element,
        sides[0],
        sides[1],
        difference=within[0],
        interval=people_means(pair) if pair.people else within[1],
        crude=crude[0],
        chance=within[2] if tested else None,
        crude_chance=crude[2] if tested else None,
        test="welch",
        people=pair.people,
        left_out=pair.mix.left_out,
    )


def _welch(pair: Pair) -> tuple[float, Limits, float | None]:
    """Difference of means in the common mix, by each segment's own variance (Welch 1947)."""
    found = variance = 0.0
    for (a, b), weight in zip(pair.strata, pair.mix.weights, strict=True):
        found += weight * float(b.value.mean() - a.value.mean())
        for side, whole in ((a, pair.a), (b, pair.b)):
            spread = side.value if side.n > 1 else whole.value
            variance += weight**2 * float(spread.var(ddof=1)) / side.n
    if variance <= 0:
        return found, (None, None), None
    half = Z * sqrt(variance)
    return found, (found - half, found + half), normal_chance(found, sqrt(variance))
