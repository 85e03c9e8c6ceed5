"""Observed times to draw from again: of a person at a step, leaning on everybody's at that step."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from broker_crm.analysis.simulation.shares import generator

Seen = TypeVar("Seen")
LEAN = 10.0
"""Observations by which a special pool leans on the more general one."""
LEAST = 3


@dataclass
class Pools(Generic[Seen]):
    """Observations by place, as they were; draws take whole ones, so that what belongs together
    (a delay, minutes, the standard of that day) stays together."""

    _seen: dict[tuple[Hashable, ...], list[Seen]] = field(default_factory=dict)
    _seed: int | None = None
    _again: dict[tuple[Hashable, ...], list[int]] = field(default_factory=dict)

    def note(self, place: Hashable, context: tuple[Hashable, ...], seen: Seen) -> None:
        """Keep an observation in its context and all more general ones."""
        for length in range(len(context) + 1):
            self._seen.setdefault((place, *context[:length]), []).append(seen)

    def all(self, place: Hashable, *context: Hashable) -> Sequence[Seen]:
        """Every observation of a place in a context."""
        return self._seen.get((place, *context), ())

    def draw(
        self,
        which: float,
        at: float,
        place: Hashable,
        context: tuple[Hashable, ...],
        seed: int,
    ) -> Seen | None:
        """An observation of the past, drawn with replacement; None where there is none.

        Args:
            which: uniform; chooses among the special and the more general pools.
            at: uniform; chooses within the pool.
            place: where.
            context: the special part last.
            seed: of the replication, which draws from a resample of its own (Efron 1979).
        """
        left = which
        for length in range(len(context), -1, -1):
            key = (place, *context[:length])
            pool = self._seen.get(key)
            if pool is None:
                continue
            n = len(pool)
            weight = n / (n + LEAN) if n >= LEAST else 0.0
            if not length or left < weight:
                return pool[self._resampled(key, n, seed)[int(at * n)]]
            left = (left - weight) / (1.0 - weight)
        return None

    def _resampled(self, key: tuple[Hashable, ...], n: int, seed: int) -> list[int]:
        if seed != self._seed:
            self._seed, self._again = seed, {}
        found = self._again.get(key)
        if found is None:
            found = generator(seed, key).integers(0, n, n).tolist()
            self._again[key] = found
        return found
