"""The values that each measure stands on: of which cases, and what is not known yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.comparison.cohort import Cases, Passes
from broker_crm.analysis.comparison.curves import HAPPENED, OTHERWISE, RUNNING

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
DAY = 8 * 3600.0
"""Office seconds of a working day."""
LEVELS = (1.0, 0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)
OLD_ENOUGH = 0.8
"""Share of each side's cases that are to be as old as the horizon."""
FOLLOWED = 0.1
"""Share of each side's cases that are to be as old as the horizon of a curve."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Values of both sides.

    Attributes:
        case: place of each value's case among the cases.
        value: working days, EUR, or 1 and 0.
        state: of `curves`; of shares and means always `HAPPENED`.
        people: number of who did it.
        horizon: working days within which a share counts; infinite where all is decided; None
            where it has none.
        waiting: cases that have not had so much time, by side; not among the values.
    """

    case: Whole
    value: Numbers
    state: NDArray[np.int8]
    people: Whole
    horizon: float | None = None
    waiting: tuple[int, int] = (0, 0)


def of_step(measure: str, step: Passes, cases: Cases) -> Sample | None:
    """Values of a measure of a step; None where nothing is known of it."""
    known = {
        "reach": _reach,
        "waiting": _waiting,
        "processing": _processing,
        "total": _total,
        "late": _late,
        "cost": _cost,
        "repeated": _repeated,
        "conversion": _conversion,
    }
    return known[measure](step, cases)


def of_case(measure: str, cases: Cases) -> Sample | None:
    """Values of a measure of whole cases; None where nothing is known of it."""
    if measure == "cycle":
        return _all(cases, cases.ended, np.full(len(cases.later), np.nan))
    if measure == "case-cost":
        ended = np.flatnonzero(~cases.running & ~np.isnan(cases.cost))
        return _plain(ended, cases.cost[ended], cases.people[ended])
    name = measure.removesuffix("-time")
    if name == "contract":
        won = np.where(cases.ending == "won", cases.ended, np.nan)
        return _all(cases, won, np.where(np.isnan(won), cases.ended, np.nan))
    happened = cases.milestones[name]
    return _all(cases, happened, np.where(np.isnan(happened), cases.ended, np.nan))


def _all(cases: Cases, happened: Numbers, otherwise: Numbers) -> Sample | None:
    """Time from the beginning of each case until it happened, ended otherwise, or until now."""
    if np.isnan(happened).all():
        return None
    state = np.where(
        ~np.isnan(happened), HAPPENED, np.where(~np.isnan(otherwise), OTHERWISE, RUNNING)
    ).astype(np.int8)
    until = np.where(state == HAPPENED, happened, otherwise)
    until = np.where(state == RUNNING, cases.now, until)
    return Sample(
        np.arange(len(cases.later)),
        np.maximum(until - cases.started, 0.0) / DAY,
        state,
        cases.people,
        _followed(cases, state),
    )


def _followed(cases: Cases, state: NDArray[np.int8]) -> float:
    """How far both sides' curves can be read."""
    horizons = []
    for side in (~cases.later, cases.later):
        if (state[side] == RUNNING).any():
            ages = np.maximum(cases.now - cases.started[side], 0.0) / DAY
            horizons.append(float(np.quantile(ages, 1 - FOLLOWED)))
    return min(horizons, default=float("inf"))


def _reach(step: Passes, cases: Cases) -> Sample | None:
    reached = np.full(len(cases.later), np.nan)
    reached[step.case] = step.reached
    return _share(
        cases,
        np.arange(len(cases.later)),
        cases.started,
        reached,
        np.where(np.isnan(reached), cases.ended, reached),
        cases.people,
    )


def _waiting(step: Passes, cases: Cases) -> Sample | None:
    if np.isnan(step.started).all():
        return None
    unknown = np.isnan(step.started) & step.completed
    return _timed(step, cases, step.reached, step.started, ~unknown)


def _processing(step: Passes, cases: Cases) -> Sample | None:
    if np.isnan(step.started).all():
        return None
    done = np.where(step.completed, step.done, np.nan)
    return _timed(step, cases, step.started, done, ~np.isnan(step.started))


def _total(step: Passes, cases: Cases) -> Sample | None:
    return _timed(
        step,
        cases,
        step.reached,
        np.where(step.completed, step.done, np.nan),
        np.ones(len(step.case), dtype=bool),
    )


