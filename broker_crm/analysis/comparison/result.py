"""What a comparison of two sides says: counts, figures of whole cases and of steps, curves."""

from __future__ import annotations

from dataclasses import dataclass

from broker_crm.analysis.comparison.curves import Curve
from broker_crm.analysis.comparison.figures import Figure
from broker_crm.analysis.comparison.mix import Mix
from broker_crm.analysis.estimates import Interval
from broker_crm.analysis.slices import Slice


@dataclass(frozen=True, slots=True)
class Counted:
    """The cases of one side.

    Attributes:
        cases: that are compared.
        running: of them, not ended.
        won: of them, ended well.
        lost: of them, ended otherwise.
        migrated: that began here and moved to another version; not among `cases`.
        drawn_of: how many there are, where so many that some were drawn.
    """

    cases: int
    running: int
    won: int
    lost: int
    migrated: int
    drawn_of: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often a step last ended so, of cases that are through with it; not tested."""

    outcome: str
    hits_a: int
    n_a: int
    hits_b: int
    n_b: int
    interval: Interval | None
    """95 %, of B less A."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step on both sides.

    Attributes:
        element: id, on side B where it is there.
        element_a: id on side A.
        step: its key.
        kind: of step; '' where none is told.
        state: 'both', 'added' or 'removed'.
        changed: what the diagrams say was changed on it: names of its properties.
        figures: that can be told.
        outcomes: the commonest first.
    """

    element: str
    element_a: str
    step: str
    kind: str
    state: str
    changed: tuple[str, ...]
    figures: tuple[Figure, ...]
    outcomes: tuple[Outcome, ...]

    def figure(self, measure: str) -> Figure | None:
        """One of its figures."""
        return next((each for each in self.figures if each.measure == measure), None)


@dataclass(frozen=True, slots=True)
class Pictured:
    """How many have it by time: curves of both sides, to be read up to the horizon."""

    measure: str
    a: Curve
    b: Curve
    horizon: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides of a process.

    Attributes:
        process: key.
        a: the earlier side.
        b: the later side.
        counted: cases of both.
        both: cases that both sides claim; left out.
        mix: segments within which is compared.
        whole: figures of whole cases.
        steps: in the order in which they are come to.
        pictured: curves.
        tested: how many differences were tested and corrected for.
    """

    process: str
    a: Slice
    b: Slice
    counted: tuple[Counted, Counted]
    both: int
    mix: Mix
    whole: tuple[Figure, ...]
    steps: tuple[Step, ...]
    pictured: tuple[Pictured, ...]
    tested: int

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All that are shown."""
        return (*self.whole, *(each for step in self.steps for each in step.figures))

    def figure(self, measure: str, element: str | None = None) -> Figure | None:
        """One figure of whole cases, or of a step."""
        return next(
            (each for each in self.figures if each.measure == measure and each.element == element),
            None,
        )
