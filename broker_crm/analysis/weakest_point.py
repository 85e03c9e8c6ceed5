"""Where are the weakest points of the process, and how to mend them?

Each step's cost to the brokerage in EUR a month, in four parts:

- *loss*: cases that ended unhappily after it × share won of those that got past it × mean
  commission of a won case;
- *delay*: working days above the standard × what a day costs, which is how much the chance of
  winning falls for a day of delay in these cases (least squares, never below nothing) × mean
  commission;
- *excess cost*: actual above standard cost, by the hour's price that the standard implies;
- *rework*: standard cost of repetitions other than calls and meetings that reached nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from broker_crm.analysis.answers import LISTED, Answer, Place, Row
from broker_crm.analysis.estimates import cases_needed, share, wilson
from broker_crm.analysis.ledger import WORK, Ledger
from broker_crm.analysis.results import MONEY
from broker_crm.analysis.slices import Slice

DAYS_OF_MONTH = 365.25 / 12
COLUMNS = {
    "money": "eur",
    "loss": "eur",
    "delay": "eur",
    "excess": "eur",
    "rework": "eur",
    "lost": "count",
    "passed_won": "share",
    "time_kept": "share",
    "cost_index": "ratio",
}
RAISE = 0.03
"""By how much a conversion is raised in the what-if."""


def weakest_point(ledger: Ledger, part: Slice, by: str = "step") -> Answer:
    """Steps by the money that they cost a month.

    Args:
        ledger: the columns.
        part: the period is that of the day on which steps were done.
        by: 'step' only.
    """
    rows, facts = _steps(ledger, part)
    worst = rows[0] if rows else None
    places: list[Place] = []
    if worst is not None:
        places = ledger.places(
            f"SELECT case_id, task_id FROM ({_last_steps(part)}) WHERE lost AND step = $step_"
            f" ORDER BY done_s DESC, task_id LIMIT {LISTED}",
            {**part.parameters(), "step_": worst["key"]},
        )
    return Answer(
        "Q13",
        worst["money"] if worst else None,
        "eur",
        worst["n"] if worst else 0,
        facts={**facts, **({} if worst is None else {"step": worst["key"], **_parts(worst)})},
        by=by,
        rows=rows,
        columns=COLUMNS,
        places=places,
        place_count=worst["lost"] if worst else 0,
    )


def improvement(ledger: Ledger, part: Slice, by: str = "step") -> Answer:
    """What mending each of the weakest steps would bring in a quarter.

    Two first answers: a conversion raised by three percentage points, and no day above the
    standard. How many cases a trial of the first would need is told beside it.

    Args:
        ledger: the columns.
        part: as for `weakest_point`.
        by: 'step' only.
    """
    rows, facts = _steps(ledger, part)
    months = float(facts["months"] or 1)
    found = []
    for row in rows:
        onward = row["past"] / row["n"] if row["n"] else 0.0
        possible = row["decided"] and row["lost"]
        gained = row["decided"] * RAISE * (row["passed_won"] or 0) if possible else 0.0
        found.append(
            {
                "key": row["key"],
                "n": row["n"],
                "rate": onward,
                "contracts": gained / months * 3,
                "raise_value": gained * float(facts["commission"] or 0) / months * 3,
                "on_time_value": row["delay"] * 3,
                "needed": cases_needed(onward, min(onward + RAISE, 0.999)) if possible else None,
            }
        )
    found.sort(key=lambda row: -max(row["raise_value"], row["on_time_value"]))
    best = found[0] if found else None
    return Answer(
        "Q14",
        max(best["raise_value"], best["on_time_value"]) if best else None,
        "eur",
        best["n"] if best else 0,
        facts={
            **facts,
            "step": best["key"] if best else None,
            "rate": best["rate"] if best else None,
            "raised": best["rate"] + RAISE if best else None,
            "contracts": best["contracts"] if best else None,
            "raise_value": best["raise_value"] if best else None,
            "on_time_value": best["on_time_value"] if best else None,
            "needed": best["needed"] if best else None,
            "by_time": bool(best and best["on_time_value"] > best["raise_value"]),
        },
        by=by,
        rows=found,
        columns={
            "rate": "share",
            "contracts": "number",
            "raise_value": "eur",
            "on_time_value": "eur",
            "needed": "count",
        },
    )


def _steps(ledger: Ledger, part: Slice) -> tuple[list[Row], Row]:
    values = part.parameters()
    steps = ledger.rows(_work(part), values)
    ends = {row["step"]: row for row in ledger.rows(_ends(part), values)}
    months = _months(ledger, part)
    commission = ledger.row(
        f"SELECT avg(m.commission) AS mean FROM case_file c {MONEY}"
        f" WHERE c.ending = 'won' AND {part.of_case()}",
        values,
    )["mean"]
    day = _cost_of_a_day(ledger, part) * (commission or 0)
    found = []
    for row in steps:
        end = ends.get(row["key"], {"lost": 0, "past": 0, "past_won": 0, "decided": 0})
        passed_won = share(end["past_won"], end["past"])
        parts = {
            "loss": end["lost"] * (passed_won or 0) * (commission or 0) / months,
            "delay": (row["excess_days"] or 0) * day / months,
            "excess": (row["excess_cost"] or 0) / months,
            "rework": (row["rework_cost"] or 0) / months,
        }
        found.append(
            {
                **row,
                **end,
                **parts,
                "money": sum(parts.values()),
                "passed_won": passed_won,
                "interval": wilson(end["past_won"], end["past"]),
            }
        )
    found.sort(key=lambda row: -row["money"])
    return found, {"months": months, "commission": commission, "day": day}


def _work(part: Slice) -> str:
    cost = "t.minutes * t.std_cost / nullif(t.std_minutes, 0)"
    return f"""
        SELECT t.step AS key, count(*) AS n, any_value(t.element) AS element,
            sum(greatest(0, coalesce(t.done_d, $today_d) - t.due_d)) AS excess_days,
            sum(greatest(0, {cost} - t.std_cost)) AS excess_cost,
            sum(t.std_cost) FILTER (t.loop > 1
              AND t.kind NOT IN ('call', 'meeting', 'negotiation', 'letter')) AS rework_cost,
            avg((coalesce(t.done_d, $today_d) <= t.due_d)::INT) AS time_kept,
            sum({cost}) / nullif(sum(t.std_cost) FILTER (t.minutes IS NOT NULL), 0) AS cost_index
        {WORK} WHERE t.status <> 'cancelled' AND {part.of_work("coalesce(t.done_on, t.due_on)")}
        GROUP BY 1
    """


def _last_steps(part: Slice) -> str:
    """Steps done in decided cases: whether the case was won, and whether it ended unhappily here."""
    return f"""
        SELECT t.case_id, t.task_id, t.step, t.done_s, c.ending = 'won' AS won,
            c.ending <> 'won' AND row_number() OVER (
                PARTITION BY t.case_id ORDER BY t.done_s DESC, t.task_id) = 1 AS lost
        {WORK} WHERE t.status = 'completed' AND c.ending IS NOT NULL AND c.ending <> 'excluded'
          AND {part.of_work("c.ended_on")}
    """


def _ends(part: Slice) -> str:
    return f"""
        WITH passes AS (
            SELECT case_id, step, bool_or(won) AS won, bool_or(lost) AS lost
            FROM ({_last_steps(part)}) GROUP BY 1, 2
        )
        SELECT step, count(*) AS decided, count(*) FILTER (lost) AS lost,
            count(*) FILTER (NOT lost) AS past, count(*) FILTER (won) AS past_won
        FROM passes GROUP BY 1
    """


def _months(ledger: Ledger, part: Slice) -> float:
    span = ledger.row(
        f"SELECT min(t.done_on) AS first, max(t.done_on) AS last{WORK}"
        f" WHERE {part.of_work('t.done_on')}",
        part.parameters(),
    )
    first: date = part.start or span["first"] or ledger.today
    last: date = min(part.end or ledger.today, ledger.today)
    return max(((last - first).days + 1) / DAYS_OF_MONTH, 1 / DAYS_OF_MONTH)


def _cost_of_a_day(ledger: Ledger, part: Slice) -> float:
    """By how much the chance of winning falls for each working day late in the case."""
    rows = ledger.rows(
        f"SELECT any_value(c.ending = 'won')::INT AS won,"
        f" sum(greatest(0, t.done_d - t.due_d)) AS late{WORK}"
        " WHERE t.done_d IS NOT NULL AND t.due_d IS NOT NULL AND c.ending IS NOT NULL"
        f" AND c.ending <> 'excluded' AND {replace(part, person=None).of_work('c.ended_on')}"
        " GROUP BY t.case_id",
        part.parameters(),
    )
    if len(rows) < 30:
        return 0.0
    late = np.array([row["late"] for row in rows], dtype=float)
    won = np.array([row["won"] for row in rows], dtype=float)
    late = np.minimum(late, np.quantile(late, 0.99))
    spread = float(np.var(late))
    if spread == 0:
        return 0.0
    slope = float(np.cov(late, won, bias=True)[0, 1]) / spread
    return max(0.0, -slope)


def _parts(row: Row) -> Row:
    return {name: row[name] for name in ("money", "loss", "delay", "excess", "rework", "lost")}
