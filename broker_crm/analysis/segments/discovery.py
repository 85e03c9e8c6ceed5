"""Subgroup discovery: conjunctions of traits in which an outcome is commoner or rarer.

Beam search by weighted relative accuracy (Klösgen 1996; Lavrač, Flach and Zupan 1999): share of
the cases that are inside × by how much the outcome is commoner there than expected. Expected is the
share in the case's own process, so that a segment that is often renewed does not look interested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Pair = tuple[str, str]
"""A trait and its value."""
BEAM = 20
LEAST = 15
"""Cases of a segment at all."""
ALIKE = 0.8
"""Overlap (Jaccard) above which two segments are told once."""
MOST = 5
"""Segments that are told."""


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Cases with certain traits.

    Attributes:
        pairs: traits and their values.
        inside: which cases.
        quality: weighted relative accuracy, without sign.
    """

    pairs: frozenset[Pair]
    inside: Flags
    quality: float


def conditions(traits: Mapping[str, NDArray[np.object_]]) -> list[tuple[Pair, Flags]]:
    """Every value that enough cases have; nothing known, and “no”, are no traits."""
    found = []
    for trait, values in traits.items():
        texts = np.array(["" if each is None else str(each) for each in values])
        for value in np.unique(texts):
            inside = texts == value
            if value not in ("", "no") and LEAST <= inside.sum() < len(texts):
                found.append(((trait, str(value)), inside))
    return found


def discover(
    has: Flags, expected: Numbers, listed: Sequence[tuple[Pair, Flags]], depth: int
) -> list[Subgroup]:
    """The best segments, the best first.

    Args:
        has: by case, whether it had the outcome.
        expected: by case, the share that has it.
        listed: conditions.
        depth: conditions in one segment at most.
    """
    if not listed or not len(has):
        return []
    surplus = has - expected
    columns = np.stack([inside for _pair, inside in listed]).astype(np.float64)
    known: dict[frozenset[Pair], Subgroup] = {}
    beam = [Subgroup(frozenset(), np.ones(len(has), dtype=bool), 0.0)]
    for _level in range(depth):
        grown: dict[frozenset[Pair], Subgroup] = {}
        for parent in beam:
            inside = parent.inside.astype(np.float64)
            sizes = columns @ inside
            gains = np.abs(columns @ (inside * surplus)) / len(has)
            for place in np.flatnonzero((sizes >= LEAST) & (sizes < inside.sum())):
                pair, cases = listed[int(place)]
                pairs = parent.pairs | {pair}
                if pairs not in grown and not _same_trait(parent.pairs, pair):
                    grown[pairs] = Subgroup(pairs, parent.inside & cases, float(gains[place]))
        known |= grown
        beam = sorted(grown.values(), key=_best)[:BEAM]
    return _unlike(sorted(known.values(), key=_best))


def _same_trait(pairs: frozenset[Pair], pair: Pair) -> bool:
    return any(trait == pair[0] for trait, _value in pairs)


def _best(each: Subgroup) -> tuple[float, int, list[Pair]]:
    """The highest quality first; of equal ones the simpler."""
    return -round(each.quality, 9), len(each.pairs), sorted(each.pairs)


def _unlike(found: Sequence[Subgroup]) -> list[Subgroup]:
    kept: list[Subgroup] = []
    for each in found:
        if all(_overlap(each.inside, other.inside) <= ALIKE for other in kept):
            kept.append(each)
        if len(kept) == MOST:
            break
    return kept


def _overlap(one: Flags, other: Flags) -> float:
    either = int((one | other).sum())
    return int((one & other).sum()) / either if either else 0.0
