"""What one step costs by month, and which single steps make that cost."""

from __future__ import annotations

from broker_crm.analysis.answers import Point, Row
from broker_crm.analysis.ledger import Ledger, work
from broker_crm.analysis.questions.step_costs import (
    DAY,
    DELAY,
    DONE_AGAIN,
    EXCESS_COST,
    LATE_DAYS,
    LOSS,
    Prices,
    last_steps,
)
from broker_crm.analysis.slices import Slice


def cost_trend(
    ledger: Ledger, part: Slice, by_price: Prices, step: Row, *, only: str | None = None
) -> list[Point]:
    """What one step cost in each month, EUR; a case is lost in the month in which it ended.

    Args:
        ledger: the columns.
        part: of the work.
        by_price: of cases and days.
        step: a row of `step_costs`.
        only: `LOSS` or `DELAY` alone; all four parts by default.
    """
    lost = f"""
        SELECT ended_on AS day, CASE WHEN lost THEN $of_case_ ELSE 0 END AS value,
            {int(only == LOSS)} AS counted
        FROM ({last_steps(part)}) WHERE step = $step_ AND process = $process_"""
    late = f"coalesce({LATE_DAYS}, 0) * $of_day_"
    again = f"CASE WHEN {DONE_AGAIN} THEN coalesce(t.std_cost, 0) ELSE 0 END"
    cost = late if only == DELAY else f"{late} + coalesce({EXCESS_COST}, 0) + {again}"
    done = f"SELECT {DAY} AS day, {cost} AS value, 1 AS counted {of_step(part)}"
    rows = [each for name, each in ((LOSS, lost), (DELAY, done)) if only in (None, name)]
    return ledger.trend(
        f"FROM ({' UNION ALL '.join(rows)})",
        {**part.parameters(), **of_one(step, by_price)},
        day="day",
        value="sum(value)",
        n="sum(counted)::INT",
    )


def of_step(part: Slice) -> str:
    """Steps `t` of one kind, those that count for delay and cost."""
    where = part.of_work(DAY)
    return (
        f"{work(where)} WHERE t.status <> 'cancelled' AND {where}"
        " AND t.step = $step_ AND t.process = $process_"
    )


def of_one(step: Row, by_price: Prices) -> Row:
    """Parameters that tell of one step: what a case lost here and a day of delay cost."""
    return {
        "step_": step["key"],
        "process_": step["process"],
        "of_case_": (step["passed_won"] or 0.0) * by_price.case(step["process"]),
        "of_day_": by_price.day(step["process"]),
    }
