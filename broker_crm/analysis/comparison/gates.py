"""What may be said of a difference: too few, none shown, explained by the mix, better, worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from scipy import stats

from broker_crm.analysis.estimates import Interval, Z, false_discovery

UNTESTED = 8
"""Cases of a side below which nothing is tested."""
FEW = 30
"""Cases of a side below which nothing is said."""
LEVEL = 0.05
"""Of false discoveries among all that are shown."""
POWER = float(stats.norm.ppf(0.8))
"""With which a needed sample notices the difference."""
NOTICED = {"share": 0.05, "days": 0.5, "eur": 1.0}
"""Differences below these are nobody's concern; a needed sample aims at no smaller one."""


class Verdict(StrEnum):
    """A difference in one word; A is the earlier side, B the later."""

    BETTER = "better"
    WORSE = "worse"
    DIFFERENT = "different"
    """There is a difference, and neither is better."""
    NONE_SHOWN = "none-shown"
    MIX = "mix"
    """The sides differ as their mixes of segments do."""
    TOO_FEW = "too-few"


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a verdict is given on.

    Attributes:
        n: of the smaller side.
        difference: B less A in the common mix.
        interval: 95 %.
        q: chance without a cause, corrected for all that is shown; None where nothing varies.
        crude: B less A as they are.
        crude_chance: without a cause, as they are.
        better: 1 where more is better, −1 where less is, 0 where neither.
        people: whether the interval comes of people drawn again; the tests take the cases of one
            person for unlike, so that then the interval must exclude 0 too.
    """

    n: int
    difference: float | None
    interval: tuple[float | None, float | None] | None
    q: float | None
    crude: float | None
    crude_chance: float | None
    better: int
    people: bool = False


def corrected(chances: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Chances corrected for all of them (Benjamini and Hochberg 1995), some counting for more.

    The weights are laid down beforehand and average 1, so that among all that is said no more than
    5 % is false (Genovese, Roeder and Wasserman 2006).
    """
    whole = sum(weights)
    weighed = [
        min(1.0, chance * whole / (weight * len(weights)))
        for chance, weight in zip(chances, weights, strict=True)
    ]
    return false_discovery(weighed)


def verdict(told: Weighed) -> Verdict:
    """The word for a difference."""
    if told.n < FEW or told.difference is None or told.interval is None:
        return Verdict.TOO_FEW
    if told.q is not None and told.q <= LEVEL and (not told.people or clear(told.interval)):
        if not told.better or not told.difference:
            return Verdict.DIFFERENT
        return Verdict.BETTER if told.difference * told.better > 0 else Verdict.WORSE
    if explained_by_mix(told):
        return Verdict.MIX
    return Verdict.NONE_SHOWN


def explained_by_mix(told: Weighed) -> bool:
    """True where the sides differ as they are, and in the common mix not or the other way.

    Simpson (1951); the mix's part is the crude difference less the one in the common mix
    (Kitagawa 1955).
    """
    if told.crude is None or told.difference is None or told.crude_chance is None:
        return False
    if told.crude_chance > LEVEL or not told.crude:
        return False
    return told.crude * told.difference <= 0 or abs(told.crude - told.difference) > 0.5 * abs(
        told.crude
    )


def clear(interval: tuple[float | None, float | None]) -> bool:
    """True where the interval has no 0 in it."""
    low, high = interval
    return (low is not None and low > 0) or (high is not None and high < 0)


def smallest_noticed(interval: Interval | tuple[float | None, float | None] | None) -> float | None:
    """The difference that this many cases show with a power of 80 %, by the interval's width."""
    if interval is None or interval[0] is None or interval[1] is None:
        return None
    return (interval[1] - interval[0]) / (2 * Z) * (Z + POWER)


def more_needed(
    n: int,
    difference: float | None,
    interval: tuple[float | None, float | None] | None,
    unit: str,
) -> int | None:
    """Cases that the smaller side still needs to show a difference of this size.

    The interval narrows with the square root of the cases. A smaller difference than anyone minds
    is not aimed at.

    Args:
        n: of the smaller side now.
        difference: as it looks now.
        interval: of it.
        unit: 'share', 'days' or 'eur'.
    """
    smallest = smallest_noticed(interval)
    if smallest is None or difference is None or n < UNTESTED:
        return max(0, FEW - n) or None
    aimed = max(abs(difference), NOTICED.get(unit, 0.0))
    if aimed <= 0:
        return None
    return max(0, ceil(n * (smallest / aimed) ** 2) - n, FEW - n)
