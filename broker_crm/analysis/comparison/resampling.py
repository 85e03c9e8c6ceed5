"""Intervals of medians, ninth deciles and shares over time, by drawing cases or people again.

Percentile bootstrap (Efron and Tibshirani 1993). The median of a sample drawn again is the value
at a random place of the ordered sample, and that place has a beta distribution; so the place is
drawn instead of the sample. With censored cases the place has the variance that Greenwood's
formula gives it. Where fewer than ten people did the work, people are drawn again with all of their
cases (cluster bootstrap), because the cases of one are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.comparison.curves import (
    HAPPENED,
    OTHERWISE,
    RUNNING,
    TOLERANCE,
    Curve,
    incidence,
)

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Limits = tuple[float | None, float | None]
DRAWS = 2000
OF_CURVES = 400
"""Whole curves drawn again."""
FEW_PEOPLE = 10
"""Below so many people, people are drawn again."""
LEAST_PEOPLE = 3
"""Of fewer, drawing people again tells nothing."""
PLACES = 120
"""Times by which curves are drawn again."""
SEED = 1958


def chance() -> np.random.Generator:
    """Equal data give equal intervals."""
    return np.random.default_rng(SEED)


def quantile_draws(curve: Curve, share: float, random: np.random.Generator) -> Numbers:
    """Times by which a share has it, in samples drawn again; infinite where it can't be told."""
    place = int(np.searchsorted(curve.share, share - TOLERANCE))
    if place >= len(curve.share):
        return np.full(DRAWS, np.inf)
    spread = float(curve.variance[place])
    at = min(max(float(curve.share[place]), 1e-6), 1 - 1e-6)
    effective = at * (1 - at) / spread if spread > 0 else float(curve.n)
    levels = random.beta(share * (effective + 1), (1 - share) * (effective + 1), DRAWS)
    return curve.reach(levels)


def limits(draws: Numbers) -> Limits:
    """95 % of the draws; a side is None where it can't be told."""
    known = draws[~np.isnan(draws)]
    if len(known) < 0.9 * len(draws) or not len(known):
        return None, None
    low, high = np.quantile(known, [0.025, 0.975], method="inverted_cdf")
    return (
        float(low) if np.isfinite(low) else None,
        float(high) if np.isfinite(high) else None,
    )


def less(after: Numbers, before: Numbers) -> Numbers:
    """Differences of draws; not a number where both can't be told."""
    with np.errstate(invalid="ignore"):
        found: Numbers = after - before
    return found


def by_people(people_a: Whole, people_b: Whole) -> bool:
    """True where people, not cases, are drawn again."""
    return all(LEAST_PEOPLE <= len(np.unique(each)) < FEW_PEOPLE for each in (people_a, people_b))


def people_drawn(count: int, draws: int, random: np.random.Generator) -> Numbers:
    """How often each person is in each sample drawn again: draws by people."""
    return random.multinomial(count, np.full(count, 1 / count), size=draws).astype(float)


def grid(*durations: Numbers) -> Numbers:
    """Times by which curves are drawn again: all, or as many of them evenly by frequency."""
    every = np.unique(np.concatenate(durations))
    if len(every) <= PLACES:
        return every
    return np.unique(np.quantile(every, np.linspace(0, 1, PLACES), method="inverted_cdf"))


def grouped(
    durations: NDArray[np.signedinteger[Any]],
    state: NDArray[np.int8],
    strata: Whole,
    people: Whole,
    shape: Sequence[int],
) -> Numbers:
    """Cases counted by person, segment, state and place of their duration in the grid.

    Args:
        durations: as places in the grid.
        state: of `curves`.
        strata: number of the segment.
        people: number of the person.
        shape: how many people, segments and places there are.
    """
    many, segments, places = shape
    which = ((people * segments + strata) * 3 + state) * places + durations.astype(np.int64)
    counts = np.bincount(which, minlength=many * segments * 3 * places).astype(float)
    return counts.reshape(many, segments, 3, places)


def curves_of(counts: Numbers, weights: Sequence[float]) -> Numbers:
    """Curves of the mix from counts by segment, state and place; leading axes are samples.

    Segments of which nobody was drawn are left out of the mix of that sample.
    """
    found = incidence(counts[..., HAPPENED, :], counts[..., OTHERWISE, :], counts[..., RUNNING, :])
    there = counts.sum(axis=(-1, -2)) > 0
    shares = there * np.asarray(weights)
    with np.errstate(invalid="ignore"):
        shares = shares / shares.sum(axis=-1, keepdims=True)
    mixed: Numbers = (found * shares[..., None]).sum(axis=-2)
    return mixed


def cases_drawn(counts: Numbers, draws: int, random: np.random.Generator) -> Numbers:
    """Counts by segment, state and place when cases are drawn again within segments."""
    segments, states, places = counts.shape
    found = np.zeros((draws, segments, states, places))
    for segment in range(segments):
        cells = counts[segment].reshape(-1)
        filled = np.flatnonzero(cells)
        n = int(cells.sum())
        if n:
            drawn = random.multinomial(n, cells[filled] / n, size=draws)
            flat = found[:, segment].reshape(draws, -1)
            flat[:, filled] = drawn
            found[:, segment] = flat.reshape(draws, states, places)
    return found


def reached(curves: Numbers, share: Numbers | float, times: Numbers) -> Numbers:
    """First times at which each curve has the share; infinite where it has not."""
    wanted = np.asarray(share)
    enough = curves >= (wanted[..., None] if wanted.ndim else wanted) - TOLERANCE
    first = enough.argmax(axis=-1)
    return np.where(enough.any(axis=-1), times[first], np.inf)
