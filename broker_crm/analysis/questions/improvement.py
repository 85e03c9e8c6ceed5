"""How can the process be improved?

Two first answers for each of the steps that cost most, see `step_costs`: a conversion raised by
three percentage points, and no day above the standard. Behind the best one lie the steps that make
its loss: those after which a case was lost, or those that were late.
"""

from __future__ import annotations

from broker_crm.analysis.answers import LISTED, Answer, Place, Row
from broker_crm.analysis.estimates import cases_needed
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.questions.cost_of_step import cost_trend, of_one, of_step
from broker_crm.analysis.questions.step_costs import (
    DELAY,
    LATE_DAYS,
    LOSS,
    Prices,
    last_steps,
    months_of,
    prices,
    step_costs,
)
from broker_crm.analysis.slices import Slice

RAISE = 0.03
"""By how much a conversion is raised in the what-if."""
COLUMNS = {
    "rate": "share",
    "contracts": "number",
    "raise_value": "eur",
    "on_time_value": "eur",
    "needed": "count",
}
TOLD = (
    "process",
    "rate",
    "raised",
    "contracts",
    "raise_value",
    "on_time_value",
    "needed",
)
"""What is told of the best step."""


def improvement(ledger: Ledger, part: Slice, by: str = "step") -> Answer:
    """What mending each of the weakest steps would bring in a quarter.

    How many cases a trial of a raised conversion would need is told beside it.

    Args:
        ledger: the columns.
        part: as for `weakest_point`.
        by: 'step' only.
    """
    months, by_price = months_of(ledger, part), prices(ledger, part)
    steps = step_costs(ledger, part, by_price, months=months)
    rows = [_mended(step, months) for step in steps]
    order = sorted(range(len(rows)), key=lambda place: -_value(rows[place]))
    best = rows[order[0]] if order else None
    facts: Row = {"months": months, "fall": by_price.fall, "by_time": False}
    facts |= {"step": None, **dict.fromkeys(TOLD)}
    if best is None:
        return Answer("Q14", None, "eur", 0, facts=facts, by=by, columns=COLUMNS)
    by_time = best["on_time_value"] > best["raise_value"]
    step = steps[order[0]]
    return Answer(
        "Q14",
        _value(best),
        "eur",
        best["n"],
        facts={
            **facts,
            "step": best["key"],
            **{name: best[name] for name in TOLD},
            "by_time": by_time,
        },
        by=by,
        rows=[rows[place] for place in order],
        columns=COLUMNS,
        trend=cost_trend(ledger, part, by_price, step, only=DELAY if by_time else LOSS),
        places=_making_the_loss(ledger, part, by_price, step, by_time),
        place_count=_late(ledger, part, by_price, step) if by_time else step["lost"],
    )


def _mended(step: Row, months: float) -> Row:
    onward = step["past"] / step["decided"] if step["decided"] else 0.0
    possible = step["decided"] and step["lost"]
    raised = min(1.0, onward + RAISE)
    gained = step["decided"] * (raised - onward) * (step["passed_won"] or 0) if possible else 0.0
    return {
        "key": step["key"],
        "process": step["process"],
        "element": step["element"],
        "n": step["decided"],
        "rate": onward,
        "raised": raised,
        "contracts": gained / months * 3,
        "raise_value": gained * step["win_commission"] / months * 3,
        "on_time_value": step["delay"] * 3,
        "needed": cases_needed(onward, raised) if possible else None,
    }


def _value(row: Row) -> float:
    return float(max(row["raise_value"], row["on_time_value"]))


def _making_the_loss(
    ledger: Ledger, part: Slice, by_price: Prices, step: Row, by_time: bool
) -> list[Place]:
    """Steps that make the loss, the dearest or newest in front, each with its EUR."""
    lost = (
        f"SELECT case_no, task_no, $of_case_::DOUBLE AS value FROM ({last_steps(part)})"
        " WHERE lost AND step = $step_ AND process = $process_"
        " ORDER BY done_at DESC, task_no"
    )
    late = (
        f"SELECT t.case_no, t.task_no, {LATE_DAYS} * $of_day_ AS value {of_step(part)}"
        f" AND {LATE_DAYS} > 0 ORDER BY value DESC, t.task_no"
    )
    return ledger.places(
        f"{late if by_time else lost} LIMIT {LISTED}",
        {**part.parameters(), **of_one(step, by_price)},
    )


def _late(ledger: Ledger, part: Slice, by_price: Prices, step: Row) -> int:
    row = ledger.row(
        f"SELECT count(*) AS n {of_step(part)} AND {LATE_DAYS} > 0",
        {**part.parameters(), **of_one(step, by_price)},
    )
    return int(row["n"])
