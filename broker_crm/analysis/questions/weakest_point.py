"""Where are the weakest points of the process, and how to mend them?

Each step's cost to the brokerage in EUR a month, in four parts:

- *loss*: cases that ended unhappily after it × share won of those that got past it × mean
  commission of a won case;
- *delay*: working days above the standard × what a day costs, which is by how much the chance of
  winning falls for a day of delay at the same step of these cases (least squares within steps,
  never below nothing) × mean commission;
- *excess cost*: actual above standard cost, by the hour's price that the standard implies;
- *rework*: standard cost of letters, documents and approvals that were done over again.

Each process is judged by its own money.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from broker_crm.analysis.answers import LISTED, Answer, Place, Row
from broker_crm.analysis.estimates import cases_needed, share, wilson
from broker_crm.analysis.ledger import COST, WORK, Ledger
from broker_crm.analysis.questions.results import MONEY
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
REWORKED = (
    "offer",
    "offer-approval",
    "offer-letter",
    "contract",
    "contract-approval",
    "contract-letter",
    "signing",
)
"""Kinds of steps whose repetition is work done over again, not another try."""
MOST_LATE = 10
"""Working days; what is later counts as this, so that a few forgotten steps don't decide."""
LEAST = 30
"""Steps of which the price of a day can be told."""
_NEVER_DECIDED = {"decided": 0, "lost": 0, "past": 0, "past_won": 0}
RAISE = 0.03
"""By how much a conversion is raised in the what-if."""


