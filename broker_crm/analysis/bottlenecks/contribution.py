"""What each step adds to the time that cases take, and to how much that time differs.

The life of a case is divided without a rest among its steps: where several are open at once, the
second belongs to the one that ends last (the critical path, seen from the end; of those that end at
once, to the one that came in first); where none is open, to the timer or message for which the case
waited. With X the seconds of step k in a case, 0 where
it was not reached, and T the life of the case:

- share of the mean: E[X] / E[T];
- share of the variance: Cov(X, T) / Var(T), which adds up to 1 and may be negative: it tells which
  step makes the time unpredictable. The longest hundredth of cases is shortened to the 99th
  percentile, all parts alike, so that a few forgotten cases don't decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broker_crm.analysis.bottlenecks.busy import APART
from broker_crm.analysis.bottlenecks.steps import NONE, Codes, Numbers, Steps
from broker_crm.analysis.ledger import Ledger

LONGEST = 0.99
"""Quantile of the cases' time to which longer ones are shortened."""


@dataclass(frozen=True, slots=True)
class Lives:
    """Lives of cases divided among steps, and among what was waited for between them.

    Attributes:
        of_steps: seconds on the critical path, by case and step.
        between: seconds without an open step, by case and element that ended them.
        elements: ids by code; the last one is '' where nothing tells what was waited for.
        kinds: 'timer-fired', 'message-received' or '' by code.
        path: seconds of each step's own on the critical path, in the order of the steps.
    """

    of_steps: Numbers
    between: Numbers
    elements: Sequence[str]
    kinds: Sequence[str]
    path: Numbers


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of each column of the lives.

    Attributes:
        mean: of the mean life.
        variance: of its variance; zeros where all cases took the same.
        shortened: cases that were longer than the 99th percentile.
    """

    mean: Numbers
    variance: Numbers
    shortened: int


def lives(ledger: Ledger, steps: Steps) -> Lives:
    """Divide the lives of the cases.

    Args:
        ledger: knows timers and messages.
        steps: of these cases; those who narrow by people narrow nothing here.
    """
    cases = steps.cases
    ours = np.flatnonzero(steps.case != NONE)
    case = steps.case[ours]
    created = np.clip(steps.created[ours], cases.starts[case], cases.ends[case])
    done = np.clip(steps.done[ours], created, cases.ends[case])
    path = np.zeros(len(steps.case))
    path[ours] = _on_path(case, steps.step[ours], created, done)
    count = len(steps.names)
    of_steps = _table(case, steps.step[ours], path[ours], (len(cases), count))
    at_case, since, until = _gaps(case, created, done, cases.starts, cases.ends)
    elements, kinds, element = _ended_by(ledger, at_case, since, until)
    between = _table(at_case, element, until - since, (len(cases), len(elements)))
    return Lives(of_steps, between, elements, kinds, path)


def shares(parts: Numbers, spans: Numbers) -> Shares:
    """Shares of the columns of `parts` in the mean and in the variance of `spans`.

    Args:
        parts: by case and column.
        spans: by case, the sum of its row.
    """
    if not len(spans) or spans.sum() <= 0:
        nothing = np.zeros(parts.shape[1])
        return Shares(nothing, nothing, 0)
    longest = np.quantile(spans, LONGEST)
    cut = np.minimum(spans, longest)
    scaled = parts * np.divide(cut, spans, out=np.ones_like(cut), where=spans > 0)[:, None]
    off = cut - cut.mean()
    whole = float(off @ off)
    variance = (off @ scaled) / whole if whole > 0 else np.zeros(parts.shape[1])
    return Shares(parts.mean(axis=0) / spans.mean(), variance, int((spans > longest).sum()))


def _table(case: Codes, column: Codes, seconds: Numbers, shape: tuple[int, int]) -> Numbers:
    flat = np.bincount(case * shape[1] + column, weights=seconds, minlength=shape[0] * shape[1])
    return flat.astype(np.float64).reshape(shape)


def _on_path(case: Codes, step: Codes, created: Numbers, done: Numbers) -> Numbers:
    """Seconds of each step in which no step of the case that ends later is open."""
    order = np.lexsort((step, created, -done, case))
    base = case[order] * APART
    reached = np.minimum.accumulate(created[order] - base) if len(case) else created
    fresh = np.concatenate(([True], case[order][1:] != case[order][:-1]))[: len(case)]
    before = np.concatenate(([np.inf], reached[:-1]))[: len(case)] + base
    limit = np.where(fresh, np.inf, before)
    found = np.empty(len(case))
    found[order] = np.maximum(np.minimum(done[order], limit) - created[order], 0.0)
    return found


def _gaps(
    case: Codes, created: Numbers, done: Numbers, starts: Numbers, ends: Numbers
) -> tuple[Codes, Numbers, Numbers]:
    """Case, beginning and end of each stretch in which no step was open."""
    every = np.arange(len(starts))
    case = np.concatenate((every, case, every))
    since = np.concatenate((starts, created, ends))
    until = np.concatenate((starts, done, ends))
    order = np.lexsort((until, since, case))
    case, since, until = case[order], since[order], until[order]
    reached = np.maximum.accumulate(until + case * APART) - case * APART
    before = np.concatenate(([0.0], reached[:-1]))[: len(case)]
    gap = np.concatenate(([False], case[1:] == case[:-1]))[: len(case)] & (since > before)
    return case[gap], before[gap], since[gap]


def _ended_by(
    ledger: Ledger, case: Codes, since: Numbers, until: Numbers
) -> tuple[list[str], list[str], Codes]:
    """Elements whose timer or message ended the stretches, and which ended each."""
    told = ledger.rows(
        "SELECT element, any_value(kind) AS kind FROM happening JOIN asked_case USING (case_no)"
        " WHERE kind IN ('timer-fired', 'message-received') AND element IS NOT NULL"
        " GROUP BY 1 ORDER BY 1",
        {},
    )
    elements = [row["element"] for row in told] + [""]
    place = {name: code for code, name in enumerate(elements)}
    found = ledger.arrays(
        "SELECT c.code, h.element::VARCHAR AS element, h.at_s FROM happening h"
        " JOIN asked_case c USING (case_no)"
        " WHERE h.kind IN ('timer-fired', 'message-received') AND h.element IS NOT NULL"
        " ORDER BY c.code, h.at_s, h.element",
        {},
    )
    at = found["code"].astype(np.float64) * APART + found["at_s"]
    codes = np.array([place[each] for each in found["element"]], dtype=np.int64)
    last = np.searchsorted(at, case * APART + until, side="right") - 1
    fits = last >= 0
    if len(at):
        fits &= at[last] >= case * APART + since
    element = np.where(fits, codes[last] if len(at) else 0, len(elements) - 1)
    return elements, [row["kind"] for row in told] + [""], element
