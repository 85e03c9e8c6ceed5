"""Within what time did they meet?

From the call that ended in interest to the first meeting that was held; for negotiations from the
letter with the offer. Cases that have not met yet count as waiting (Kaplan–Meier), so that the
slow ones are not left out; cases that ended without a meeting waited until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from broker_crm.analysis.answers import LISTED, Answer, Place, Row
from broker_crm.analysis.estimates import Waiting, share, waiting
from broker_crm.analysis.ledger import Ledger, by_month, month_of
from broker_crm.analysis.slices import DIMENSIONS, Slice

BEGINNINGS = {
    "meeting": "t.kind = 'call' AND t.meaning = 'positive'",
    "negotiation": "t.kind = 'offer-letter' AND t.status = 'completed'",
}
"""What a meeting is counted from."""
MEETS = {
    "meeting": "t.case_no NOT IN (SELECT case_no FROM task WHERE kind IN ('offer', 'meeting')"
    " GROUP BY 1 HAVING bool_or(kind = 'offer') AND NOT bool_or(kind = 'meeting'))"
    " AND t.process IN (SELECT process FROM task WHERE kind = 'meeting')",
    "negotiation": "t.case_no IN (SELECT case_no FROM task WHERE kind = 'negotiation')",
}
"""Cases that are to meet: simple products are sold without a meeting, and few offers need talks."""
COLUMNS = {
    "median": "days",
    "ninth": "days",
    "waiting": "count",
    "within": "share",
    "no_show": "share",
}


def time_to_meet(ledger: Ledger, part: Slice, by: str = "step") -> Answer:
    """Working days until the meeting.

    Args:
        ledger: the columns.
        part: the period is that of the day from which is counted; `step` chooses 'meeting' or
            'negotiation' where given.
        by: dimension of the rows.
    """
    kinds = [part.step] if part.step in BEGINNINGS else list(BEGINNINGS)
    if part.step in BEGINNINGS:
        part = replace(part, step=None)
    found: list[Row] = []
    for kind in kinds:
        found += ledger.rows(_pairs(kind, part), part.parameters())
    main = [each for each in found if each["meets"] == "meeting"] or found
    total = _figures(main)
    key = "meets" if by == "step" else "key"
    groups: dict[Any, list[Row]] = {}
    for each in main if key == "key" else found:
        value = each["meets"] if key == "meets" else each[by]
        groups.setdefault(value, []).append(each)
    slow = sorted(main, key=lambda each: (-each["days"], each["case_id"]))
    wait = _waiting(main)
    return Answer(
        "Q6",
        wait.median,
        "days",
        wait.n,
        wait.interval,
        facts=total,
        by=by,
        rows=_rows(groups) if key == "meets" else sorted(_rows(groups), key=_by_number),
        columns=COLUMNS,
        trend=by_month(main, lambda rows: _waiting(rows).median),
        places=[Place(each["case_id"], None, each["days"]) for each in slow[:LISTED]],
        place_count=len(main),
    )


def _rows(groups: Mapping[Any, list[Row]]) -> list[Row]:
    return [{"key": value, **_figures(rows)} for value, rows in groups.items()]


def _by_number(row: Row) -> tuple[int, str]:
    return -row["n"], str(row["key"])


def _pairs(kind: str, part: Slice) -> str:
    """Each beginning with the first meeting held after it."""
    dimensions = ", ".join(
        f"{expression} AS {name}" for name, expression in DIMENSIONS.items() if name != "step"
    )
    return f"""
        WITH begun AS (
            SELECT case_no, min(done_at) AS done_at, min(done_d) AS done_d
            FROM task t WHERE {BEGINNINGS[kind]} AND t.status = 'completed' AND {MEETS[kind]}
            GROUP BY 1
        ), held AS (
            SELECT b.case_no, min(m.done_d) AS met_d, any_value(m.std_days) AS std_days
            FROM begun b JOIN task m ON m.case_no = b.case_no AND m.done_at >= b.done_at
            WHERE m.kind = '{kind}' AND m.meaning IN ('positive', 'negative', 'undecided')
            GROUP BY 1
        ), missed AS (
            SELECT case_no, count(*) FILTER (meaning = 'unreached') AS no_shows, count(*) AS tries,
              any_value(std_days) AS std_days
            FROM task WHERE kind = '{kind}' AND status = 'completed' GROUP BY 1
        )
        SELECT '{kind}' AS meets, c.case_id, h.met_d IS NOT NULL AS met,
            greatest(0, coalesce(h.met_d,
                c.ended_d, $today_d) - b.done_d) AS days,
            coalesce(m.std_days, h.std_days) AS std_days, coalesce(m.no_shows, 0) AS no_shows,
            coalesce(m.tries, 0) AS tries, {month_of("t.done_on")} AS month,
            {dimensions}
        FROM begun b
        JOIN task t ON t.case_no = b.case_no AND t.done_at = b.done_at AND {BEGINNINGS[kind]}
        JOIN case_file c ON c.case_no = b.case_no
        LEFT JOIN held h ON h.case_no = b.case_no
        LEFT JOIN missed m ON m.case_no = b.case_no
        WHERE {part.of_work("t.done_on")}
    """


def _waiting(rows: list[Row]) -> Waiting:
    return waiting([each["days"] for each in rows], [each["met"] for each in rows])


def _figures(rows: list[Row]) -> Row:
    found = _waiting(rows)
    standard = [each for each in rows if each["std_days"] is not None and each["met"]]
    within = sum(each["days"] <= each["std_days"] for each in standard)
    return {
        "n": found.n,
        "median": found.median,
        "interval": found.interval,
        "ninth": found.ninth,
        "waiting": found.waiting,
        "within": share(within, len(standard)),
        "no_show": share(
            sum(each["no_shows"] for each in rows), sum(each["tries"] for each in rows)
        ),
    }
