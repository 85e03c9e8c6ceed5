"""The mix of segments on both sides: what differs in it, and a common mix to compare within.

A side with more cases of a slow segment is slower without working worse. Both sides are therefore
looked at in one common mix, that of both together (direct standardisation). The crude difference is
the difference in the common mix and what the mix makes up (Kitagawa 1955; Simpson 1951).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Whole = NDArray[np.int64]
Texts = NDArray[np.object_]
TRAITS = ("product", "client_kind", "sector", "size", "region", "vip", "complexity")
SEGMENTS = 12
"""At most."""
LEAST = 10
"""Cases of a segment on each side; smaller ones are taken together."""
LEAST_HERE = 4
"""Cases of a segment at one step; smaller ones are taken together there."""
UNLIKE = 0.05
"""Chance below which the sides' mixes are taken to differ."""
OTHERS = "…"


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment on both sides; shares of all cases of the side."""

    traits: Mapping[str, str]
    n_a: int
    n_b: int
    share_a: float
    share_b: float


@dataclass(frozen=True, slots=True)
class Mix:
    """Segments within which the sides are compared.

    Attributes:
        traits: that tell them apart; empty where the sides' mixes do not differ.
        labels: number of each case's segment.
        segments: by their number.
    """

    traits: tuple[str, ...]
    labels: Whole
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """The segments that both sides have, renumbered, and the common mix.

    Attributes:
        a: segment of each case of side A; −1 where side B has none like it.
        b: the same of side B.
        weights: of the segments in the common mix.
    """

    a: Whole
    b: Whole
    weights: tuple[float, ...]

    @property
    def left_out(self) -> int:
        """Cases of segments that only one side has."""
        return int((self.a < 0).sum() + (self.b < 0).sum())


def mix(
    traits: Mapping[str, Texts], later: NDArray[np.bool_], wanted: Sequence[str] | None = None
) -> Mix:
    """Segments to compare within.

    Args:
        traits: values by trait, one for each case of both sides.
        later: whether the case is of side B.
        wanted: traits to use; None for those by which the mixes differ (χ², 5 %), the most
            unlike first, as long as both sides have enough cases in each segment.
    """
    if wanted is None:
        wanted = _unlike(traits, later)
    numbers = np.zeros(len(later), dtype=np.int64)
    used: list[str] = []
    for trait in wanted:
        finer = _merged(_crossed(numbers, _coded(traits[trait])), later, LEAST)
        count = int(finer.max(initial=0)) + 1
        if count <= int(numbers.max(initial=0)) + 1 or count > SEGMENTS:
            continue
        numbers = finer
        used.append(trait)
    return Mix(tuple(used), numbers, tuple(_segments(traits, used, numbers, later)))


def shared(of_a: Whole, of_b: Whole) -> Shared:
    """The common mix of the cases at hand; small segments are taken together.

    Args:
        of_a: segment of each case of side A.
        of_b: the same of side B.
    """
    later = np.concatenate([np.zeros(len(of_a), bool), np.ones(len(of_b), bool)])
    numbers = _merged(np.concatenate([of_a, of_b]), later, LEAST_HERE)
    count = int(numbers.max(initial=0)) + 1
    n_a = np.bincount(numbers[~later], minlength=count)
    n_b = np.bincount(numbers[later], minlength=count)
    both = (n_a > 0) & (n_b > 0)
    renumbered = np.where(both, np.cumsum(both) - 1, -1)
    sizes = (n_a + n_b)[both].astype(float)
    weights = tuple(float(each) for each in sizes / sizes.sum()) if len(sizes) else ()
    numbers = renumbered[numbers] if len(numbers) else numbers
    return Shared(numbers[~later], numbers[later], weights)


def kitagawa(
    shares: Iterable[tuple[float, float]], rates: Iterable[tuple[float, float]]
) -> tuple[float, float]:
    """A difference of two averages as the part of the rates and the part of the mix.

    Args:
        shares: of each segment on side A and B.
        rates: of each segment on side A and B.

    Returns:
        what the rates make up, what the mix makes up; together the whole difference.
    """
    of_rates = of_mix = 0.0
    for (share_a, share_b), (rate_a, rate_b) in zip(shares, rates, strict=True):
        of_rates += (share_a + share_b) / 2 * (rate_b - rate_a)
        of_mix += (share_b - share_a) * (rate_a + rate_b) / 2
    return of_rates, of_mix


def _unlike(traits: Mapping[str, Texts], later: NDArray[np.bool_]) -> list[str]:
    found: list[tuple[float, str]] = []
    for trait, values in traits.items():
        numbers = _merged(_coded(values), later, LEAST)
        table = np.stack(
            [
                np.bincount(numbers[side], minlength=int(numbers.max(initial=0)) + 1)
                for side in (~later, later)
            ]
        )
        table = table[:, table.sum(axis=0) > 0]
        if table.shape[1] < 2 or not table.sum(axis=1).all():
            continue
        told = stats.chi2_contingency(table, correction=False)
        if told.pvalue < UNLIKE:
            found.append((float(told.statistic) / table.sum(), trait))
    return [trait for _strength, trait in sorted(found, reverse=True)]


def _coded(values: Texts) -> Whole:
    _kinds, numbers = np.unique(
        np.array(["" if each is None else str(each) for each in values]), return_inverse=True
    )
    return numbers.astype(np.int64)


def _crossed(numbers: Whole, others: Whole) -> Whole:
    crossed = numbers * (int(others.max(initial=0)) + 1) + others
    found: Whole = np.unique(crossed, return_inverse=True)[1].astype(np.int64)
    return found


def _merged(numbers: Whole, later: NDArray[np.bool_], least: int) -> Whole:
    """Segments with too few cases on a side taken together as one, the last."""
    if not len(numbers):
        return numbers
    numbers = np.unique(numbers, return_inverse=True)[1].astype(np.int64)
    count = int(numbers.max()) + 1
    sizes = [np.bincount(numbers[side], minlength=count) for side in (~later, later)]
    small = np.minimum(*sizes) < least
    if not small.any():
        return numbers
    places = np.where(small, int((~small).sum()), np.cumsum(~small) - 1)
    return places[numbers].astype(np.int64)


def _segments(
    traits: Mapping[str, Texts], used: Sequence[str], numbers: Whole, later: NDArray[np.bool_]
) -> Iterable[Segment]:
    all_a, all_b = max(int((~later).sum()), 1), max(int(later.sum()), 1)
    for number in range(int(numbers.max(initial=0)) + 1):
        here = numbers == number
        told = {trait: {str(each) for each in traits[trait][here]} for trait in used}
        n_a, n_b = int((here & ~later).sum()), int((here & later).sum())
        yield Segment(
            {
                trait: next(iter(values)) if len(values) == 1 else OTHERS
                for trait, values in told.items()
            },
            n_a,
            n_b,
            n_a / all_a,
            n_b / all_b,
        )
