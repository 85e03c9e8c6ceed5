"""How sure it is which step is first: ranks of steps over resamplings of the cases.

Cases are drawn again with repetition, not steps, for the steps of a case belong together (Efron and
Tibshirani 1993). Of many cases the means are drawn from the normal distribution that they then
follow. A step is called a bottleneck only where at least 30 cases are known, it is first or second
in 80 of 100 resamplings, and it takes more than its even share in nearly all of them: in all but
1 of 100, divided by the number of steps, so that no step is called one where all are alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from broker_crm.analysis.bottlenecks.steps import Numbers

LEAST = 30
"""Cases that waited at a step from which it may be called a bottleneck."""
SURE = 0.8
CHANCE = 0.01
DRAWN = 2_000
MANY = 3_000
"""Cases from which the means are drawn from their normal distribution."""
SEED = 20261123


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a step stands.

    Attributes:
        first: share of resamplings in which it is the first.
        leading: in which it is the first or the second.
        low: best place of the middle 95 of 100.
        high: worst place of them.
        bottleneck: whether it may be called one.
    """

    first: float
    leading: float
    low: int
    high: int
    bottleneck: bool


def ranks(parts: Numbers) -> list[Rank]:
    """Ranks of the columns by their mean, the largest first.

    Args:
        parts: by case and step, such as seconds waited.
    """
    n, count = parts.shape
    if not n or not count:
        return [Rank(0.0, 0.0, 1, max(count, 1), False) for _each in range(count)]
    means = _means(parts)
    order = np.argsort(-means, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(count)[None, :], axis=1)
    totals = means.sum(axis=1, keepdims=True)
    above = (means * count > totals).mean(axis=0)
    first, leading = (places == 0).mean(axis=0), (places <= 1).mean(axis=0)
    low, high = np.quantile(places, (0.025, 0.975), axis=0, method="nearest")
    reached = (parts > 0).sum(axis=0)
    return [
        Rank(
            float(first[each]),
            float(leading[each]),
            int(low[each]) + 1,
            int(high[each]) + 1,
            bool(
                reached[each] >= LEAST
                and count > 2
                and leading[each] >= SURE
                and above[each] >= 1 - CHANCE / count
            ),
        )
        for each in range(count)
    ]


def _means(parts: Numbers) -> Numbers:
    n, count = parts.shape
    chance = np.random.default_rng(SEED)
    if n < MANY:
        drawn = chance.multinomial(n, np.full(n, 1 / n), size=DRAWN)
        found: Numbers = (drawn @ parts / n).astype(np.float64)
        return found
    spread = np.atleast_2d(np.cov(parts, rowvar=False)) / n
    values, vectors = np.linalg.eigh(spread)
    noise = chance.standard_normal((DRAWN, count)) * np.sqrt(np.maximum(values, 0.0))
    near: Numbers = np.maximum(parts.mean(axis=0) + noise @ vectors.T, 0.0)
    return near
