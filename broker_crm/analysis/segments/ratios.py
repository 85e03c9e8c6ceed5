"""How many times commoner an outcome is inside a segment than outside, within processes."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.estimates import Interval

Z = 2.5758293035489004
"""99 %, two-sided: of five segments none is wrong with a chance of 95 % (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Counts of both sides, and the ratio of their shares.

    Attributes:
        n: cases inside.
        hits: of them, with the outcome.
        others_n: cases outside, in processes that have cases inside.
        others_hits: of them, with the outcome.
        value: of Mantel and Haenszel over processes; None where it can't be told.
        interval: 99 % (Greenland and Robins 1985; of one process that of Katz et al. 1978).
    """

    n: int
    hits: int
    others_n: int
    others_hits: int
    value: float | None
    interval: Interval | None


def ratio(has: NDArray[np.bool_], inside: NDArray[np.bool_], process: NDArray[np.int64]) -> Ratio:
    """The ratio of the share inside to the share outside.

    Args:
        has: by case, whether it had the outcome.
        inside: by case, whether it is in the segment.
        process: by case, number of the process; compared is within each.
    """
    up = down = spread = 0.0
    n = hits = others_n = others_hits = 0
    for number in np.unique(process):
        here = process == number
        a, c = int((has & inside & here).sum()), int((has & ~inside & here).sum())
        one, zero = int((inside & here).sum()), int((~inside & here).sum())
        size = one + zero
        if not one or not zero:
            continue
        n, hits, others_n, others_hits = n + one, hits + a, others_n + zero, others_hits + c
        up += a * zero / size
        down += c * one / size
        spread += ((a + c) * one * zero - a * c * size) / size**2
    if up <= 0 or down <= 0:
        return Ratio(n, hits, others_n, others_hits, None, None)
    value, error = up / down, sqrt(spread / (up * down))
    limits = (exp(log(value) - Z * error), exp(log(value) + Z * error))
    return Ratio(n, hits, others_n, others_hits, value, limits)