def weakest_point(ledger: Ledger, part: Slice, by: str = "step") -> Answer:
    """Steps by the money that they cost a month.

    Args:
        ledger: the columns.
        part: the period is that of the day on which steps were done.
        by: 'step' only.
    """
    rows, facts = costs(ledger, part)
    worst = rows[0] if rows else None
    places: list[Place] = []
    if worst is not None:
        places = ledger.places(
            "SELECT case_no, task_no, NULL::DOUBLE AS value"
            f" FROM ({_last_steps(part)}) WHERE lost AND step = $step_ AND process = $process_"
            f" ORDER BY done_at DESC, task_no LIMIT {LISTED}",
            {**part.parameters(), "step_": worst["key"], "process_": worst["process"]},
        )
    return Answer(
        "Q13",
        worst["money"] if worst else None,
        "eur",
        worst["n"] if worst else 0,
        facts={**facts, **({} if worst is None else _parts(worst))},
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
    rows, facts = costs(ledger, part)
    months = float(facts["months"] or 1)
    found = []
    for row in rows:
        onward = row["past"] / row["decided"] if row["decided"] else 0.0
        possible = row["decided"] and row["lost"]
        raised = min(1.0, onward + RAISE)
        gained = row["decided"] * (raised - onward) * (row["passed_won"] or 0) if possible else 0.0
        found.append(
            {
                "key": row["key"],
                "process": row["process"],
                "n": row["decided"],
                "rate": onward,
                "raised": raised,
                "contracts": gained / months * 3,
                "raise_value": gained * row["win_commission"] / months * 3,
                "on_time_value": row["delay"] * 3,
                "needed": cases_needed(onward, raised) if possible else None,
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
            "process": best["process"] if best else None,
            "rate": best["rate"] if best else None,
            "raised": best["raised"] if best else None,
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


def costs(ledger: Ledger, part: Slice) -> tuple[list[Row], Row]:
    """What each step costs a month in its four parts, and the months and the fall of a day.

    Args:
        ledger: the columns.
        part: as for `weakest_point`.
    """
    values = part.parameters()
    steps = ledger.rows(_work(part), values)
    ends = {(row["process"], row["step"]): row for row in ledger.rows(_ends(part), values)}
    months = _months(ledger, part)
    money = {
        row["process"]: row["mean"] or 0.0
        for row in ledger.rows(
            f"SELECT c.process, avg(m.commission) AS mean FROM case_file c {MONEY}"
            f" WHERE c.ending = 'won' AND {part.of_case()} GROUP BY 1",
            values,
        )
    }
    fall = _fall_of_a_day(ledger, part)
    found = []
    for row in steps:
        end = ends.get((row["process"], row["key"]), _NEVER_DECIDED)
        commission = money.get(row["process"], 0.0)
        day = fall * commission
        passed_won = share(end["past_won"], end["past"])
        parts = {
            "loss": end["lost"] * (passed_won or 0) * commission / months,
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
                "win_commission": commission,
                "interval": wilson(end["past_won"], end["past"]),
            }
        )
    found.sort(key=lambda row: -row["money"])
    return found, {"months": months, "fall": fall}


def _work(part: Slice) -> str:
    return f"""
        SELECT c.process, t.step AS key, count(*) AS n, any_value(t.element) AS element,
            sum(greatest(0, coalesce(t.done_d, $today_d) - t.due_d)) AS excess_days,
            sum(greatest(0, {COST} - t.std_cost)) AS excess_cost,
            sum(t.std_cost) FILTER (t.loop > 1
              AND t.kind IN ({", ".join(f"'{kind}'" for kind in REWORKED)})) AS rework_cost,
            avg((coalesce(t.done_d, $today_d) <= t.due_d)::INT) AS time_kept,
            sum({COST}) / nullif(sum(t.std_cost) FILTER (t.minutes IS NOT NULL), 0) AS cost_index
        {WORK} WHERE t.status <> 'cancelled' AND {part.of_work("coalesce(t.done_on, t.due_on)")}
        GROUP BY 1, 2
    """


def _last_steps(part: Slice) -> str:
    """Steps done in decided cases: whether the case was won, or ended unhappily here."""
    return f"""
        SELECT t.case_no, t.task_no, c.process, t.step, t.done_at, c.ending = 'won' AS won,
            c.ending <> 'won' AND t.closes AS lost
        {WORK} WHERE t.status = 'completed' AND c.ending IS NOT NULL
          AND c.ending <> 'excluded' AND {part.of_work("c.ended_on")}
    """


def _ends(part: Slice) -> str:
    return f"""
        WITH passes AS (
            SELECT any_value(process) AS process, step, bool_or(won) AS won, bool_or(lost) AS lost
            FROM ({_last_steps(part)}) GROUP BY case_no, step
        )
        SELECT process, step, count(*) AS decided, count(*) FILTER (lost) AS lost,
            count(*) FILTER (NOT lost) AS past, count(*) FILTER (won) AS past_won
        FROM passes GROUP BY 1, 2
    """


def _months(ledger: Ledger, part: Slice) -> float:
    first: date | None = part.start
    if first is None:
        of_done = f"{WORK} WHERE {part.of_work('t.done_on')}"
        first = ledger.row(f"SELECT min(t.done_on) AS day{of_done}", part.parameters())["day"]
    first = first or ledger.today
    last: date = min(part.end or ledger.today, ledger.today)
    return max(((last - first).days + 1) / DAYS_OF_MONTH, 1 / DAYS_OF_MONTH)


def _fall_of_a_day(ledger: Ledger, part: Slice) -> float:
    """By how much the chance of winning falls for each working day late at a step.

    Within steps, because cases that get far have more steps to be late at.
    """
    row = ledger.row(
        f"""
        WITH late AS (
            SELECT c.process, t.step, (c.ending = 'won')::INT AS won,
                least({MOST_LATE}, greatest(0, t.done_d - t.due_d)) AS days
            {WORK} WHERE t.done_d IS NOT NULL AND t.due_d IS NOT NULL AND c.ending IS NOT NULL
              AND c.ending <> 'excluded' AND {replace(part, person=None).of_work("c.ended_on")}
        ), within AS (
            SELECT count(*) AS n, covar_pop(won, days) AS together, var_pop(days) AS spread
            FROM late GROUP BY process, step
        )
        SELECT sum(n * together) AS together, sum(n * spread) AS spread, sum(n) AS n FROM within
        """,
        part.parameters(),
    )
    if not row["spread"] or row["n"] < LEAST:
        return 0.0
    return max(0.0, -float(row["together"]) / float(row["spread"]))


def _parts(row: Row) -> Row:
    names = ("process", "money", "loss", "delay", "excess", "rework", "lost", "decided")
    return {"step": row["key"], **{name: row[name] for name in names}}
