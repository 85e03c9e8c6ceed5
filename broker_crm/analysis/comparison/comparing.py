"""Compares two sides of a process: every step, and the cases as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from broker_crm.analysis.answers import LISTED, Place
from broker_crm.analysis.comparison import cohort, gates, samples, shares
from broker_crm.analysis.comparison.cohort import Cases, Passes
from broker_crm.analysis.comparison.estimating import figure
from broker_crm.analysis.comparison.figures import Figure
from broker_crm.analysis.comparison.matching import SAME, Matching, matching
from broker_crm.analysis.comparison.measures import OF_CASE, OF_STEP
from broker_crm.analysis.comparison.of_curves import curves
from broker_crm.analysis.comparison.result import Comparison, Counted, Outcome, Pictured, Step
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import OF_CASE as TRAITS_OF_CASE
from broker_crm.analysis.slices import Slice

CURVES = ("meeting", "offer", "contract")
"""Measures of which a curve is drawn."""


def compare(
    ledger: Ledger,
    process: str | None,
    a: Slice,
    b: Slice,
    *,
    adjust: Sequence[str] | None = None,
) -> Comparison:
    """Compare two sides of a process.

    A case belongs to a side by the day on which it began, in the office's time zone. Times are in
    working days of eight office hours.

    Args:
        ledger: the columns.
        process: key of the process; None for a log without one.
        a: the earlier side, or the one that is compared with.
        b: the later side.
        adjust: traits within which is compared, such as 'product'; none of them with (); None for
            those by which the sides' mixes differ.
    """
    a, b = replace(a, process=process), replace(b, process=process)
    found, matched, listed = _read(ledger, process, a, b, adjust)
    later, labels = found.later, found.mix.labels
    made = [
        *(
            figure(each.key, None, samples.of_case(each.key, found), later, labels)
            for each in OF_CASE
        ),
        *(
            figure(each.key, step.element, samples.of_step(each.key, step, found), later, labels)
            for step in listed
            for each in OF_STEP
        ),
    ]
    figures = _judged([each for each in made if each is not None])
    return Comparison(
        process or "",
        a,
        b,
        (_counted(found, later=False), _counted(found, later=True)),
        found.both,
        found.mix,
        tuple(each for each in figures if each.element is None),
        tuple(_step(each, figures, found, matched) for each in listed),
        tuple(_pictured(found)),
        sum(each.chance is not None for each in figures),
    )


def places(
    ledger: Ledger,
    process: str | None,
    a: Slice,
    b: Slice,
    measure: str,
    element: str | None,
    *,
    later: bool,
) -> tuple[list[Place], int]:
    """Cases behind one figure of one side, the largest values first, and how many there are.

    Args:
        ledger: the columns.
        process: as for `compare`; so are a and b.
        measure: key of the measure.
        element: of the step, as side B calls it; None of whole cases.
        later: whether of side B.
    """
    a, b = replace(a, process=process), replace(b, process=process)
    found, _matched, listed = _read(ledger, process, a, b, ())
    if element is None:
        sample = samples.of_case(measure, found)
    else:
        step = next((each for each in listed if each.element == element), None)
        sample = None if step is None else samples.of_step(measure, step, found)
    if sample is None:
        return [], 0
    mine = samples.halves(sample, found)[int(later)]
    value, case = sample.value[mine], sample.case[mine]
    order = np.lexsort((case, -value))
    return [
        Place(str(found.case_ids[case[each]]), None, float(value[each])) for each in order[:LISTED]
    ], len(order)


def _read(
    ledger: Ledger, process: str | None, a: Slice, b: Slice, adjust: Sequence[str] | None
) -> tuple[Cases, Matching, list[Passes]]:
    by_version = any(side.version is not None or side.versions is not None for side in (a, b))
    matched = matching(ledger.session, process, a, b) if process else SAME
    told_apart = _told_apart(a, b)
    found = cohort.cases(ledger, a, b, by_version=by_version, traits=adjust, without=told_apart)
    return found, matched, cohort.passes(ledger, found, matched.renamed)


def _judged(figures: Sequence[Figure]) -> list[Figure]:
    """With chances corrected for all that are tested, verdicts and needed samples."""
    tested = [each for each in figures if each.chance is not None]
    corrected = iter(
        gates.corrected(
            [each.chance or 0.0 for each in tested], [each.told.weight for each in tested]
        )
    )
    return [_verdict(each, None if each.chance is None else next(corrected)) for each in figures]


def _verdict(told: Figure, q: float | None) -> Figure:
    n = min(told.a.n, told.b.n)
    word = gates.verdict(
        gates.Weighed(
            n,
            told.difference,
            told.interval,
            q,
            told.crude,
            told.crude_chance,
            told.told.better,
            told.people,
        )
    )
    needed = None
    if word in (gates.Verdict.NONE_SHOWN, gates.Verdict.TOO_FEW):
        needed = gates.more_needed(n, told.difference, told.interval, told.told.unit)
    return replace(
        told, q=q, verdict=word, needed=needed, noticed=gates.smallest_noticed(told.interval)
    )


def _step(step: Passes, figures: Iterable[Figure], found: Cases, matched: Matching) -> Step:
    back = {after: before for before, after in matched.renamed.items()}
    change = matched.changed.get(step.element)
    state = "both"
    if step.element in matched.added:
        state = "added"
    elif step.element in matched.removed:
        state = "removed"
    return Step(
        step.element,
        back.get(step.element, step.element),
        step.step,
        step.kind,
        state,
        () if change is None else tuple(each.what for each in change.details),
        tuple(each for each in figures if each.element == step.element),
        tuple(_outcomes(step, found)),
    )


def _outcomes(step: Passes, found: Cases) -> Iterator[Outcome]:
    """Of cases that are through with the step."""
    done = np.array([each is not None for each in step.outcome], dtype=bool) & ~step.open
    later = found.later[step.case]
    of_a, of_b = (Counter(step.outcome[done & side]) for side in (~later, later))
    n_a, n_b = of_a.total(), of_b.total()
    for outcome, _n in (of_a + of_b).most_common():
        told = shares.difference([shares.Counts(of_a[outcome], n_a, of_b[outcome], n_b)])
        yield Outcome(
            outcome, of_a[outcome], n_a, of_b[outcome], n_b, None if told is None else told[1]
        )


def _counted(found: Cases, *, later: bool) -> Counted:
    mine = found.later == later
    running = int((mine & found.running).sum())
    won = int((mine & ~found.running & (found.ending == "won")).sum())
    n = int(mine.sum())
    every = found.all[int(later)]
    return Counted(
        n,
        running,
        won,
        n - running - won,
        found.migrated[int(later)],
        every if every > cohort.MOST else None,
    )


def _pictured(found: Cases) -> Iterator[Pictured]:
    for measure in CURVES:
        sample = samples.of_case(measure, found)
        if sample is not None:
            a, b = curves(sample, found.later)
            yield Pictured(measure, a, b, sample.horizon or float("inf"))


def _told_apart(a: Slice, b: Slice) -> set[str]:
    return {
        name
        for name in TRAITS_OF_CASE
        if name not in ("process", "version") and getattr(a, name) != getattr(b, name)
    }
