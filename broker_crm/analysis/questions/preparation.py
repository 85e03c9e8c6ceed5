"""Within what time is the offer, or the contract, prepared?

Working days from the moment the preparation was asked for until the approval, in rounds: a new
round begins when an approved offer is prepared anew, such as after negotiations. The parts are
office hours: waiting to be taken up, working, waiting for approval; a loop is a return by the
approver. Rounds that go on count as waiting (Kaplan–Meier).
"""

from __future__ import annotations

from typing import Any

from broker_crm.analysis.answers import LISTED, Answer, Place, Point, Row
from broker_crm.analysis.estimates import Waiting, share, waiting
from broker_crm.analysis.ledger import Ledger
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


def preparation(ledger: Ledger, part: Slice, by: str = "document") -> Answer:
    """Working days until the approval of offers and contracts.

    Args:
        ledger: the columns.
        part: the period is that of the day on which the round began; `step` may be
            'offer-preparation' or 'contract-preparation'.
        by: dimension of the rows, or 'document'.
    """
    rounds = ledger.rows(_rounds(part), part.parameters())
    wait = _waiting(rounds)
    groups: dict[Any, list[Row]] = {}
    months: dict[Any, list[Row]] = {}
    for each in rounds:
        groups.setdefault(each["document" if by == "document" else by], []).append(each)
        months.setdefault(each["month"], []).append(each)
    slow = sorted(rounds, key=lambda each: (-each["days"], each["case_id"]))
    return Answer(
        "Q8",
        wait.median,
        "days",
        wait.n,
        wait.interval,
        facts=_figures(rounds),
        by=by,
        rows=sorted(
            ({"key": key, **_figures(some)} for key, some in groups.items()),
            key=lambda row: -row["n"],
        ),
        columns=COLUMNS,
        trend=[
            Point(month, _waiting(some).median, len(some)) for month, some in sorted(months.items())
        ],
        places=[Place(each["case_id"], each["task_id"], each["days"]) for each in slow[:LISTED]],
        place_count=len(rounds),
    )


def _rounds(part: Slice) -> str:
    dimensions = ", ".join(f"{expression} AS {name}" for name, expression in DIMENSIONS.items())
    return f"""
        WITH steps AS (
            SELECT *, split_part(kind, '-', 1) AS document, kind NOT LIKE '%-approval' AS prepares,
                last_value(CASE WHEN kind LIKE '%-approval' THEN meaning ELSE 'asked' END)
                  OVER before AS previous
            FROM task
            WHERE kind IN ('offer', 'contract', 'offer-approval', 'contract-approval')
              AND status <> 'cancelled'
            WINDOW before AS (PARTITION BY case_id, split_part(kind, '-', 1)
              ORDER BY created_at, loop, task_id
              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ), numbered AS (
            SELECT *, sum((prepares AND coalesce(previous, 'positive') = 'positive')::INT)
              OVER (PARTITION BY case_id, document ORDER BY created_at, loop, task_id
              ROWS UNBOUNDED PRECEDING) AS round
            FROM steps
        ), rounds AS (
            SELECT case_id, document, round,
                min(created_d) FILTER (prepares) AS asked_d,
                min(created_on) FILTER (prepares) AS asked_on,
                arg_min(task_id, created_at) FILTER (prepares) AS task_id,
                max(done_d) AS done_d,
                bool_and(status = 'completed')
                  AND arg_max(CASE WHEN prepares THEN 'positive' ELSE meaning END, created_at)
                  = 'positive' AS approved,
                arg_max(CASE WHEN prepares THEN 'asked' ELSE meaning END, created_at) = 'negative'
                  AS rejected,
                count(*) FILTER (prepares) - 1 AS loops,
                sum(coalesce(started_s, done_s, $now_s) - created_s) FILTER (prepares) AS to_start,
                sum(coalesce(done_s, $now_s) - started_s) FILTER (prepares) AS working,
                sum(coalesce(done_s, $now_s) - created_s) FILTER (NOT prepares) AS approval,
                max(std_days) FILTER (prepares) + coalesce(max(std_days) FILTER (NOT prepares), 0)
                  AS std_days
            FROM numbered GROUP BY 1, 2, 3
        )
        SELECT r.case_id, r.document, r.round, r.task_id, r.approved, r.rejected, r.loops,
            r.to_start, r.working, r.approval, r.std_days,
            greatest(0, CASE WHEN r.approved OR r.rejected THEN r.done_d
              ELSE coalesce(c.ended_d, $today_d) END - r.asked_d) AS days,
            date_trunc('month', r.asked_on)::DATE AS month, {dimensions}
        FROM rounds r JOIN task t USING (task_id) JOIN case_file c ON c.case_id = r.case_id
        LEFT JOIN person p ON p.login = t.person
        WHERE r.asked_d IS NOT NULL AND {part.of_work("r.asked_on")}
    """


def _waiting(rounds: list[Row]) -> Waiting:
    return waiting([each["days"] for each in rounds], [bool(each["approved"]) for each in rounds])


def _figures(rounds: list[Row]) -> Row:
    found = _waiting(rounds)
    judged = [each for each in rounds if each["approved"] and each["std_days"] is not None]
    n = len(rounds)
    return {
        "n": found.n,
        "median": found.median,
        "interval": found.interval,
        "ninth": found.ninth,
        "waiting": found.waiting,
        "within": share(sum(each["days"] <= each["std_days"] for each in judged), len(judged)),
        "to_start": _mean_days(rounds, "to_start"),
        "working": _mean_days(rounds, "working"),
        "approval": _mean_days(rounds, "approval"),
        "loops": sum(each["loops"] for each in rounds) / n if n else None,
    }


def _mean_days(rounds: list[Row], part: str) -> float | None:
    return sum(each[part] or 0 for each in rounds) / len(rounds) / DAY_SECONDS if rounds else None
