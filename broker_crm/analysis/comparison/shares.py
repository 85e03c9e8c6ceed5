"""Differences of shares, within strata: intervals, tests, whether the strata agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from broker_crm.analysis.estimates import Interval, wilson


@dataclass(frozen=True, slots=True)
class Counts:
    """Both sides within one segment.

    Attributes:
        hits_a: of side A, that have it.
        n_a: of side A.
        hits_b: of side B, that have it.
        n_b: of side B.
        weight: of the segment in the common mix; those of all segments add up to 1.
    """

    hits_a: int
    n_a: int
    hits_b: int
    n_b: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """How the odds of side B stand to those of side A, within segments.

    Attributes:
        value: of Mantel and Haenszel (1959); None where it can't be told.
        chance: of a difference this large without a cause (Cochran, Mantel and Haenszel, without
            a correction for continuity); None where it can't be told.
        differing: chance of the segments' odds ratios being this far apart when they are equal
            (Breslow and Day 1980); None of one segment.
    """

    value: float | None
    chance: float | None
    differing: float | None


def difference(strata: Sequence[Counts]) -> tuple[float, Interval] | None:
    """Share of side B less that of side A in the common mix, with its 95 % interval.

    Newcombe's interval (1998, method 10); of several segments by the same square-and-add over
    each side's Wilson limits (Yan and Su 2010). None where a side is empty in a segment.
    """
    found = low = high = 0.0
    for each in strata:
        before, after = wilson(each.hits_a, each.n_a), wilson(each.hits_b, each.n_b)
        if before is None or after is None:
            return None
        a, b = each.hits_a / each.n_a, each.hits_b / each.n_b
        found += each.weight * (b - a)
        low += each.weight**2 * ((b - after[0]) ** 2 + (before[1] - a) ** 2)
        high += each.weight**2 * ((after[1] - b) ** 2 + (a - before[0]) ** 2)
    return found, (max(-1.0, found - sqrt(low)), min(1.0, found + sqrt(high)))


def odds_ratio(strata: Sequence[Counts]) -> OddsRatio:
    """The odds ratio within segments, its test, and whether the segments agree."""
    told = [each for each in strata if each.n_a and each.n_b]
    surplus = spread = up = down = 0.0
    for each in told:
        size = each.n_a + each.n_b
        hits = each.hits_a + each.hits_b
        if size < 2:
            continue
        surplus += each.hits_b - hits * each.n_b / size
        spread += hits * (size - hits) * each.n_a * each.n_b / (size**2 * (size - 1))
        up += each.hits_b * (each.n_a - each.hits_a) / size
        down += each.hits_a * (each.n_b - each.hits_b) / size
    chance = float(stats.chi2.sf(surplus**2 / spread, 1)) if spread > 0 else None
    ratio = up / down if down > 0 else None
    return OddsRatio(ratio, chance, breslow_day(told, ratio) if ratio else None)


def breslow_day(strata: Sequence[Counts], ratio: float) -> float | None:
    """Chance of odds ratios this far apart when the common one holds in all segments."""
    squared, segments = 0.0, 0
    for each in strata:
        hits = each.hits_a + each.hits_b
        if not 0 < hits < each.n_a + each.n_b:
            continue
        expected = _expected(each, ratio)
        parts = np.array([expected, hits - expected, each.n_b - expected, 0.0])
        parts[3] = each.n_a - hits + expected
        if (parts <= 0).any():
            continue
        squared += (each.hits_b - expected) ** 2 * float((1 / parts).sum())
        segments += 1
    return float(stats.chi2.sf(squared, segments - 1)) if segments > 1 else None


def _expected(each: Counts, ratio: float) -> float:
    """Hits of side B that the margins and a common odds ratio lead to: a root of a quadratic."""
    hits = each.hits_a + each.hits_b
    if abs(ratio - 1) < 1e-12:
        return hits * each.n_b / (each.n_a + each.n_b)
    square = 1 - ratio
    linear = each.n_a - hits + ratio * (hits + each.n_b)
    constant = -ratio * hits * each.n_b
    root = sqrt(linear**2 - 4 * square * constant)
    low, high = max(0, hits - each.n_a), min(hits, each.n_b)
    for sign in (1, -1):
        found = (-linear + sign * root) / (2 * square)
        if low <= found <= high:
            return found
    return float(low)
