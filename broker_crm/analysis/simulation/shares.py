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
        self._moved: dict[Hashable, list[tuple[str, float]]] = {}

    def afresh(self) -> Shares:
        """This one with no draws remembered and shares of its own to move."""
        self._seed, self._drawn, self._moved = None, {}, dict(self._moved)
        return self

    def move(self, place: Hashable, choice: str, value: float, *, moves: bool) -> None:
        """Let a choice be taken more or less often, in all contexts by as many points.

        Args:
            place: a place, or what the places of several contexts begin with.
            choice: one of those there.
            value: the share that it is to have over all, or by how much it is to change.
            moves: whether the value is a change.
        """
        if not moves:
            seen: dict[str, float] = {}
            for key, counts in self._counts.items():
                if len(key) == 1 and _begins(key[0], place):
                    for name, times in counts.items():
                        seen[name] = seen.get(name, 0.0) + times
            value -= seen.get(choice, 0.0) / (sum(seen.values()) or 1.0)
        self._moved[place] = [*self._moved.get(place, ()), (choice, value)]

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
        tilted = tilted / tilted.sum()
        for choice, points in self._moves_at(place):
            if choice in choices:
                tilted = _moved(tilted, choices.index(choice), points)
        return [float(each) for each in tilted]

    def _moves_at(self, place: Hashable) -> Sequence[tuple[str, float]]:
        if not self._moved:
            return ()
        return next((found for key, found in self._moved.items() if _begins(place, key)), ())

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


def _begins(place: Hashable, key: Hashable) -> bool:
    return place == key or (isinstance(place, tuple) and place[0] == key)


def _moved(parts: np.ndarray, at: int, points: float) -> np.ndarray:
    """One share moved by points, the others keeping their proportions."""
    share = min(1.0, max(0.0, parts[at] + points))
    rest = 1.0 - parts[at]
    found = parts * ((1.0 - share) / rest) if rest > 0 else np.zeros_like(parts)
    found[at] = share
    return found if found.sum() > 0 else parts
