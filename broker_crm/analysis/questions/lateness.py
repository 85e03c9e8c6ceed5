"""Who was late, and by how much?

Lateness of a step: working days from its due day to the day it was done, or to today while it is
open; 0 when in time. Steps count once they are due, so open overdue steps do too. Where a step
passed from person to person, each answers for the days after the due day on which they held it.
A step that was paused, such as while the client was waited for, is due later by that time; *gross*
lateness counts from the day on which it was first due.
"""

from __future__ import annotations

from broker_crm.analysis.answers import LISTED, Answer, Row
from broker_crm.analysis.estimates import share, wilson
from broker_crm.analysis.ledger import Ledger, work
from broker_crm.analysis.slices import DIMENSIONS, TEAM, Slice

ENDED_D = "coalesce(t.done_d, $today_d)"
LATE = f"greatest(0, {ENDED_D} - t.due_d)"
GROSS = f"greatest(0, {ENDED_D} - coalesce(t.first_due_d, t.due_d))"
DUE = (
    "t.due_d IS NOT NULL AND t.status <> 'cancelled'"
    " AND (t.done_d IS NOT NULL OR t.due_d < $today_d)"
)
FIGURES = """
    count(*) AS n, count(*) FILTER (late > 0) AS late, avg(late) AS mean,
    avg(late) FILTER (late > 0) AS mean_if_late, max(late) AS longest,
    quantile_cont(late, 0.9) AS ninth
"""
COLUMNS = {
    "late": "count",
    "share": "share",
    "mean": "days",
    "mean_if_late": "days",
    "ninth": "days",
    "longest": "days",
}


def lateness(ledger: Ledger, part: Slice, by: str = "person") -> Answer:
    """Share of due steps that were late, and by how many working days.

    Args:
        ledger: the columns.
        part: the period is that of the due day.
        by: dimension of the rows, see `DIMENSIONS`.
    """
    values = part.parameters()
    ledger.keep("due_work", _due_work(part, by), values)
    total = ledger.row(
        f"SELECT {FIGURES} FROM (SELECT late FROM due_work WHERE NOT passed_on UNION ALL"
        " SELECT sum(late) FROM due_work WHERE passed_on GROUP BY task_no)",
        {},
    )
    gross = ledger.row(
        "SELECT count(*) FILTER (moved) AS moved, count(*) FILTER (gross > 0) AS gross_late,"
        " avg(gross) AS gross_mean FROM (SELECT gross, moved FROM due_work WHERE NOT passed_on"
        " UNION ALL SELECT DISTINCT ON (task_no) gross, moved FROM due_work WHERE passed_on)",
        {},
    )
    others = _everybody(ledger, part) if part.person else {}
    rows = ledger.rows(
        f"SELECT key, {FIGURES} FROM due_work GROUP BY 1 ORDER BY mean DESC, n DESC, key", {}
    )
    trend = ledger.trend("FROM due_work", {}, day="due_on", value="avg((late > 0)::INT)")
    places = ledger.places(
        "SELECT case_no, task_no, late AS value FROM due_work WHERE late > 0"
        f" ORDER BY late DESC, due_on DESC, task_no LIMIT {LISTED}",
        {},
    )
    return Answer(
        "Q2",
        share(total["late"], total["n"]),
        "share",
        total["n"],
        wilson(total["late"], total["n"]),
        facts={**total, **gross, **others, "person": part.person},
        by=by,
        rows=[_row(each) for each in rows],
        columns=COLUMNS,
        trend=trend,
        places=places,
        place_count=total["late"],
    )


def _due_work(part: Slice, by: str) -> str:
    """Steps by each who held them, with the working days late that are theirs."""
    told = f"t.task_no, t.case_no, t.due_on, {GROSS} AS gross, t.first_due_d IS NOT NULL AS moved"
    of_holder = {"person": "h.holder", "team": TEAM.format("h.holder")}
    where = part.of_work("t.due_on")
    return f"""
        SELECT {told}, {DIMENSIONS[by]} AS key, {LATE} AS late, FALSE AS passed_on
        {work(DIMENSIONS[by], where)} WHERE {DUE} AND NOT t.passed_on AND {where}
        UNION ALL
        SELECT {told}, {of_holder.get(by, DIMENSIONS[by])} AS key, h.late, TRUE AS passed_on
        FROM (
            SELECT t.task_no, s.person AS holder, sum(greatest(0,
                least(coalesce(s.to_d, $today_d), {ENDED_D}) - greatest(s.from_d, t.due_d))) AS late
            FROM stint s JOIN task t USING (task_no) WHERE {DUE} AND t.passed_on GROUP BY 1, 2
        ) h JOIN task t USING (task_no) JOIN case_file c USING (case_no)
        WHERE {part.of_work("t.due_on", person="h.holder")}
    """


def _everybody(ledger: Ledger, part: Slice) -> dict[str, float]:
    """The same work of everybody, to compare a person with."""
    all_of_it = part.everybody()
    where = all_of_it.of_work("t.due_on")
    row = ledger.row(
        f"SELECT count(*) AS n, count(*) FILTER ({LATE} > 0) AS late, avg({LATE}) AS mean"
        f"{work(where)} WHERE {DUE} AND {where}",
        all_of_it.parameters(),
    )
    return {f"all_{name}": value for name, value in row.items()}


def _row(row: Row) -> Row:
    return {
        **row,
        "share": share(row["late"], row["n"]),
        "interval": wilson(row["late"], row["n"]),
    }
