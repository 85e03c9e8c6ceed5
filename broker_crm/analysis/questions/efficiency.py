"""How efficient is a salesperson, and the average one?

(a) output: commission won, offers and meetings for 100 hours worked; (b) quality: conversations
that ended in interest, by those expected from the same mix of segments, products and steps at the
whole company's rate, so that hard segments punish nobody; (c) thrift: standard cost by actual cost.
A ratio of 1 is what the company does on the same cases.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from broker_crm.analysis.answers import LISTED, Answer, Row
from broker_crm.analysis.estimates import SMALL, ratio_interval
from broker_crm.analysis.ledger import COST, WORK, Ledger, work
from broker_crm.analysis.slices import DIMENSIONS, TEAM, Slice

TALKED = (
    "t.kind IN ('call', 'meeting', 'negotiation') AND t.status = 'completed'"
    " AND t.meaning IN ('positive', 'negative', 'undecided')"
)
COLUMNS = {
    "positive": "count",
    "expected": "number",
    "ratio": "ratio",
    "hours": "hours",
    "offers": "number",
    "meetings": "number",
    "commission": "eur",
    "thrift": "ratio",
}


def efficiency(ledger: Ledger, part: Slice, by: str = "person") -> Answer:
    """Conversations that ended well by those expected, and output for the hours worked.

    Args:
        ledger: the columns.
        part: the period is that of the day on which steps were done.
        by: 'person' or 'team'.
    """
    whole = part.everybody()
    found = _found(ledger, whole, DIMENSIONS["person" if part.person else by])
    ratios = [row["ratio"] for row in found if row["ratio"] is not None and row["n"] >= SMALL]
    own = next((row for row in found if row["key"] == part.person), None)
    shown = [row for row in found if part.person is None or (row is own and by == "person")]
    middle = median(ratios) if ratios else None
    value = middle if part.person is None else (own["ratio"] if own else None)
    where = part.of_work("t.done_on")
    ledger.keep(
        "talked",
        f"SELECT t.case_no, t.task_no, t.meaning, t.done_on, t.done_at{work(where)}"
        f" WHERE {TALKED} AND {where}",
        part.parameters(),
    )
    count = ledger.row(
        "SELECT count(*) AS n, count(*) FILTER (meaning = 'positive') AS good FROM talked", {}
    )
    best = max(
        (row for row in found if row["n"] >= SMALL), key=lambda r: r["ratio"] or 0, default=None
    )
    return Answer(
        "Q5",
        value,
        "ratio",
        own["n"] if own else count["n"],
        own["interval"] if own else None,
        facts={
            "person": part.person,
            "people": len(ratios),
            "median": middle,
            "best": best["key"] if best else None,
            "best_ratio": best["ratio"] if best else None,
            **({name: own[name] for name in COLUMNS} if own else {}),
        },
        by=by,
        rows=sorted(shown, key=lambda row: (-(row["ratio"] or 0), str(row["key"]))),
        columns=COLUMNS,
        trend=ledger.trend(
            "FROM talked", {}, day="done_on", value="avg((meaning = 'positive')::INT)"
        ),
        places=ledger.places(
            "SELECT case_no, task_no, NULL::DOUBLE AS value FROM talked"
            f" WHERE meaning = 'positive' ORDER BY done_at DESC, task_no LIMIT {LISTED}",
            {},
        ),
        place_count=count["good"],
    )


def _found(ledger: Ledger, whole: Slice, key: str) -> list[Row]:
    rows = ledger.rows(_talks(whole, key), whole.parameters())
    output = {row["key"]: row for row in ledger.rows(_output(whole, key), whole.parameters())}
    earned = {row["key"]: row for row in ledger.rows(_earned(whole, key), whole.parameters())}
    return [
        _row({**row, **output.get(row["key"], {}), **earned.get(row["key"], {})})
        for row in rows
        if row["key"]
    ]


def _talks(part: Slice, key: str) -> str:
    """Talks that ended well, and those expected at the rate of the same step, product, segment.

    The rate is the whole company's, even where one team is looked at.
    """
    company = replace(part, team=None)
    return f"""
        WITH talks AS (
            SELECT {key} AS key, {TEAM.format("t.person")} AS team,
                (t.meaning = 'positive')::INT AS positive,
                avg((t.meaning = 'positive')::INT) OVER (
                    PARTITION BY c.process, t.step, c.product, c.client_kind, c.sector) AS rate
            {WORK} WHERE {TALKED} AND {company.of_work("t.done_on")}
        )
        SELECT key, count(*) AS n, sum(positive) AS positive,
            sum(rate::DECIMAL(18, 12))::DOUBLE AS expected
        FROM talks {"" if part.team is None else "WHERE team = $team"} GROUP BY 1
    """


def _output(part: Slice, key: str) -> str:
    where = part.of_work("t.done_on")
    return f"""
        SELECT {key} AS key, sum(t.minutes) / 60 AS hours,
            count(*) FILTER (t.kind = 'offer') AS offers_made,
            count(*) FILTER (t.kind = 'meeting' AND t.meaning <> 'unreached') AS meetings_held,
            sum(t.std_cost) FILTER (t.minutes IS NOT NULL) / nullif(sum({COST}), 0) AS thrift
        {work(key, where)} WHERE t.status = 'completed' AND {where} GROUP BY 1
    """


def _earned(part: Slice, key: str) -> str:
    """Commission of the cases won, shared between those who sent their offers."""
    return f"""
        WITH letters AS (
            SELECT case_no, count(*) AS n FROM task WHERE kind = 'offer-letter' GROUP BY 1
        ), won AS (
            SELECT o.case_no, sum(o.premium * o.commission_percent / 100) / any_value(l.n)
                AS commission
            FROM offer_line o JOIN case_file f USING (case_no) JOIN letters l USING (case_no)
            WHERE f.ending = 'won' AND o.offer_status <> 'replaced' GROUP BY 1
        )
        SELECT {key} AS key, sum(w.commission) AS won_commission
        {WORK} JOIN won w USING (case_no)
        WHERE t.status = 'completed' AND t.kind = 'offer-letter' AND {part.of_work("t.done_on")}
        GROUP BY 1
    """


def _row(row: Row) -> Row:
    hours = row.get("hours") or 0.0

    def for_hundred(amount: float | None) -> float | None:
        return amount / hours * 100 if amount is not None and hours else None

    expected = float(row["expected"])
    return {
        "key": row["key"],
        "n": row["n"],
        "positive": row["positive"],
        "expected": expected,
        "ratio": row["positive"] / expected if expected else None,
        "interval": ratio_interval(int(row["positive"]), expected),
        "hours": hours,
        "offers": for_hundred(row.get("offers_made")),
        "meetings": for_hundred(row.get("meetings_held")),
        "commission": for_hundred(row.get("won_commission")),
        "thrift": row.get("thrift"),
    }
