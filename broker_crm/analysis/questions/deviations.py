"""What deviations from the standard terms are there, and what is their economic effect?

Each line of an offer was compared with the standard in force on its day when it was written
(`crm.deviations`); only the last version of each offer counts. A line deviates when its premium
differs by 1 % of the standard or more, or anything else differs at all. Effects are EUR a year,
positive when given away. *Realised*: lines of cases that were won. *Exposed*: lines still open,
times the share of decided cases that are won.
"""

from __future__ import annotations

from dataclasses import replace

from broker_crm.analysis.answers import LISTED, Answer, Row
from broker_crm.analysis.estimates import mean_interval, share, wilson
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import DIMENSIONS, Slice

LINES = """
    FROM offer_line t JOIN case_file c USING (case_no)
    WHERE t.offer_status <> 'replaced' AND t.std_premium IS NOT NULL AND
"""
WON = "c.ending = 'won'"
OPEN = "c.status = 'active'"
EFFECT = "t.commission_effect + t.other_commission_effect"
GIFT = "t.premium_effect + t.other_premium_effect"
BREAKDOWNS = {
    **{name: each for name, each in DIMENSIONS.items() if name != "step"},
    "process": "c.process",
    "product": "t.line_product",
    "approver": "t.approver",
}
COLUMNS = {
    "deviating": "count",
    "share": "share",
    "premium_percent": "percent",
    "commission_points": "points",
    "approved": "share",
    "realised": "eur",
    "exposed": "eur",
}
FIGURES = f"""
    count(*) AS n, count(*) FILTER (t.deviates) AS deviating,
    100 * sum(t.premium_effect) / nullif(sum(t.std_premium), 0) AS premium_percent,
    avg(t.commission_deviation) AS commission_points,
    count(*) FILTER (t.deviates AND t.approver IS NOT NULL) AS approved_lines,
    count(*) FILTER ({WON}) AS won,
    count(*) FILTER (c.ending IS NOT NULL AND c.ending <> 'excluded') AS decided,
    coalesce(sum({EFFECT}) FILTER ({WON}), 0) AS realised,
    coalesce(sum({GIFT}) FILTER ({WON}), 0) AS realised_gift,
    coalesce(sum({EFFECT}) FILTER ({OPEN}), 0) AS open_effect,
    count(*) FILTER ({OPEN}) AS open_lines,
    sum(t.premium) FILTER ({WON}) AS won_premium,
    count(*) FILTER ({WON} AND t.deviates) AS won_deviating,
    count(*) FILTER (t.deviates AND c.ending IS NOT NULL AND c.ending <> 'excluded')
      AS decided_deviating,
    avg(t.premium * t.commission_percent / 100) FILTER ({WON}) AS commission
"""


def deviations(ledger: Ledger, part: Slice, by: str = "person") -> Answer:
    """Share of offer lines that deviate, and by how much of the premium.

    Args:
        ledger: the columns.
        part: the period is that of the day on which the offer was prepared; `person` prepared it.
        by: dimension of the rows, or 'approver'.
    """
    total, rows = _read(ledger, part, by)
    return Answer(
        "Q9",
        share(total["deviating"], total["n"]),
        "share",
        total["n"],
        wilson(total["deviating"], total["n"]),
        facts=total,
        by=by,
        rows=rows,
        columns=COLUMNS,
        trend=ledger.trend(
            f"{LINES} {condition(part)}",
            part.parameters(),
            day="t.prepared_on",
            value="avg(t.deviates::INT)",
        ),
        places=ledger.places(
            f"SELECT t.case_no, NULL::INTEGER AS task_no, {EFFECT} AS value"
            f" {LINES} {condition(part)} AND t.deviates"
            f" ORDER BY abs(coalesce(value, 0)) DESC, t.line_id LIMIT {LISTED}",
            part.parameters(),
        ),
        place_count=total["deviating"],
    )


def economic_effect(ledger: Ledger, part: Slice, by: str = "person") -> Answer:
    """Commission given away in what was won, and at risk in what is open; EUR.

    Args:
        ledger: the columns.
        part: as for `deviations`.
        by: as for `deviations`.
    """
    total, rows = _read(ledger, part, by)
    spread = ledger.row(
        f"SELECT avg({EFFECT}) AS mean, stddev_samp({EFFECT}) AS deviation, count(*) AS n"
        f" {LINES} {condition(part)} AND {WON}",
        part.parameters(),
    )
    interval = None
    if spread["deviation"] is not None:
        of_mean = mean_interval(spread["mean"], spread["deviation"], spread["n"])
        interval = of_mean and (of_mean[0] * spread["n"], of_mean[1] * spread["n"])
    return Answer(
        "Q10",
        total["realised"],
        "eur",
        total["won"],
        interval,
        facts={**total, **_association(total)},
        by=by,
        rows=[{**row, "n": row["won"]} for row in sorted(rows, key=_by_realised)],
        columns={
            "won": "count",
            "realised": "eur",
            "realised_gift": "eur",
            "exposed": "eur",
            "share": "share",
        },
        trend=ledger.trend(
            f"{LINES} {condition(part)}",
            part.parameters(),
            day="t.prepared_on",
            value=f"sum({EFFECT}) FILTER ({WON})",
            n=f"count(*) FILTER ({WON})",
        ),
        places=ledger.places(
            f"SELECT t.case_no, NULL::INTEGER AS task_no, {EFFECT} AS value"
            f" {LINES} {condition(part)} AND {WON} AND t.deviates"
            f" ORDER BY abs(coalesce(value, 0)) DESC, t.line_id LIMIT {LISTED}",
            part.parameters(),
        ),
        place_count=total["won_deviating"],
    )


def _by_realised(row: Row) -> tuple[float, str]:
    return -row["realised"], str(row["key"])


def _read(ledger: Ledger, part: Slice, by: str) -> tuple[Row, list[Row]]:
    values = part.parameters()
    total = ledger.row(f"SELECT {FIGURES} {LINES} {condition(part)}", values)
    chance = share(total["won"], total["decided"])
    rows = ledger.rows(
        f"SELECT {BREAKDOWNS[by]} AS key, {FIGURES} {LINES} {condition(part)}"
        " GROUP BY 1 ORDER BY premium_percent DESC NULLS LAST, key",
        values,
    )
    return _told(total, chance), [_told(each, chance) for each in rows]


def condition(part: Slice) -> str:
    """On a line: the product is that of the line, not of the case."""
    told = [
        replace(part, step=None, product=None, products=None).of_work(
            "t.prepared_on", process="c.process"
        )
    ]
    if part.product is not None:
        told.append("t.line_product = $product")
    if part.products is not None:
        told.append("t.line_product IN (SELECT unnest($products::VARCHAR[]))")
    return " AND ".join(told)


def _told(row: Row, chance: float | None) -> Row:
    return {
        **row,
        "share": share(row["deviating"], row["n"]),
        "interval": wilson(row["deviating"], row["n"]),
        "approved": share(row["approved_lines"], row["deviating"]),
        "chance": chance,
        "exposed": row["open_effect"] * (chance or 0),
    }


def _association(total: Row) -> Row:
    """Wins of lines with and without deviations: association, not proof."""
    plain_decided = total["decided"] - total["decided_deviating"]
    plain_won = total["won"] - total["won_deviating"]
    return {
        "win_deviating": share(total["won_deviating"], total["decided_deviating"]),
        "win_standard": share(plain_won, plain_decided),
        "decided_standard": plain_decided,
    }
