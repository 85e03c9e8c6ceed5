"""Whether two sides differ in how soon something happens, cases still running among them."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Group = tuple[Numbers, Flags]
"""Durations, and whether it has happened by then."""


def logrank(strata: Sequence[tuple[Group, Group]], *, early: bool = False) -> float | None:
    """Two-sided chance of curves this far apart without a cause, within strata (Mantel 1966).

    Args:
        strata: side A and side B within each segment.
        early: weigh early differences more (Peto and Prentice; Harrington and Fleming 1982 with
            ρ = 1), which without censoring comes near to the rank test.
    """
    total = variance = 0.0
    for (before, had), (after, has) in strata:
        if not len(before) or not len(after):
            continue
        found, spread = _within(before, had, after, has, early)
        total, variance = total + found, variance + spread
    if variance <= 0:
        return None
    return float(2 * stats.norm.sf(abs(total) / sqrt(variance)))


def _within(
    before: Numbers, had: Flags, after: Numbers, has: Flags, early: bool
) -> tuple[float, float]:
    """Observed less expected on side B, and its variance, in one segment."""
    times = np.unique(np.concatenate([before[had], after[has]]))
    at_a = len(before) - np.searchsorted(np.sort(before), times, side="left").astype(float)
    at_b = len(after) - np.searchsorted(np.sort(after), times, side="left").astype(float)
    of_a = np.bincount(np.searchsorted(times, before[had]), minlength=len(times))
    of_b = np.bincount(np.searchsorted(times, after[has]), minlength=len(times))
    at, deaths = at_a + at_b, (of_a + of_b).astype(float)
    weight = np.ones(len(times))
    if early:
        survival = np.cumprod(1 - deaths / at)
        weight = np.concatenate([[1.0], survival[:-1]])
    share = at_b / at
    spread = np.divide(
        deaths * share * (1 - share) * (at - deaths), at - 1, out=np.zeros(len(times)), where=at > 1
    )
    return float((weight * (of_b - deaths * share)).sum()), float((weight**2 * spread).sum())
