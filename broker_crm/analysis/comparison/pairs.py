"""Both sides of a sample with their segments, and samples of people drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from broker_crm.analysis.comparison import resampling
from broker_crm.analysis.comparison.curves import HAPPENED, RUNNING
from broker_crm.analysis.comparison.mix import Shared, shared
from broker_crm.analysis.comparison.resampling import Limits

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Side:
    """Values of one side with their segments in the common mix."""

    value: Numbers
    state: NDArray[np.int8]
    people: Whole
    segment: Whole

    def segments(self, count: int) -> list[Side]:
        return [self._of(self.segment == each) for each in range(count)]

    def _of(self, which: NDArray[np.bool_]) -> Side:
        return Side(self.value[which], self.state[which], self.people[which], self.segment[which])

    @property
    def n(self) -> int:
        return len(self.value)


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of a sample."""

    a: Side
    b: Side
    mix: Shared

    @property
    def n(self) -> int:
        """Of the smaller side."""
        return min(self.a.n, self.b.n)

    @property
    def strata(self) -> list[tuple[Side, Side]]:
        count = len(self.mix.weights)
        return list(zip(self.a.segments(count), self.b.segments(count), strict=True))

    @property
    def people(self) -> bool:
        return resampling.by_people(self.a.people, self.b.people)

    def crude(self) -> Pair:
        """The same without segments."""
        return paired(
            *(
                Side(each.value, each.state, each.people, np.zeros(each.n, dtype=np.int64))
                for each in (self.a, self.b)
            )
        )


def paired(a: Side, b: Side) -> Pair:
    common = shared(a.segment, b.segment)
    return Pair(
        Side(a.value, a.state, a.people, common.a),
        Side(b.value, b.state, b.people, common.b),
        common,
    )


def people_curves(pair: Pair, *, otherwise: bool) -> tuple[list[Numbers], Numbers]:
    """Curves of both sides when people are drawn again, the same people for both."""
    times = resampling.grid(pair.a.value, pair.b.value)
    people, numbers = np.unique(np.concatenate([pair.a.people, pair.b.people]), return_inverse=True)
    shape = (len(people), len(pair.mix.weights), len(times))
    weights = resampling.people_drawn(len(people), resampling.OF_CURVES, resampling.chance())
    found = []
    for side, who in ((pair.a, numbers[: pair.a.n]), (pair.b, numbers[pair.a.n :])):
        inside = side.segment >= 0
        state = side.state if otherwise else np.where(side.state == RUNNING, RUNNING, HAPPENED)
        counts = resampling.grouped(
            np.searchsorted(times, side.value[inside]),
            state[inside].astype(np.int8),
            side.segment[inside],
            who[inside],
            shape,
        )
        drawn = np.tensordot(weights, counts, axes=1)
        found.append(resampling.curves_of(drawn, pair.mix.weights))
    return found, times


def people_means(pair: Pair) -> Limits:
    """Interval of the difference of means in the common mix when people are drawn again."""
    people, numbers = np.unique(np.concatenate([pair.a.people, pair.b.people]), return_inverse=True)
    many, segments = len(people), len(pair.mix.weights)
    weights = resampling.people_drawn(many, resampling.DRAWS, resampling.chance())
    means = []
    for side, who in ((pair.a, numbers[: pair.a.n]), (pair.b, numbers[pair.a.n :])):
        inside = side.segment >= 0
        which = who[inside] * segments + side.segment[inside]
        sums = np.bincount(which, side.value[inside], many * segments).reshape(many, segments)
        sizes = np.bincount(which, minlength=many * segments).reshape(many, segments)
        there = weights @ sizes
        mixture = (there > 0) * np.asarray(pair.mix.weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            mixture = mixture / mixture.sum(axis=1, keepdims=True)
            of_segment = np.where(there > 0, (weights @ sums) / there, 0.0)
        means.append((mixture * of_segment).sum(axis=1))
    return resampling.limits(resampling.less(means[1], means[0]))


def normal_chance(difference: float, spread: float) -> float:
    """Two-sided chance of a difference by its standard error."""
    return float(2 * stats.norm.sf(abs(difference) / spread))


def gap(before: float | None, after: float | None) -> float | None:
    """B less A; None where a side can't be told."""
    if before is None or after is None or not (isfinite(before) and isfinite(after)):
        return None
    return after - before
