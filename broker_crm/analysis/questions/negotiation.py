"""What percentage buys, and what percentage negotiates further?

Of negotiations that were held: agreed, going on, refused; the three make 100 %.
"""

from __future__ import annotations

from broker_crm.analysis.answers import LISTED, Answer, Row
from broker_crm.analysis.estimates import share, wilson
from broker_crm.analysis.ledger import Ledger, work
from broker_crm.analysis.slices import DIMENSIONS, Slice

HELD = (
    "t.kind = 'negotiation' AND t.status = 'completed'"
    " AND t.meaning IN ('positive', 'undecided', 'negative')"
)
FIGURES = """
    count(*) AS n,
    count(*) FILTER (t.meaning = 'positive') AS agreed,
    count(*) FILTER (t.meaning = 'undecided') AS further,
    count(*) FILTER (t.meaning = 'negative') AS refused,
    count(DISTINCT t.case_no) AS cases
"""
COLUMNS = {
    "agreed": "count",
    "agreed_share": "share",
    "further_share": "share",
    "refused_share": "share",
    "rounds": "ratio",
}


def negotiation(ledger: Ledger, part: Slice, by: str = "round") -> Answer:
    """Shares of held negotiations that ended agreed, further or refused.

    Args:
        ledger: the columns.
        part: the period is that of the day of the negotiation.
        by: dimension of the rows, or 'round'.
    """
    values = part.parameters()
    key = "t.loop" if by == "round" else DIMENSIONS[by]
    where = part.of_work("t.done_on")
    source = f"{work(key, where)} WHERE {HELD} AND {where}"
    total = ledger.row(f"SELECT {FIGURES}{source}", values)
    rows = ledger.rows(f"SELECT {key} AS key, {FIGURES}{source} GROUP BY 1 ORDER BY 1", values)
    return Answer(
        "Q11",
        share(total["agreed"], total["n"]),
        "share",
        total["n"],
        wilson(total["agreed"], total["n"]),
        facts={**total, **_shares(total)},
        by=by,
        rows=[{**each, **_shares(each)} for each in rows],
        columns=COLUMNS,
        trend=ledger.trend(
            source, values, day="t.done_on", value="avg((t.meaning = 'positive')::INT)"
        ),
        places=ledger.places(
            f"SELECT t.case_no, t.task_no, NULL::DOUBLE AS value{source}"
            f" ORDER BY t.done_at DESC, t.task_no LIMIT {LISTED}",
            values,
        ),
        place_count=total["n"],
    )


def _shares(row: Row) -> Row:
    n = row["n"]
    return {
        "agreed_share": share(row["agreed"], n),
        "further_share": share(row["further"], n),
        "refused_share": share(row["refused"], n),
        "rounds": share(n, row["cases"]),
        "interval": wilson(row["agreed"], n),
    }
