"""Times until something with cases still running: Kaplan–Meier and Aalen–Johansen curves.

A case that still runs is known to have waited until now (it is censored). A case that ended
otherwise can no longer have it: for the chance of an outcome that is a *competing* end, not
censoring, or the chance comes out far too high (Aalen and Johansen 1978; Putter, Fiocco and Geskus
2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

RUNNING, HAPPENED, OTHERWISE = 0, 1, 2
"""How a case stands: not decided yet, has it, ended in another way."""
TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that has it, by time; a step function.

    Attributes:
        times: at which it grows.
        share: from each of them on.
        variance: of the share.
        n: cases.
        running: of them, without it and not decided yet.
    """

    times: Numbers
    share: Numbers
    variance: Numbers
    n: int
    running: int

    def at(self, time: float) -> float:
        """The share at a time."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        return float(self.share[place]) if place >= 0 else 0.0

    def spread_at(self, time: float) -> float:
        """Standard error of the share at a time."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        return float(np.sqrt(self.variance[place])) if place >= 0 else 0.0

    def reached(self, share: float) -> float | None:
        """The first time at which so many have it; None where fewer do."""
        found = self.reach(np.array([share]))[0]
        return None if np.isinf(found) else float(found)

    def reach(self, shares: Numbers) -> Numbers:
        """The first times at which so many have it; infinite where fewer do."""
        place = np.searchsorted(self.share, shares - TOLERANCE, side="left")
        return np.append(self.times, np.inf)[place]


def kaplan_meier(durations: Numbers, happened: Flags) -> Curve:
    """Share that has it by each time (Kaplan and Meier 1958), with Greenwood's variance (1926).

    Args:
        durations: until it happened, or until now where it has not.
        happened: whether it has.
    """
    n = len(durations)
    times, ended = np.unique(durations[happened], return_counts=True)
    deaths: Numbers = ended.astype(np.float64)
    at_risk = n - np.searchsorted(np.sort(durations), times, side="left")
    survival: Numbers = np.cumprod(1 - deaths / at_risk, dtype=np.float64)
    left = at_risk - deaths
    terms: Numbers = np.divide(deaths, at_risk * left, out=np.zeros(len(times)), where=left > 0)
    share: Numbers = 1 - survival
    return Curve(
        times,
        share,
        np.maximum(survival, 0) ** 2 * np.cumsum(terms),
        n,
        n - int(happened.sum()),
    )


def incidence(events: Numbers, others: Numbers, running: Numbers) -> Numbers:
    """Share that has it by each time when some end otherwise (Aalen and Johansen 1978).

    Args:
        events: how many have it at each time, the times along the last axis; leading axes are
            samples drawn again.
        others: how many end otherwise then.
        running: how many were followed until then and not beyond.
    """
    leaving = events + others + running
    at_risk = np.cumsum(leaving[..., ::-1], axis=-1)[..., ::-1]
    safe = np.maximum(at_risk, 1.0)
    after = np.cumprod(1 - (events + others) / safe, axis=-1)
    before = np.concatenate([np.ones_like(after[..., :1]), after[..., :-1]], axis=-1)
    return np.cumsum(before * events / safe, axis=-1)


def aalen_johansen(durations: Numbers, state: NDArray[np.int8]) -> Curve:
    """The same for single cases, with the variance of Gray (1988) by the delta method.

    Args:
        durations: until it happened, until the case ended otherwise, or until now.
        state: `HAPPENED`, `OTHERWISE` or `RUNNING`.
    """
    times = np.unique(durations[state != RUNNING])
    n = len(durations)
    if not len(times):
        empty = np.zeros(0)
        return Curve(empty, empty, empty, n, n)
    events = _counted(durations[state == HAPPENED], times)
    others = _counted(durations[state == OTHERWISE], times)
    at_risk = n - np.searchsorted(np.sort(durations), times, side="left").astype(float)
    after = np.cumprod(1 - (events + others) / at_risk)
    before = np.concatenate([[1.0], after[:-1]])
    share = np.cumsum(before * events / at_risk)
    return Curve(
        times,
        share,
        _delta_variance(share, before, events, events + others, at_risk),
        n,
        int((state == RUNNING).sum()),
    )


def mixed(curves: Sequence[Curve], weights: Sequence[float]) -> Curve:
    """The curve of a mix of groups: each group's share by its weight (direct standardisation).

    Args:
        curves: of the groups.
        weights: of the groups in the mix; they add up to 1.
    """
    if len(curves) == 1:
        return curves[0]
    times = np.unique(np.concatenate([each.times for each in curves]))
    share, variance = np.zeros(len(times)), np.zeros(len(times))
    for each, weight in zip(curves, weights, strict=True):
        place = np.searchsorted(each.times, times, side="right")
        share += weight * np.concatenate([[0.0], each.share])[place]
        variance += weight**2 * np.concatenate([[0.0], each.variance])[place]
    return Curve(
        times, share, variance, sum(each.n for each in curves), sum(each.running for each in curves)
    )


def _counted(values: Numbers, times: Numbers) -> Numbers:
    return np.bincount(np.searchsorted(times, values), minlength=len(times)).astype(float)


def _delta_variance(
    share: Numbers, before: Numbers, events: Numbers, ends: Numbers, at_risk: Numbers
) -> Numbers:
    """Σ over earlier times s of (F(t)−F(s))²·Var dΛ, (S(s−))²·Var dΛ₁, and their product."""
    left = np.maximum(at_risk - ends, 0.0)
    every = np.divide(ends, at_risk * left, out=np.zeros_like(ends), where=left > 0)
    own = before**2 * events * (at_risk - events) / at_risk**3
    both = before * events / at_risk**2
    first, second, third = np.cumsum(every), np.cumsum(share * every), np.cumsum(share**2 * every)
    found: Numbers = (
        share**2 * first
        - 2 * share * second
        + third
        + np.cumsum(own)
        - 2 * (share * np.cumsum(both) - np.cumsum(share * both))
    )
    return np.maximum(found, 0.0)
