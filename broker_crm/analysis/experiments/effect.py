"""The difference of two arms, with cases of one client or salesperson taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import copysign, inf, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from broker_crm.analysis.experiments.boundaries import PlannedLook

LEAST_UNITS = 8
"""Cases, clients or salespeople of an arm below which nothing is said."""
CERTAIN = 1000
"""Degrees of freedom from which Student's t is taken to be normal."""
ALL_ALIKE = 3.7
"""Of n that are all alike, a share of 3.7 / n may still be otherwise (−ln 2.5 %)."""
MISMATCH = 0.001
"""Chance of the arms' numbers below which the sharing out is not to be trusted."""
Numbers = NDArray[np.float64]


class Verdict(StrEnum):
    """What a look says."""

    TOO_FEW = "too-few"
    GO_ON = "go-on"
    """Not the last look, and no bound is crossed."""
    B_BETTER = "b-better"
    B_WORSE = "b-worse"
    HARM = "harm"
    """B is so much worse that it is not tried any longer."""
    NO_DIFFERENCE = "no-difference"
    """The last look: a difference of the size sought is ruled out, either way."""
    OPEN = "open"
    """The last look: neither shown nor ruled out."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Both arms and their difference, B less A.

    Attributes:
        n_a: cases; mean_a: of the measure, None of nothing.
        n_b, mean_b: the same of B.
        error: standard error of the difference; None where it can't be told.
        freedom: degrees of freedom that the error stands on.
    """

    n_a: int
    n_b: int
    mean_a: float | None
    mean_b: float | None
    error: float | None
    freedom: int

    @property
    def difference(self) -> float | None:
        if self.mean_a is None or self.mean_b is None:
            return None
        return self.mean_b - self.mean_a

    @property
    def z(self) -> float | None:
        """The difference in standard errors, as of a normal distribution."""
        if self.difference is None or self.error is None:
            return None
        if self.difference == 0:
            return 0.0
        found = self.difference / self.error if self.error else copysign(inf, self.difference)
        if self.freedom >= CERTAIN and self.error:
            return found
        tail = float(stats.t.sf(abs(found), self.freedom))
        return float(np.copysign(stats.norm.isf(max(tail, 1e-300)), found))

    def interval(self, bound: float) -> tuple[float, float] | None:
        """Limits of the difference that go with a bound on |z| (a repeated interval)."""
        if self.difference is None or self.error is None:
            return None
        tail = float(stats.norm.sf(bound))
        half = float(stats.t.isf(tail, self.freedom)) * self.error
        return self.difference - half, self.difference + half


def effect(values: Numbers, in_b: NDArray[np.bool_], units: Sequence[str]) -> Effect:
    """The difference of the arms' means, with an error that is right when units have many cases.

    Sums of residuals by unit (Liang and Zeger 1986); with one case each this is Welch's error.

    Args:
        values: of the cases.
        in_b: whether a case is in B.
        units: what was drawn, for each case.
    """
    codes = np.unique(np.asarray(units, dtype=str), return_inverse=True)[1]
    sides = [_side(values[mask], codes[mask]) for mask in (~in_b, in_b)]
    (n_a, mean_a, spread_a, units_a), (n_b, mean_b, spread_b, units_b) = sides
    enough = units_a > 1 and units_b > 1
    return Effect(
        n_a,
        n_b,
        mean_a,
        mean_b,
        sqrt(spread_a + spread_b) if enough else None,
        max(1, units_a + units_b - 2),
    )


def verdict(
    found: Effect, units: int, look: PlannedLook, better: int, sought: float, most: float = 1.0
) -> Verdict:
    """What may be said at a look.

    Args:
        found: the effect.
        units: drawn, of the smaller arm.
        look: with its bound.
        better: 1 where more is better, −1 where less is.
        sought: the smallest difference worth noticing.
        most: by which a case can differ: 1 of shares, the horizon of days.
    """
    z, limits = found.z, found.interval(look.bound)
    if z is None or limits is None or units < LEAST_UNITS:
        return Verdict.TOO_FEW if look.is_last else Verdict.GO_ON
    if z * better >= look.bound:
        return Verdict.B_BETTER
    if z * better <= -look.bound:
        return Verdict.B_WORSE
    if look.harm is not None and z * better <= -look.harm:
        return Verdict.HARM
    if not look.is_last:
        return Verdict.GO_ON
    ruled_out = -sought < limits[0] and limits[1] < sought
    if found.error == 0:
        ruled_out = ruled_out and ALL_ALIKE * most / units < sought
    return Verdict.NO_DIFFERENCE if ruled_out else Verdict.OPEN


def mismatch(units_a: int, units_b: int, share_b: int) -> float | None:
    """Chance of the arms' numbers being this far from the planned shares (χ²); None of nothing.

    Below `MISMATCH`, cases got lost on the way or were not drawn by chance.
    """
    n = units_a + units_b
    if n == 0:
        return None
    b = n * share_b / 100
    squared = (units_b - b) ** 2 / b + (units_a - (n - b)) ** 2 / (n - b)
    return float(stats.chi2.sf(squared, 1))


def _side(values: Numbers, codes: NDArray[np.int64]) -> tuple[int, float | None, float, int]:
    """Cases, mean, squared error of the mean, and units."""
    n = len(values)
    if n == 0:
        return 0, None, 0.0, 0
    mean = float(values.mean())
    known, places = np.unique(codes, return_inverse=True)
    sums = np.bincount(places, weights=values - mean)
    k = len(known)
    spread = float((sums**2).sum()) * k / max(1, k - 1) / n**2
    return n, mean, spread, k
