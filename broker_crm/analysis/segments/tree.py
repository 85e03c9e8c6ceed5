"""How well two questions about a case tell whether it will have the outcome: a small tree.

A classification tree of depth two (Breiman et al. 1984), fitted on four fifths of the cases and
judged on the last fifth, five times. The area under the ROC curve is the chance that of two cases,
one with and one without the outcome, the first gets the higher score; 0.5 is a guess. Its interval
is that of DeLong, DeLong and Clarke-Pearson (1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from broker_crm.analysis.estimates import Interval, Z

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]
DEPTH = 2
LEAF = 20
"""Cases of a leaf at least."""


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the curve with its 95 % interval."""

    value: float
    interval: Interval


def cross_validated(has: Flags, columns: Flags, fold: NDArray[np.int64]) -> Auc | None:
    """How well the outcome is told of cases that the tree has not seen; None of too few.

    Args:
        has: by case, whether it had the outcome.
        columns: conditions by cases.
        fold: by case, the fifth to which it belongs.
    """
    areas, variances = [], []
    for number in np.unique(fold):
        test = fold == number
        scores = _scores(has[~test], columns[:, ~test], columns[:, test], DEPTH)
        told = area(has[test], scores)
        if told is None:
            return None
        areas.append(told[0])
        variances.append(told[1])
    if len(areas) < 2:
        return None
    value = float(np.mean(areas))
    half = Z * sqrt(sum(variances)) / len(variances)
    return Auc(value, (max(0.0, value - half), min(1.0, value + half)))


def area(has: Flags, scores: Numbers) -> tuple[float, float] | None:
    """Area under the curve and its variance; None where one kind has fewer than two cases."""
    good, bad = scores[has], scores[~has]
    if len(good) < 2 or len(bad) < 2:
        return None
    ranks = stats.rankdata(scores)
    value = (ranks[has].sum() - len(good) * (len(good) + 1) / 2) / (len(good) * len(bad))
    of_good = (ranks[has] - stats.rankdata(good)) / len(bad)
    of_bad = 1 - (ranks[~has] - stats.rankdata(bad)) / len(good)
    variance = of_good.var(ddof=1) / len(good) + of_bad.var(ddof=1) / len(bad)
    return float(value), float(variance)


def _scores(has: Flags, columns: Flags, asked: Flags, depth: int) -> Numbers:
    """Rates of the leaves to which the asked cases come."""
    rate = float(has.mean()) if len(has) else 0.0
    found = np.full(asked.shape[1], rate)
    place = _split(has, columns) if depth else None
    if place is None:
        return found
    for side in (True, False):
        there, wanted = columns[place] == side, asked[place] == side
        found[wanted] = _scores(has[there], columns[:, there], asked[:, wanted], depth - 1)
    return found


def _split(has: Flags, columns: Sequence[Flags] | Flags) -> int | None:
    """The condition that lowers the Gini impurity most; None where no split has leaves enough."""
    table = np.asarray(columns, dtype=np.float64)
    n = table.shape[1]
    inside, hits = table.sum(axis=1), table @ has
    outside, others = n - inside, has.sum() - hits
    fits = (inside >= LEAF) & (outside >= LEAF)
    if not fits.any():
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        impurity = hits * (1 - hits / inside) + others * (1 - others / outside)
    return int(np.where(fits, impurity, np.inf).argmin())
