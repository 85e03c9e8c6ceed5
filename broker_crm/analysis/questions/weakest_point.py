"""Where are the weakest points of the process?

The step that costs most, see `step_costs`, beside what it cost in the last whole quarter and what
another team would have made of as many steps. Both are judged by the same prices of cases and days
and the same chance of winning what was lost, so that only what people did differs. Without a choice
the other team is the one for whom the weakest step costs least; for a person it is the own team.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from broker_crm.analysis.answers import LISTED, Answer, Place, Row
from broker_crm.analysis.estimates import SMALL
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.questions.cost_of_step import cost_trend
from broker_crm.analysis.questions.step_costs import (
    Prices,
    last_steps,
    months_of,
    prices,
    step_costs,
)
from broker_crm.analysis.slices import Slice

COLUMNS = {
    "money": "eur",
    "last_quarter": "eur",
    "other_team": "eur",
    "loss": "eur",
    "delay": "eur",
    "excess": "eur",
    "rework": "eur",
    "lost": "count",
    "passed_won": "share",
    "time_kept": "share",
    "cost_index": "ratio",
}
Key = tuple[str, str]
"""Process and step."""


def weakest_point(ledger: Ledger, part: Slice, by: str = "step") -> Answer:
    """Steps by the money that they cost a month, compared with the last quarter and another team.

    Args:
        ledger: the columns.
        part: the period is that of the day on which steps were done; `against` chooses the team to
            compare with.
        by: 'step' only.
    """
    months, by_price = months_of(ledger, part), prices(ledger, part)
    rows = step_costs(ledger, part, by_price, months=months)
    facts: Row = {"months": months, "fall": by_price.fall}
    if not rows:
        return Answer("Q13", None, "eur", 0, facts=facts, by=by, columns=COLUMNS)
    worst = rows[0]
    by_price = replace(by_price, chance={_key(row): row["passed_won"] or 0.0 for row in rows})
    quarter = last_quarter(min(part.end or ledger.today, ledger.today))
    before = _of_quarter(ledger, part, by_price, quarter)
    team, others = _of_team(ledger, part, by_price, months, _key(worst))
    for row in rows:
        own = before.get(_key(row))
        row["last_quarter"] = own["money"] if own else None
        row["other_team"] = _as_many(others.get(_key(row)), row)
    return Answer(
        "Q13",
        worst["money"],
        "eur",
        worst["n"],
        facts={
            **facts,
            **_parts(worst),
            "quarter_from": quarter[0].isoformat(),
            "quarter_to": quarter[1].isoformat(),
            "quarter_money": worst["last_quarter"],
            "quarter_n": before[_key(worst)]["n"] if _key(worst) in before else 0,
            "other_team": team,
            "other_money": worst["other_team"],
            "other_n": others[_key(worst)]["n"] if _key(worst) in others else 0,
        },
        by=by,
        rows=rows,
        columns=COLUMNS,
        trend=cost_trend(ledger, part, by_price, worst),
        places=_lost_at(ledger, part, worst),
        place_count=worst["lost"],
    )


def last_quarter(day: date) -> tuple[date, date]:
    """First and last day of the calendar quarter before that of a day."""
    last = day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1) - timedelta(days=1)
    return last.replace(month=last.month - 2, day=1), last


def _of_quarter(
    ledger: Ledger, part: Slice, by_price: Prices, quarter: tuple[date, date]
) -> dict[Key, Row]:
    then = replace(part, start=quarter[0], end=quarter[1])
    rows = step_costs(ledger, then, by_price, months=months_of(ledger, then))
    return {_key(row): row for row in rows}


def _of_team(
    ledger: Ledger, part: Slice, by_price: Prices, months: float, worst: Key
) -> tuple[str | None, dict[Key, Row]]:
    """The team to compare with, and its steps; None where there is no other."""
    wanted, own = part.against, part.team
    if wanted is None and part.person is not None:
        found = ledger.rows("SELECT team FROM person WHERE login = $person", part.parameters())
        wanted = found[0]["team"] if found else None
        if wanted is None:
            return None, {}
    whole = replace(part, person=None, team=wanted)
    teams: dict[str, dict[Key, Row]] = {}
    for row in step_costs(ledger, whole, by_price, months=months, teams=True):
        if row["team"] is not None and (row["team"] != own or wanted is not None):
            teams.setdefault(row["team"], {})[_key(row)] = row
    if wanted is not None:
        return wanted, teams.get(wanted, {})
    known = {
        team: steps[worst]["money"] / steps[worst]["n"]
        for team, steps in teams.items()
        if worst in steps and steps[worst]["n"] >= SMALL
    }
    if not known or (own is None and len(known) < 2):
        return None, {}
    best = min(known, key=lambda team: (known[team], team))
    return best, teams[best]


def _as_many(other: Row | None, row: Row) -> float | None:
    """What another team's cost would be with as many steps as these."""
    return None if other is None else float(other["money"] / other["n"] * row["n"])


def _lost_at(ledger: Ledger, part: Slice, step: Row) -> list[Place]:
    return ledger.places(
        "SELECT case_no, task_no, NULL::DOUBLE AS value"
        f" FROM ({last_steps(part)}) WHERE lost AND step = $step_ AND process = $process_"
        f" ORDER BY done_at DESC, task_no LIMIT {LISTED}",
        {**part.parameters(), "step_": step["key"], "process_": step["process"]},
    )


def _key(row: Row) -> Key:
    return row["process"], row["key"]


def _parts(row: Row) -> Row:
    names = ("process", "money", "loss", "delay", "excess", "rework", "lost", "decided")
    return {"step": row["key"], **{name: row[name] for name in names}}
