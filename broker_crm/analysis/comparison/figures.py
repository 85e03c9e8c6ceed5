"""A figure of both sides with their difference, its interval and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass

from broker_crm.analysis.comparison.gates import Verdict
from broker_crm.analysis.comparison.measures import MEASURES, Measure
from broker_crm.analysis.comparison.ranks import Delta
from broker_crm.analysis.comparison.resampling import Limits


@dataclass(frozen=True, slots=True)
class SideFigure:
    """A figure of one side, as it is.

    Attributes:
        value: median, mean or share; None where it can't be told.
        n: cases that it stands on.
        interval: 95 %.
        hits: of shares, cases that have it.
        running: cases among `n` that have not got there yet and count as waiting.
        young: cases left out because they have not had time enough.
    """

    value: float | None
    n: int
    interval: Limits | None = None
    hits: int | None = None
    running: int = 0
    young: int = 0


@dataclass(frozen=True, slots=True)
class Ninth:
    """By when nine of ten have it: side A, side B, B less A, its 95 % interval."""

    a: float | None
    b: float | None
    difference: float | None
    interval: Limits


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of both sides.

    Attributes:
        measure: key of `measures.MEASURES`.
        element: id of the step on the later side; None of whole cases.
        a: the earlier side.
        b: the later side.
        difference: B less A in the common mix of segments.
        interval: 95 %, of the difference.
        crude: B less A as they are.
        chance: of such a difference without a cause (p); None untested.
        crude_chance: the same without regard to segments.
        q: the chance corrected for all that were tested (Benjamini and Hochberg 1995).
        verdict: in one word.
        needed: more cases that the smaller side needs; None where that can't be told.
        noticed: the smallest difference that so many cases show with a power of 80 %.
        test: 'van-elteren', 'log-rank', 'early-log-rank', 'mantel-haenszel', 'welch',
            'aalen-johansen' or 'bootstrap'.
        people: whether people, not cases, were drawn again for the interval.
        horizon: working days within which it counts; None where it has none.
        ninth: of durations.
        delta: of durations without cases still running.
        odds_ratio: of shares, within segments.
        differing: chance that the segments' odds ratios differ so without a cause.
        left_out: cases of segments that only one side has.
    """

    measure: str
    element: str | None
    a: SideFigure
    b: SideFigure
    difference: float | None = None
    interval: Limits | None = None
    crude: float | None = None
    chance: float | None = None
    crude_chance: float | None = None
    q: float | None = None
    verdict: Verdict = Verdict.TOO_FEW
    needed: int | None = None
    noticed: float | None = None
    test: str = ""
    people: bool = False
    horizon: float | None = None
    ninth: Ninth | None = None
    delta: Delta | None = None
    odds_ratio: float | None = None
    differing: float | None = None
    left_out: int = 0

    @property
    def told(self) -> Measure:
        return MEASURES[self.measure]

    @property
    def of_mix(self) -> float | None:
        """What of the crude difference the mix of segments makes up."""
        if self.crude is None or self.difference is None:
            return None
        return self.crude - self.difference
