"""What each step costs the brokerage, EUR a month, in four parts.

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

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from broker_crm.analysis.answers import Row
from broker_crm.analysis.estimates import share, wilson
from broker_crm.analysis.ledger import COST, WORK, Ledger, work
from broker_crm.analysis.questions.results import MONEY
from broker_crm.analysis.slices import DIMENSIONS, Slice

DAYS_OF_MONTH = 365.25 / 12
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
LATE_DAYS = "greatest(0, coalesce(t.done_d, $today_d) - t.due_d)"
EXCESS_COST = f"greatest(0, {COST} - t.std_cost)"
DONE_AGAIN = "t.loop > 1 AND t.kind IN ({})".format(", ".join(f"'{kind}'" for kind in REWORKED))
DAY = "coalesce(t.done_on, t.due_on)"
DELAY = "delay"
LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Prices:
    """What cases and days are worth; periods and teams are compared by the same ones.

    Attributes:
        commission: mean of a won case, EUR, by process.
        fall: by how much the chance of winning falls for a working day of delay.
        chance: share won of the cases that got past a step, by process and step; where it is not
            told, that of the rows themselves.
    """

    commission: Mapping[str, float]
    fall: float
    chance: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def day(self, process: str) -> float:
        """What a working day of delay costs, EUR."""
        return self.fall * self.case(process)

    def case(self, process: str) -> float:
        """What a won case brings, EUR."""
        return self.commission.get(process, 0.0)


def prices(ledger: Ledger, part: Slice) -> Prices:
    """The prices by which a part of the work is judged."""
    rows = ledger.rows(
        f"SELECT c.process, avg(m.commission) AS mean FROM case_file c {MONEY}"
        f" WHERE c.ending = 'won' AND {part.of_case()} GROUP BY 1",
        part.parameters(),
    )
    commission = {row["process"]: row["mean"] or 0.0 for row in rows}
    return Prices(commission, _fall_of_a_day(ledger, part))


def step_costs(
    ledger: Ledger, part: Slice, by_price: Prices, *, months: float, teams: bool = False
) -> list[Row]:
    """Steps with their cost and its parts, the most expensive in front.

    Args:
        ledger: the columns.
        part: the period is that of the day on which steps were done.
        by_price: of cases and days.
        months: of the period.
        teams: tell teams of the people who did the steps apart, in `team`.
    """
    values = part.parameters()
    found = []
    told = _losses(part, teams) if by_price.chance else _ends(part, teams)
    ends = {
        (row["process"], row["step"], row["team"]): {**_NEVER_DECIDED, **row}
        for row in ledger.rows(told, values)
    }
    for row in ledger.rows(_work(part, teams), values):
        process = row["process"]
        end = ends.get((process, row["key"], row["team"]), _NEVER_DECIDED)
        passed_won = share(end["past_won"], end["past"])
        chance = by_price.chance.get((process, row["key"]), passed_won or 0.0)
        parts = {
            LOSS: end["lost"] * chance * by_price.case(process) / months,
            DELAY: (row["excess_days"] or 0) * by_price.day(process) / months,
            "excess": (row["excess_cost"] or 0) / months,
            "rework": (row["rework_cost"] or 0) / months,
        }
        found.append(
            {
                **row,
                **{name: end[name] for name in _NEVER_DECIDED},
                **parts,
                "money": sum(parts.values()),
                "passed_won": passed_won,
                "win_commission": by_price.case(process),
                "interval": wilson(end["past_won"], end["past"]),
            }
        )
    found.sort(key=lambda row: (-row["money"], row["process"], row["key"]))
    return found


def months_of(ledger: Ledger, part: Slice) -> float:
    """How many months the period has, from the first step that was done in it."""
    first: date | None = part.start
    if first is None:
        where = part.of_work("t.done_on")
        told = f"SELECT min(t.done_on) AS day{work(where)} WHERE {where}"
        first = ledger.row(told, part.parameters())["day"]
    first = first or ledger.today
    last: date = min(part.end or ledger.today, ledger.today)
    return max(((last - first).days + 1) / DAYS_OF_MONTH, 1 / DAYS_OF_MONTH)


def _work(part: Slice, teams: bool) -> str:
    where = part.of_work(DAY)
    return f"""
        SELECT t.process, t.step AS key, {_team(teams)} AS team, count(*) AS n,
            any_value(t.element) AS element,
            sum({LATE_DAYS}) AS excess_days,
            sum({EXCESS_COST}) AS excess_cost,
            sum(t.std_cost) FILTER ({DONE_AGAIN}) AS rework_cost,
            avg((coalesce(t.done_d, $today_d) <= t.due_d)::INT)
              FILTER (t.done_d IS NOT NULL OR t.due_d < $today_d) AS time_kept,
            sum({COST}) / nullif(sum(t.std_cost) FILTER (t.minutes IS NOT NULL), 0) AS cost_index
        {work(where)} WHERE t.status <> 'cancelled' AND {where}
        GROUP BY 1, 2, 3
    """


def last_steps(part: Slice) -> str:
    """Steps done in decided cases: whether the case was won, or ended unhappily here."""
    return f"""
        SELECT t.case_no, t.task_no, t.process, t.step, t.person, t.done_at, c.ended_on,
            c.ending = 'won' AS won,
            c.ending <> 'won' AND t.closes AS lost
        {WORK} WHERE t.status = 'completed' AND c.ending IS NOT NULL
          AND c.ending <> 'excluded' AND {part.of_work("c.ended_on")}
    """


def _ends(part: Slice, teams: bool) -> str:
    return f"""
        WITH passes AS (
            SELECT any_value(process) AS process, step, {_team(teams)} AS team,
                bool_or(won) AS won, bool_or(lost) AS lost
            FROM ({last_steps(part)}) t GROUP BY case_no, step, team
        )
        SELECT process, step, team, count(*) AS decided, count(*) FILTER (lost) AS lost,
            count(*) FILTER (NOT lost) AS past, count(*) FILTER (won) AS past_won
        FROM passes GROUP BY 1, 2, 3
    """


def _losses(part: Slice, teams: bool) -> str:
    """As `_ends`, where the chance of winning is known and only losses are to be counted."""
    return f"""
        SELECT process, step, {_team(teams)} AS team, count(*) AS lost
        FROM ({last_steps(part)}) t WHERE lost GROUP BY 1, 2, 3
    """


def _team(apart: bool) -> str:
    return DIMENSIONS["team"] if apart else "NULL::VARCHAR"


def _fall_of_a_day(ledger: Ledger, part: Slice) -> float:
    """By how much the chance of winning falls for each working day late at a step.

    Within steps, because cases that get far have more steps to be late at.
    """
    row = ledger.row(
        f"""
        WITH late AS (
            SELECT t.process, t.step, (c.ending = 'won')::INT AS won,
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
