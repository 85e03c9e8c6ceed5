"""Shares of choices learned from counts, from the general to the special, and draws of them.

A share in a special context (the third call, this product, VIP) leans on the more general one by as
many cases as its weight; the most general one on equal shares with the weight of one case: for two
choices that is Jeffreys' prior (1946), for more that of Perks (1947). Every replication draws its
own shares from what the counts leave open (Dirichlet), so that intervals tell of a small history
too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from zlib import crc32

import numpy as np

Context = tuple[Hashable, ...]
WEIGHTS = (1.0, 2.0, 5.0, 5.0)
"""Cases by which each context leans on the one before it: everything, visit, product, VIP."""


def generator(seed: int, *place: Hashable) -> np.random.Generator:
    """A generator of a place's own, the same in every process."""
    return np.random.default_rng([seed, crc32(repr(place).encode())])


class Shares:
    """Counts of choices by place and context."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Hashable, ...], dict[str, float]] = {}
        self._seed: int | None = None
        self._drawn: dict[tuple[Hashable, ...], tuple[list[float], Sequence[str]]] = {}

    def note(self, place: Hashable, context: Context, choice: str, times: float = 1.0) -> None:
        """Count a choice, in its context and all more general ones."""
        for length in range(len(context) + 1):
            counts = self._counts.setdefault((place, *context[:length]), {})
            counts[choice] = counts.get(choice, 0.0) + times

    def seen(self, place: Hashable) -> dict[str, float]:
        """Counts at a place, whatever the context."""
        return self._counts.get((place,), {})

    def shares(
        self, place: Hashable, context: Context, choices: Sequence[str], seed: int | None = None
    ) -> list[float]:
        """Share of each choice.

        Args:
            place: where it is chosen.
            context: the special part last.
            choices: all that there are.
            seed: of a replication that draws its own shares; None for the middle.
        """
        parts = np.full(len(choices), 1.0 / len(choices))
        tilt = np.ones(len(choices))
        for level in range(len(context) + 1):
            counts = self._counts.get((place, *context[:level]))
            weight = WEIGHTS[min(level, len(WEIGHTS) - 1)]
            alpha = weight * parts
            if counts:
                alpha = alpha + np.array([counts.get(each, 0.0) for each in choices])
            parts = alpha / alpha.sum()
            if level == min(1, len(context)) and seed is not None:
                chance = generator(seed, place, *context[:level])
                drawn = chance.standard_gamma(alpha) + 1e-300
                tilt = drawn / drawn.sum() / parts
        tilted = parts * tilt
        return [float(each) for each in tilted / tilted.sum()]

    def pick(
        self, at: float, place: Hashable, context: Context, choices: Sequence[str], seed: int
    ) -> str:
        """The choice at a uniform draw, in one replication."""
        if seed != self._seed:
            self._seed, self._drawn = seed, {}
        key = (place, *context)
        found = self._drawn.get(key)
        if found is None:
            sums = np.cumsum(self.shares(place, context, choices, seed)).tolist()
            found = self._drawn[key] = (sums, choices)
        sums, listed = found
        return listed[min(bisect_right(sums, at * sums[-1]), len(listed) - 1)]
