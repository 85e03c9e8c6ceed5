"""Whether one side's values tend to be larger: rank tests, within strata, and Cliff's delta."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from broker_crm.analysis.estimates import Interval, Z

Numbers = NDArray[np.float64]
Stratum = tuple[Numbers, Numbers]
"""Values of both sides within one segment."""


@dataclass(frozen=True, slots=True)
class Delta:
    """By how much oftener a value of side B is larger than one of side A than smaller.

    Attributes:
        value: from −1 to 1.
        interval: 95 %.
    """

    value: float
    interval: Interval


def van_elteren(strata: Sequence[Stratum]) -> float | None:
    """Two-sided chance of ranks this far apart without a cause (van Elteren 1960).

    Wilcoxon's rank sums within strata, each by the weight 1/(N+1) that is the most powerful when
    the shift is the same in all; of one stratum it is the test of Mann and Whitney (1947), with
    ties, by the normal approximation, without a correction for continuity.

    Args:
        strata: values of side A and B; those with an empty side say nothing.
    """
    total = variance = 0.0
    for before, after in strata:
        m, n = len(before), len(after)
        size = m + n
        if not m or not n:
            continue
        both = np.concatenate([before, after])
        ranks = stats.rankdata(both)
        _values, ties = np.unique(both, return_counts=True)
        tied = float((ties.astype(float) ** 3 - ties).sum()) / (size * (size - 1))
        weight = 1 / (size + 1)
        total += weight * (float(ranks[m:].sum()) - n * (size + 1) / 2)
        variance += weight**2 * m * n / 12 * (size + 1 - tied)
    if variance <= 0:
        return None
    return float(2 * stats.norm.sf(abs(total) / sqrt(variance)))


def cliffs_delta(before: Numbers, after: Numbers) -> Delta | None:
    """Cliff's delta (1993) with the asymmetric interval of Feng and Cliff (2004).

    Args:
        before: values of side A.
        after: values of side B.
    """
    m, n = len(before), len(after)
    if m < 2 or n < 2:
        return None
    of_after = _dominance(after, before)
    of_before = -_dominance(before, after)
    delta = float(of_after.mean())
    tied = _ties(before, after)
    spread_of_single = (m * n - tied) - m * n * delta**2
    variance = (
        n**2 * float(((of_before - delta) ** 2).sum())
        + m**2 * float(((of_after - delta) ** 2).sum())
        - spread_of_single
    ) / (m * n * (m - 1) * (n - 1))
    variance = max(variance, (1 - delta**2) / (m * n - 1))
    half = Z * sqrt(variance) * sqrt((1 - delta**2) ** 2 + Z**2 * variance)
    scale = 1 - delta**2 + Z**2 * variance
    if scale <= 0:
        return Delta(delta, (delta, delta))
    middle = delta - delta**3
    return Delta(delta, (max(-1.0, (middle - half) / scale), min(1.0, (middle + half) / scale)))


def _dominance(values: Numbers, others: Numbers) -> Numbers:
    """Of each value: share of the others below it, less the share above it."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    above = len(ordered) - np.searchsorted(ordered, values, side="right")
    return (below - above) / len(ordered)


def _ties(before: Numbers, after: Numbers) -> int:
    ordered = np.sort(before)
    same = np.searchsorted(ordered, after, "right") - np.searchsorted(ordered, after, "left")
    return int(same.sum())
