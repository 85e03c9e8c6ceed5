"""Estimates with their uncertainty: shares, ratios, times with cases still running, many tests."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

Interval = tuple[float, float]
SMALL = 20
"""Below this many, a figure is shown in grey and said to be of few cases."""
Z = 1.959963984540054
"""95 %, two-sided."""


def wilson(hits: int, n: int) -> Interval | None:
    """95 % interval of a share (Wilson 1927); None of nothing."""
    if n == 0:
        return None
    share, squared = hits / n, Z * Z
    middle = (share + squared / (2 * n)) / (1 + squared / n)
    half = Z * sqrt(share * (1 - share) / n + squared / (4 * n * n)) / (1 + squared / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def share(hits: int, n: int) -> float | None:
    """Hits of all; None of nothing."""
    return hits / n if n else None


def mean_interval(mean: float, deviation: float, n: int) -> Interval | None:
    """95 % interval of a mean (Student's t); None of fewer than two."""
    if n < 2:
        return None
    half = float(stats.t.ppf(0.975, n - 1)) * deviation / sqrt(n)
    return mean - half, mean + half


def ratio_interval(observed: int, expected: float) -> Interval | None:
    """95 % interval of observed / expected, the observed being a count (exact Poisson limits)."""
    if expected <= 0:
        return None
    low = 0.0 if observed == 0 else float(stats.chi2.ppf(0.025, 2 * observed)) / 2
    high = float(stats.chi2.ppf(0.975, 2 * (observed + 1))) / 2
    return low / expected, high / expected


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long something takes, cases that still wait among them.

    Attributes:
        median: by then half have it; None while fewer than half do.
        interval: 95 %, of the median; a side is None where it can't be told yet.
        ninth: by then nine of ten have it.
        n: cases.
        waiting: of them, without it yet.
    """

    median: float | None
    interval: tuple[float | None, float | None]
    ninth: float | None
    n: int
    waiting: int


def waiting(durations: ArrayLike, happened: ArrayLike) -> Waiting:
    """Time until something, by Kaplan and Meier (1958); the interval of Brookmeyer and Crowley
    (1982) from log-log limits.

    Args:
        durations: until it happened, or until now where it has not.
        happened: whether it has.
    """
    times = np.asarray(durations, dtype=float)
    n = len(times)
    events = np.asarray(happened, dtype=bool)
    left = n - int(events.sum())
    if not events.any():
        return Waiting(None, (None, None), None, n, left)
    found = stats.ecdf(stats.CensoredData(uncensored=times[events], right=times[~events])).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        limits = found.confidence_interval(method="log-log")
    return Waiting(
        _first_below(found.quantiles, found.probabilities, 0.5),
        (
            _first_below(limits.low.quantiles, limits.low.probabilities, 0.5),
            _first_below(limits.high.quantiles, limits.high.probabilities, 0.5),
        ),
        _first_below(found.quantiles, found.probabilities, 0.1),
        n,
        left,
    )


def waiting_counted(told: Sequence[tuple[float, bool, int]]) -> Waiting:
    """As `waiting`, of durations, whether it happened, and of how many cases this is so."""
    durations, happened, counts = zip(*told, strict=True) if told else ((), (), ())
    return waiting(np.repeat(durations, counts), np.repeat(np.array(happened, dtype=bool), counts))


def _first_below(times: Sequence[float], survival: Sequence[float], level: float) -> float | None:
    for time, still in zip(times, survival, strict=True):
        if np.isfinite(still) and still <= level + 1e-12:
            return float(time)
    return None


def false_discovery(chances: Sequence[float]) -> list[float]:
    """Adjusted p-values of many tests (Benjamini and Hochberg 1995)."""
    if not chances:
        return []
    return [float(each) for each in stats.false_discovery_control(chances, method="bh")]


def chance_of(squared: float) -> float:
    """Chance of a squared deviation this large without a cause (χ² with one degree of freedom)."""
    return float(stats.chi2.sf(squared, 1))


def cases_needed(base: float, other: float, tests: int = 1) -> int | None:
    """Cases in each group to notice the difference of two shares: 80 % power, 5 % error.

    Args:
        base: one share.
        other: the other one.
        tests: among how many such comparisons it must stand out.
    """
    if base == other or not (0 < base < 1 or 0 < other < 1):
        return None
    power, beyond = float(stats.norm.ppf(0.8)), float(stats.norm.isf(0.025 / tests))
    spread = base * (1 - base) + other * (1 - other)
    return ceil((beyond + power) ** 2 * spread / (base - other) ** 2)
