"""What percentage is interested, and further interested?

Three shares that are never mixed: *reached*, conversations of attempts; *interested*, interest of
conversations; *gross*, cases with interest of cases that were tried. What an outcome means is said
by the diagram.
"""

from __future__ import annotations

from broker_crm.analysis.answers import LISTED, Answer, Row
from broker_crm.analysis.estimates import share, wilson
from broker_crm.analysis.ledger import Ledger, work
from broker_crm.analysis.slices import DIMENSIONS, Slice

ASKED = "t.kind IN ('call', 'meeting') AND t.status = 'completed' AND t.meaning IS NOT NULL"
FIGURES = """
    count(*) AS attempts,
    count(*) FILTER (meaning <> 'unreached') AS n,
    count(*) FILTER (meaning = 'positive') AS interested,
    count(DISTINCT case_no) AS cases,
    count(DISTINCT case_no) FILTER (meaning = 'positive') AS interested_cases
"""
COLUMNS = {
    "attempts": "count",
    "reached": "share",
    "interested": "count",
    "share": "share",
    "gross": "share",
}


def interest(ledger: Ledger, part: Slice, by: str = "step") -> Answer:
    """Share of conversations that ended in interest.

    Args:
        ledger: the columns.
        part: the period is that of the day of the call or meeting.
        by: dimension of the rows.
    """
    values, where = part.parameters(), part.of_work("t.done_on")
    ledger.keep(
        "asked",
        f"SELECT t.case_no, t.task_no, t.meaning, t.done_on, t.done_at, {DIMENSIONS[by]} AS key"
        f"{work(DIMENSIONS[by], where)} WHERE {ASKED} AND {where}",
        values,
    )
    total = ledger.row(f"SELECT {FIGURES} FROM asked", {})
    rows = ledger.rows(f"SELECT key, {FIGURES} FROM asked GROUP BY 1 ORDER BY n DESC, key", {})
    return Answer(
        "Q3",
        share(total["interested"], total["n"]),
        "share",
        total["n"],
        wilson(total["interested"], total["n"]),
        facts={
            **total,
            "reached": share(total["n"], total["attempts"]),
            "gross": share(total["interested_cases"], total["cases"]),
        },
        by=by,
        rows=[_row(each) for each in rows],
        columns=COLUMNS,
        trend=ledger.trend(
            "FROM asked",
            {},
            day="done_on",
            value="avg((meaning = 'positive')::INT) FILTER (meaning <> 'unreached')",
            n="count(*) FILTER (meaning <> 'unreached')",
        ),
        places=ledger.places(
            "SELECT case_no, task_no, NULL::DOUBLE AS value FROM asked WHERE meaning = 'positive'"
            f" ORDER BY done_at DESC, task_no LIMIT {LISTED}",
            {},
        ),
        place_count=total["interested"],
    )


def _row(row: Row) -> Row:
    return {
        **row,
        "reached": share(row["n"], row["attempts"]),
        "share": share(row["interested"], row["n"]),
        "gross": share(row["interested_cases"], row["cases"]),
        "interval": wilson(row["interested"], row["n"]),
    }
