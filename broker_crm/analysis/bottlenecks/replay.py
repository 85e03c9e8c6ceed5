"""Does a sequence of completed steps fit a diagram? Followed with all the ways that it may take.

The ways are made into an automaton as they are needed: its states are sets of markings, so that
each further case costs one look-up a step. Methods with costs (alignments: van der Aalst,
Adriansyah and van Dongen 2012) tell how far a path is from the diagram; here it is told where it
first leaves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from broker_crm.analysis.bottlenecks.graph import MOST, Graph, Marking, TooWide

State = frozenset[Marking]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a path fits.

    Attributes:
        fits: whether the diagram allows it.
        place: index of the first step that it does not allow; the length where it ended too early.
        how: '' where it fits, 'unknown' (no such step in the diagram), 'unexpected' (not then),
            'unfinished' (it ended where the diagram goes on).
        expected: steps that the diagram would have allowed there.
    """

    fits: bool
    place: int = 0
    how: str = ""
    expected: tuple[str, ...] = ()


@dataclass(slots=True)
class Replay:
    """Follows paths through one diagram; threads may share it."""

    graph: Graph
    _next: dict[tuple[State, str], State] = field(default_factory=dict)
    _first: State | None = None

    def follow(self, path: Sequence[str], *, ended: bool) -> Verdict:
        """Judge a path.

        Args:
            path: element ids of the completed steps, in their order.
            ended: whether the process reached its end by itself.

        Raises:
            TooWide: the diagram has too many ways at once.
        """
        state = self._beginning()
        for place, step in enumerate(path):
            after = self._step(state, step)
            if not after:
                how = "unexpected" if step in self.graph.steps else "unknown"
                return Verdict(False, place, how, self.allowed(state))
            state = after
        if ended and () not in state:
            return Verdict(False, len(path), "unfinished", self.allowed(state))
        return Verdict(True)

    def allowed(self, state: State) -> tuple[str, ...]:
        """Steps that may be completed next."""
        return tuple(step for step in sorted(self.graph.steps) if self._step(state, step))

    def _beginning(self) -> State:
        if self._first is None:
            self._first = self._closed(self.graph.beginnings())
        return self._first

    def _step(self, state: State, step: str) -> State:
        known = self._next.get((state, step))
        if known is None:
            after = {each for marking in state for each in self.graph.after(marking, step)}
            known = self._next[state, step] = self._closed(after)
        return known

    def _closed(self, markings: Iterable[Marking]) -> State:
        """The markings with all that silent moves lead to."""
        found = set(markings)
        waiting = list(found)
        while waiting:
            for each in self.graph.silent(waiting.pop()):
                if each not in found:
                    if len(found) > MOST:
                        raise TooWide
                    found.add(each)
                    waiting.append(each)
        return frozenset(found)
