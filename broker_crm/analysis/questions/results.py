"""How many have bought, and how many refused?

Cases that ended in the period by what their ending means, with the premium and commission of the
last offer, EUR a year, and the reasons of those who refused. Cases that the brokerage never tried,
such as for want of permission, are left out.
"""

from __future__ import annotations

from dataclasses import replace

from broker_crm.analysis.answers import LISTED, Answer, Row
from broker_crm.analysis.estimates import share, wilson
from broker_crm.analysis.ledger import CASES, Ledger
from broker_crm.analysis.slices import OF_CASE, TEAM, Slice

MONEY = """
    LEFT JOIN (
        SELECT case_no, sum(premium) AS premium,
            sum(premium * commission_percent / 100) AS commission
        FROM offer_line WHERE offer_status <> 'replaced' GROUP BY 1
    ) m USING (case_no)
"""
COUNTED = "c.ending IS NOT NULL AND c.ending <> 'excluded' AND c.status <> 'active'"
OWNER_DIMENSIONS = {
    "ending": "c.ending",
    "reason": "coalesce(c.reason, c.outcome)",
    "outcome": "c.outcome",
    "person": "c.owner",
    "team": TEAM.format("c.owner"),
    **OF_CASE,
}
FIGURES = """
    count(*) AS n, count(*) FILTER (c.ending = 'won') AS won,
    count(*) FILTER (c.ending = 'refused') AS refused,
    count(*) FILTER (c.ending = 'expired') AS expired,
    count(*) FILTER (c.ending = 'unreached') AS unreached,
    count(*) FILTER (c.ending = 'declined') AS declined,
    coalesce(sum(m.premium) FILTER (c.ending = 'won'), 0) AS premium,
    coalesce(sum(m.commission) FILTER (c.ending = 'won'), 0) AS commission,
    coalesce(sum(m.commission) FILTER (c.ending = 'refused'), 0) AS lost_commission
"""
COLUMNS = {
    "won": "count",
    "refused": "count",
    "share": "share",
    "premium": "eur",
    "commission": "eur",
    "lost_commission": "eur",
}


def results(ledger: Ledger, part: Slice, by: str = "process") -> Answer:
    """Cases won and refused among those that ended.

    Args:
        ledger: the columns.
        part: the period is that of the day on which the case ended; `person` owns the case.
        by: dimension of the rows, or 'ending', 'outcome', 'reason'.
    """
    values = part.parameters()
    source = f"{CASES} {MONEY} WHERE {part.of_cases('c.ended_on')} AND {COUNTED}"
    total = ledger.row(f"SELECT {FIGURES}{source}", values)
    now_open = ledger.row(
        f"SELECT count(*) AS n{CASES} WHERE c.status = 'active' AND {_standing(part)}", values
    )
    rows = ledger.rows(
        f"SELECT {OWNER_DIMENSIONS[by]} AS key, {FIGURES}{source} GROUP BY 1 ORDER BY n DESC, key",
        values,
    )
    return Answer(
        "Q12",
        float(total["won"]),
        "count",
        total["n"],
        facts={**total, "open": now_open["n"], "share": share(total["won"], total["n"])},
        by=by,
        rows=[_row(each) for each in rows],
        columns=COLUMNS,
        trend=ledger.trend(
            source, values, day="c.ended_on", value="count(*) FILTER (c.ending = 'won')"
        ),
        places=ledger.places(
            f"SELECT c.case_no, NULL::INTEGER AS task_no, m.commission AS value{source}"
            f" AND c.ending = 'won' ORDER BY c.ended_s DESC, c.case_id LIMIT {LISTED}",
            values,
        ),
        place_count=total["won"],
    )


def _standing(part: Slice) -> str:
    """What is open now, whenever it began."""
    return replace(part, start=None, end=None).of_cases("c.started_on")


def _row(row: Row) -> Row:
    return {
        **row,
        "share": share(row["won"], row["n"]),
        "interval": wilson(row["won"], row["n"]),
    }