def _timed(
    step: Passes, cases: Cases, since: Numbers, happened: Numbers, which: Flags
) -> Sample | None:
    """Time at the first pass; what is open waits until now, what was withdrawn until then."""
    until = np.where(np.isnan(step.done), cases.ended[step.case], step.done)
    until = np.where(np.isnan(until), cases.now, until)
    has = ~np.isnan(happened)
    rows = np.flatnonzero(which & ~np.isnan(since))
    value = np.maximum(np.where(has, happened, until) - since, 0.0)[rows] / DAY
    if not has[rows].any() or np.isnan(value).any():
        return None
    state = np.where(has, HAPPENED, RUNNING).astype(np.int8)[rows]
    return Sample(step.case[rows], value, state, step.people[rows])


def _late(step: Passes, cases: Cases) -> Sample | None:
    """Of first passes that were due before today, so that quick ones are not counted alone."""
    withdrawn = ~step.completed & ~np.isnan(step.done)
    rows = np.flatnonzero((step.due_day < cases.today) & ~withdrawn)
    late = ~(step.done_day[rows] <= step.due_day[rows])
    return _plain(step.case[rows], late.astype(float), step.people[rows])


def _cost(step: Passes, cases: Cases) -> Sample | None:
    rows = np.flatnonzero(~step.open & ~np.isnan(step.cost))
    return _plain(step.case[rows], step.cost[rows], step.people[rows])


def _repeated(step: Passes, cases: Cases) -> Sample | None:
    if np.isnan(step.again).all():
        return None
    return _share(
        cases,
        step.case,
        step.reached,
        step.again,
        np.where(np.isnan(step.again), _settled(step, cases), step.again),
        step.people,
    )


def _conversion(step: Passes, cases: Cases) -> Sample | None:
    if not step.decides.any():
        return None
    return _share(
        cases,
        step.case,
        step.reached,
        step.positive,
        np.where(np.isnan(step.positive), _settled(step, cases), step.positive),
        step.people,
    )


def _settled(step: Passes, cases: Cases) -> Numbers:
    """When no more can come of the step, though of a case that goes on it can come back."""
    settled: Numbers = np.where(step.open, np.nan, step.last)
    return np.where(np.isnan(settled), cases.ended[step.case], settled)


def _share(
    cases: Cases, case: Whole, since: Numbers, happened: Numbers, settled: Numbers, people: Whole
) -> Sample | None:
    """Whether it happened within a time that most cases of both sides have had.

    Cases that have not had so much time are left out whatever came of them: else those that are
    decided quickly would stand for all.
    """
    ages = np.maximum(cases.now - since, 0.0)
    later = cases.later[case]
    within = horizon(np.maximum(settled - since, 0.0), ages, later)
    old = ages >= within if np.isfinite(within) else np.ones(len(case), dtype=bool)
    rows = np.flatnonzero(old)
    hits = np.maximum(happened - since, 0.0)[rows] <= within
    young = (int((~old & ~later).sum()), int((~old & later).sum()))
    return _plain(case[rows], hits.astype(float), people[rows], within / DAY, young)


def horizon(settled: Numbers, ages: Numbers, later: Flags) -> float:
    """Time within which something counts: nearly all is decided by then, and cases are so old.

    Args:
        settled: from the beginning until nothing more can come; not a number while it can.
        ages: from the beginning until now.
        later: whether of side B.

    Returns:
        the time in the unit of the arguments; infinite where all is decided.
    """
    known = settled[~np.isnan(settled)]
    if len(known) == len(settled):
        return float("inf")
    sides = [ages[side] for side in (~later, later) if side.any()]
    if len(known):
        for level in LEVELS:
            wanted = float(np.quantile(known, level))
            if all(float((each >= wanted).mean()) >= OLD_ENOUGH for each in sides):
                return wanted
    return min((float(np.median(each)) for each in sides), default=0.0)


def _plain(
    case: Whole,
    value: Numbers,
    people: Whole,
    within: float | None = None,
    waiting: tuple[int, int] = (0, 0),
) -> Sample | None:
    if not len(case):
        return None
    return Sample(case, value, np.full(len(case), HAPPENED, dtype=np.int8), people, within, waiting)


def halves(sample: Sample, cases: Cases) -> Sequence[Flags]:
    """Which values are of side A, and which of side B."""
    later = cases.later[sample.case]
    return ~later, later
