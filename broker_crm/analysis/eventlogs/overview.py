"""What a log holds at a glance: steps with their times, the commonest ways through it, people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import Slice

SHOWN = 10
"""Variants told of."""
STEPS = """
    SELECT t.step AS step, count(*) AS n, count(DISTINCT t.case_no) AS cases,
        median(t.done_s - t.created_s) / 3600 AS hours,
        quantile_cont(t.done_s - t.created_s, 0.9) / 3600 AS ninth,
        median(t.done_s - t.started_s) / 3600 AS work
    FROM task t JOIN case_file c USING (case_no)
    WHERE t.status = 'completed' AND {which} GROUP BY 1 ORDER BY n DESC, 1
"""
VARIANTS = """
    SELECT way, count(*) AS n FROM (
        SELECT t.case_no, list(t.step ORDER BY t.done_s, t.created_s, t.task_no) AS way
        FROM task t JOIN case_file c USING (case_no)
        WHERE t.status = 'completed' AND {which} GROUP BY 1
    ) GROUP BY 1 ORDER BY n DESC, len(way), way
"""
CASES = """
    SELECT count(*) AS cases, count(*) FILTER (status <> 'active') AS ended,
        min(started_on) AS first, max(coalesce(ended_on, started_on)) AS last,
        median(ended_d - started_d) AS days
    FROM (
        SELECT c.*, (SELECT min(t.created_d) FROM task t WHERE t.case_no = c.case_no) AS started_d
        FROM case_file c WHERE {which}
    )
"""


@dataclass(frozen=True, slots=True)
class Overview:
    """A log at a glance.

    Attributes:
        cases: how many.
        ended: how many of them have ended.
        first: day on which the first began.
        last: day on which the last ended or began.
        days: median working days from beginning to end.
        steps: `step`, `n`, `cases`; median `hours` and `ninth` decile since it could begin, median
            `work` since it was begun, in office hours; the commonest first.
        variants: `way`, a list of steps, and `n`; the commonest first.
        variant_count: how many there are.
        people: how many did the steps.
    """

    cases: int
    ended: int
    first: date | None
    last: date | None
    days: float | None
    steps: list[dict[str, Any]]
    variants: list[dict[str, Any]]
    variant_count: int
    people: int


def overview(ledger: Ledger, part: Slice) -> Overview:
    """A log at a glance.

    Args:
        ledger: own work or a foreign log.
        part: of which cases; period, step and people do not count.
    """
    which, told = part.of_case(), part.parameters()
    cases = ledger.row(CASES.format(which=which), told)
    variants = ledger.rows(VARIANTS.format(which=which), told)
    people = ledger.row(
        "SELECT count(DISTINCT t.person) AS n FROM task t JOIN case_file c USING (case_no)"
        f" WHERE {which}",
        told,
    )
    return Overview(
        **cases,
        steps=ledger.rows(STEPS.format(which=which), told),
        variants=variants[:SHOWN],
        variant_count=len(variants),
        people=people["n"],
    )
