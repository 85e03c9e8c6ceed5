"""Within what time is the offer, or the contract, prepared?

Working days from the moment the preparation was asked for until the approval, in rounds: a new
round begins when an approved offer is prepared anew, such as after negotiations. The parts are
office hours: waiting to be taken up, working, waiting for approval; a loop is a return by the
approver. Rounds that go on count as waiting (Kaplan–Meier).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from broker_crm.analysis.answers import LISTED, Answer, Row
from broker_crm.analysis.estimates import Waiting, share, waiting, waiting_counted
from broker_crm.analysis.ledger import WORK, Ledger, month_of, points
from broker_crm.analysis.slices import DIMENSIONS, Slice
from broker_crm.process.history import DAY_SECONDS

COLUMNS = {
    "median": "days",
    "ninth": "days",
    "within": "share",
    "to_start": "days",
    "working": "days",
    "approval": "days",
    "loops": "ratio",
    "waiting": "count",
}
PARTS = ("to_start", "working", "approval")
"""Working days from asking to starting, at work, and until the approval."""


def preparation(ledger: Ledger, part: Slice, by: str = "document") -> Answer:
    """Working days until the approval of offers and contracts.

    Args:
        ledger: the columns.
        part: the period is that of the day on which the round began; `step` may be
            'offer-preparation' or 'contract-preparation'.
        by: dimension of the rows, or 'document'.
    """
    ledger.keep("rounds", _rounds(part, by), part.parameters())
    total = next(iter(_figures(ledger, "'all'")), _nothing())
    return Answer(
        "Q8",
        total["median"],
        "days",
        total["n"],
        total["interval"],
        facts={name: value for name, value in total.items() if name != "key"},
        by=by,
        rows=sorted(_figures(ledger, "key"), key=lambda row: (-row["n"], str(row["key"]))),
        columns=COLUMNS,
        trend=points(
            {"month": row["key"], "value": row["median"], "n": row["n"]}
            for row in _figures(ledger, "month")
        ),
        places=ledger.places(
            "SELECT case_no, task_no, days AS value FROM rounds"
            f" ORDER BY days DESC, task_no LIMIT {LISTED}",
            {},
        ),
        place_count=total["n"],
    )


def _rounds(part: Slice, by: str) -> str:
    """Rounds of preparation asked for in the period; `key` is what the rows are told apart by."""
    return f"""
        WITH asked AS (
            SELECT t.case_no{WORK} WHERE t.kind IN ('offer', 'contract')
              AND t.status <> 'cancelled'
              AND {part.of_work("t.created_on")}
        ), steps AS (
            SELECT task_no, case_no, status, meaning, created_on, created_d, created_s, started_s,
                done_d, done_s, std_days,
                split_part(kind, '-', 1) AS document, kind NOT LIKE '%-approval' AS prepares,
                last_value(CASE WHEN kind LIKE '%-approval' THEN meaning ELSE 'asked' END)
                  OVER before AS previous
            FROM task
            WHERE kind IN ('offer', 'contract', 'offer-approval', 'contract-approval')
              AND status <> 'cancelled' AND case_no IN (SELECT case_no FROM asked)
            WINDOW before AS (PARTITION BY case_no, split_part(kind, '-', 1)
              ORDER BY task_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ), numbered AS (
            SELECT *, sum((prepares AND coalesce(previous, 'positive') = 'positive')::INT)
              OVER (PARTITION BY case_no, document ORDER BY task_no ROWS UNBOUNDED PRECEDING)
              AS round
            FROM steps
        ), gathered AS (
            SELECT case_no, document, round,
                min(created_d) FILTER (prepares) AS asked_d,
                min(created_on) FILTER (prepares) AS asked_on,
                min(task_no) FILTER (prepares) AS task_no,
                max(done_d) AS done_d,
                bool_and(status = 'completed')
                  AND arg_max(CASE WHEN prepares THEN 'positive' ELSE meaning END, task_no)
                  = 'positive' AS approved,
                arg_max(CASE WHEN prepares THEN 'asked' ELSE meaning END, task_no) = 'negative'
                  AS rejected,
                count(*) FILTER (prepares) - 1 AS loops,
                sum(coalesce(started_s, done_s, $now_s) - created_s) FILTER (prepares) AS to_start,
                sum(coalesce(done_s, $now_s) - started_s) FILTER (prepares) AS working,
                sum(coalesce(done_s, $now_s) - created_s) FILTER (NOT prepares) AS approval,
                max(std_days) FILTER (prepares) + coalesce(max(std_days) FILTER (NOT prepares), 0)
                  AS std_days
            FROM numbered GROUP BY 1, 2, 3
        )
        SELECT r.case_no, r.task_no, coalesce(r.approved, FALSE) AS approved, r.loops,
            r.to_start, r.working, r.approval, r.std_days,
            greatest(0, CASE WHEN r.approved OR r.rejected THEN r.done_d
              ELSE coalesce(c.ended_d, $today_d) END - r.asked_d) AS days,
            {month_of("r.asked_on")} AS month,
            {"r.document" if by == "document" else DIMENSIONS[by]} AS key
        FROM gathered r JOIN task t USING (task_no) JOIN case_file c ON c.case_no = r.case_no
        WHERE r.asked_d IS NOT NULL AND {part.of_work("r.asked_on")}
    """


def _figures(ledger: Ledger, key: str) -> list[Row]:
    """Figures of all rounds that are alike by an expression over `rounds`."""
    told: dict[Any, list[tuple[float, bool, int]]] = {}
    for row in ledger.rows(
        f"SELECT {key} AS key, days, approved, count(*) AS n FROM rounds GROUP BY ALL ORDER BY ALL",
        {},
    ):
        told.setdefault(row["key"], []).append((row["days"], row["approved"], row["n"]))
    means = ledger.rows(
        f"""
        SELECT {key} AS key, count(*) FILTER (approved AND std_days IS NOT NULL) AS judged,
            count(*) FILTER (approved AND days <= std_days) AS within, avg(loops) AS loops,
            {", ".join(f"sum({part}) / count(*) / {DAY_SECONDS} AS {part}" for part in PARTS)}
        FROM rounds GROUP BY ALL
        """,
        {},
    )
    return [_row(row, waiting_counted(told[row["key"]])) for row in means if row["key"] in told]


def _row(row: Row, found: Waiting) -> Row:
    return {
        "key": row["key"],
        "n": found.n,
        "median": found.median,
        "interval": found.interval,
        "ninth": found.ninth,
        "waiting": found.waiting,
        "within": share(row["within"], row["judged"]),
        **{part: row[part] or 0.0 for part in PARTS},
        "loops": row["loops"],
    }


def _nothing() -> Row:
    parts = dict.fromkeys(("key", "within", "loops", *PARTS))
    return {**parts, **asdict(waiting([], []))}
