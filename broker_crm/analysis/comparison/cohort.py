"""Reads the cases of both sides and what happened at each of their steps, by column.

The unit is the case. It belongs to the side by the day on which it began, and to the version on
which it began; what moved to another version later is told apart, and what both sides claim is left
out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.comparison.mix import TRAITS, Mix, mix
from broker_crm.analysis.ledger import CASES, COST, Ledger
from broker_crm.analysis.slices import Slice, as_text

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]
MOST = 10_000
"""Cases of a side that are looked at; of more, as many are drawn, always the same."""
MOVED = "c.now_version IS NOT NULL AND c.now_version <> c.version"
MILESTONES = {
    "meeting": "t.kind IN ('meeting', 'negotiation') AND t.status = 'completed'"
    " AND coalesce(t.meaning, '') <> 'unreached'",
    "offer": "t.kind = 'offer-letter' AND t.status = 'completed'",
}
"""What is waited for in a case, as conditions over step `t`."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases of both sides, one row each.

    Attributes:
        later: whether of side B.
        case_ids: hex of the instances.
        started: office seconds.
        ended: the same; not a number while it runs.
        now: the same.
        today: working days.
        ending: meaning of the outcome; None where there is none.
        people: number of the owner.
        milestones: office seconds of the first of each; not a number where there is none.
        cost: EUR of its steps so far; not a number where nothing is known.
        mix: segments to compare within.
        migrated: cases of side A and B that moved to another version; not among the rows.
        both: cases that both sides claim; not among the rows.
        all: cases of side A and B before any were left out by drawing.
    """

    later: Flags
    case_ids: Texts
    started: Numbers
    ended: Numbers
    now: float
    today: float
    ending: Texts
    people: Whole
    milestones: Mapping[str, Numbers]
    cost: Numbers
    mix: Mix
    migrated: tuple[int, int]
    both: int
    all: tuple[int, int]

    @property
    def running(self) -> Flags:
        return np.isnan(self.ended)


@dataclass(frozen=True, slots=True)
class Passes:
    """One step on both sides, one row for each case that came to it.

    Times are office seconds, days working days, of the first pass unless told otherwise; not a
    number where there is none.
    """

    element: str
    step: str
    kind: str
    case: Whole
    reached: Numbers
    started: Numbers
    done: Numbers
    completed: Flags
    due_day: Numbers
    done_day: Numbers
    again: Numbers
    """When it began the second time."""
    positive: Numbers
    """When it first ended well."""
    last: Numbers
    """When its last pass was done."""
    open: Flags
    decides: Flags
    """Whether its outcomes have a meaning."""
    cost: Numbers
    """EUR of all passes."""
    people: Whole
    outcome: Texts
    """Of the last pass."""


def cases(
    ledger: Ledger,
    a: Slice,
    b: Slice,
    *,
    by_version: bool,
    traits: Sequence[str] | None,
    without: Collection[str] = (),
) -> Cases:
    """The cases of both sides; kept as the table `compared` for their steps.

    Args:
        ledger: the columns.
        a: the earlier side.
        b: the later side.
        by_version: whether the sides are versions, so that migrated cases belong to neither.
        traits: to compare within; None for those by which the mixes differ.
        without: traits that tell the sides apart, so that nothing can be compared within them.
    """
    for name, part in (("compared_a", a), ("compared_b", b)):
        ledger.keep(
            name,
            f"SELECT c.case_no, {MOVED if by_version else 'FALSE'} AS moved {CASES}"
            f" WHERE {replace(part, step=None).of_cases('c.started_on')}"
            " AND coalesce(c.ending, '') <> 'excluded'",
            part.parameters(),
        )
    counts = ledger.row(
        """
        SELECT (SELECT count(*) FILTER (moved) FROM compared_a) AS moved_a,
            (SELECT count(*) FILTER (moved) FROM compared_b) AS moved_b,
            (SELECT count(*) FILTER (NOT moved) FROM compared_a) AS all_a,
            (SELECT count(*) FILTER (NOT moved) FROM compared_b) AS all_b,
            (SELECT count(*) FROM compared_a JOIN compared_b USING (case_no)) AS of_both,
            $now_s AS now_s, $today_d AS today_d
        """,
        {},
    )
    ledger.keep(
        "compared",
        f"""
        SELECT case_no, later FROM (
            SELECT case_no, any_value(later) AS later FROM (
                SELECT case_no, moved, FALSE AS later FROM compared_a
                UNION ALL SELECT case_no, moved, TRUE FROM compared_b
            ) GROUP BY 1 HAVING count(*) = 1 AND NOT bool_or(moved)
        ) JOIN case_file USING (case_no)
        QUALIFY row_number() OVER (PARTITION BY later ORDER BY hash(case_id), case_id) <= {MOST}
        """,
        {},
    )
    ledger.keep(
        "compared",
        "SELECT case_no, later, row_number() OVER (ORDER BY later, case_id) - 1 AS place"
        " FROM compared JOIN case_file USING (case_no)",
        {},
    )
    milestones = ", ".join(
        f"min(t.done_s) FILTER ({condition}) AS {name}" for name, condition in MILESTONES.items()
    )
    told = ledger.arrays(
        f"""
        SELECT k.later, c.case_id, c.started_s, c.ended_s, c.status = 'active' AS active,
            c.ending::VARCHAR AS ending,
            dense_rank() OVER (ORDER BY coalesce(c.owner, '')) - 1 AS person,
            {", ".join(f"{as_text(trait)} AS {trait}" for trait in TRAITS)},
            {", ".join(f"w.{name}" for name in MILESTONES)}, w.cost
        FROM compared k JOIN case_file c USING (case_no) LEFT JOIN (
            SELECT t.case_no, {milestones}, sum({COST}) AS cost
            FROM task t JOIN compared USING (case_no) GROUP BY 1
        ) w USING (case_no) ORDER BY k.place
        """,
        {},
    )
    later = told["later"].astype(bool)
    ended = told["ended_s"].astype(float)
    return Cases(
        later,
        told["case_id"],
        told["started_s"].astype(float),
        np.where(told["active"].astype(bool), np.nan, ended),
        float(counts["now_s"]),
        float(counts["today_d"]),
        told["ending"],
        told["person"].astype(np.int64),
        {name: told[name].astype(float) for name in MILESTONES},
        told["cost"].astype(float),
        mix(
            {trait: told[trait].astype(object) for trait in TRAITS if trait not in without},
            later,
            traits,
        ),
        (counts["moved_a"], counts["moved_b"]),
        counts["of_both"],
        (counts["all_a"], counts["all_b"]),
    )


def passes(ledger: Ledger, found: Cases, renamed: Mapping[str, str]) -> list[Passes]:
    """What happened at each step of the cases of `compared`, in the order in which it is come to.

    Args:
        ledger: that read the cases.
        found: the cases.
        renamed: id of an element on side A to what side B calls it.
    """
    ledger.keep(
        "compared_pass",
        f"""
        SELECT k.place, k.later, coalesce(t.element, t.step)::VARCHAR AS element,
            coalesce(t.step, t.element)::VARCHAR AS step, t.kind::VARCHAR AS kind, t.started_s,
            t.done_s, t.status, t.due_d, t.done_d, t.outcome::VARCHAR AS outcome, t.meaning,
            t.person, {COST} AS cost,
            coalesce(t.created_s, t.started_s, t.done_s) AS at_s,
            coalesce(t.done_s, 1e18) AS order_s, t.task_id
        FROM task t JOIN compared k USING (case_no)
        """,
        {},
    )
    first = "ORDER BY at_s, order_s, task_id"
    told = ledger.arrays(
        f"""
        SELECT place, element, any_value(step) AS step, any_value(kind) AS kind,
            min(at_s) AS reached, first(started_s {first}) AS started,
            first(done_s {first}) AS done, first(status {first}) = 'completed' AS completed,
            first(due_d {first}) AS due_day, first(done_d {first}) AS done_day,
            (list(at_s {first}))[2] AS again,
            min(done_s) FILTER (meaning = 'positive' AND status = 'completed') AS positive,
            max(done_s) AS last, bool_or(status = 'open') AS open,
            bool_or(meaning IS NOT NULL) AS decides, sum(cost) AS cost,
            dense_rank() OVER (ORDER BY coalesce(first(person {first}), '')) - 1 AS person,
            last(outcome {first}) AS outcome
        FROM compared_pass GROUP BY place, element ORDER BY place
        """,
        {},
    )
    names, numbers = np.unique(told["element"].astype(str), return_inverse=True)
    later = found.later[told["place"].astype(np.int64)]
    known = {str(name): number for number, name in enumerate(names)}
    for before, after in renamed.items():
        if before in known:
            known.setdefault(after, len(known))
            numbers = np.where(~later & (numbers == known[before]), known[after], numbers)
    listed = [
        _one(name, told, np.flatnonzero(numbers == number))
        for name, number in known.items()
        if (numbers == number).any()
    ]
    return sorted(listed, key=lambda each: _place(each, found))


def _one(element: str, told: Mapping[str, NDArray[Any]], rows: Whole) -> Passes:
    def numbers(name: str) -> Numbers:
        return told[name][rows].astype(np.float64)

    def flags(name: str) -> Flags:
        return np.nan_to_num(told[name][rows].astype(np.float64)).astype(bool)

    return Passes(
        element,
        str(told["step"][rows[0]]),
        str(told["kind"][rows[0]] or ""),
        told["place"][rows].astype(np.int64),
        numbers("reached"),
        numbers("started"),
        numbers("done"),
        flags("completed"),
        numbers("due_day"),
        numbers("done_day"),
        numbers("again"),
        numbers("positive"),
        numbers("last"),
        flags("open"),
        flags("decides"),
        numbers("cost"),
        told["person"][rows].astype(np.int64),
        told["outcome"][rows],
    )


def _place(each: Passes, found: Cases) -> float:
    """How far into the case the step lies on the average; sorts the steps."""
    return float(np.nanmean(each.reached - found.started[each.case]))
