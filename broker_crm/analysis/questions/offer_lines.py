"""The single lines of offers behind the questions about deviations and their economic effect."""

from __future__ import annotations

from broker_crm.analysis.answers import Row
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.questions.deviations import EFFECT, GIFT, LINES, WON, condition
from broker_crm.analysis.slices import Slice

BEHIND = {"Q9": "t.deviates", "Q10": f"t.deviates AND {WON}"}
"""Which lines make the figure of a question: those that deviate, and of them those won."""


def offer_lines(ledger: Ledger, part: Slice, question_id: str, limit: int) -> tuple[list[Row], int]:
    """Lines behind an answer, those that give away or gain most in front, and how many there are.

    Each has the ids of line, offer and case, `offer_version` and `offer_status`, `line_product`,
    `premium`, `std_premium` (EUR a year), `commission_percent`, `std_commission_percent`,
    `premium_deviation` (% below the standard), `commission_deviation` (percentage points below),
    `effect` (EUR of commission a year, positive when given away), `gift` (EUR of premium a year),
    `person` who prepared it, `approver`, and the day `prepared_on`.

    Args:
        ledger: the columns.
        part: as for `deviations`.
        question_id: one of `BEHIND`.
        limit: rows at most.
    """
    rows = ledger.rows(
        f"""
        SELECT t.line_id, t.offer_id, c.case_id, t.offer_version, t.offer_status, t.line_product,
            t.premium, t.std_premium, t.commission_percent, t.std_commission_percent,
            t.premium_deviation, t.commission_deviation, {EFFECT} AS effect, {GIFT} AS gift,
            t.person, t.approver, t.prepared_on, count(*) OVER () AS in_all
        {LINES} {condition(part)} AND {BEHIND[question_id]}
        ORDER BY abs(coalesce(effect, 0)) DESC, t.line_id LIMIT $limit_
        """,
        {**part.parameters(), "limit_": limit},
    )
    in_all = rows[0]["in_all"] if rows else 0
    return [
        {name: value for name, value in row.items() if name != "in_all"} for row in rows
    ], in_all
