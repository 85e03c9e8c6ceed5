"""What is the workload of a salesperson, and of the average one?

Load of a week: standard minutes of open steps due in it, by the minutes that the person has: office
time on the company calendar less absences and meetings, day by day from today on: a meeting on a
Saturday or while away takes nothing from other days. What is overdue falls on this week. The
average salesperson is the median of those who are active.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from statistics import median

from broker_crm.analysis.answers import LISTED, Answer, Row
from broker_crm.analysis.ledger import Ledger, work
from broker_crm.analysis.slices import Slice
from broker_crm.process.available_time import Week, available_minutes

WEEKS = 5
"""This week and the four that follow."""
COLUMNS = {
    "overdue": "count",
    "load": "load",
    "minutes": "minutes",
    "available": "minutes",
    **{f"load_{week}": "load" for week in range(1, WEEKS)},
    "age": "days",
}


def workload(ledger: Ledger, part: Slice, by: str = "person") -> Answer:
    """Load of this week and the next ones, by person.

    Args:
        ledger: the columns, absences and meetings.
        part: the period does not count: load is of now.
        by: 'person' only.
    """
    monday = ledger.today - timedelta(days=ledger.today.weekday())
    weeks = [Week(monday + timedelta(weeks=each)) for each in range(WEEKS)]
    present = replace(part, start=None, end=None)
    where = present.of_work("t.due_on")
    open_steps = f"{work(where)} WHERE t.status = 'open' AND {where}"
    rows = ledger.rows(
        "SELECT t.person AS key, count(*) AS n,"
        " count(*) FILTER (t.due_d < $today_d) AS overdue,"
        " avg($today_d - t.created_d) AS age,"
        " coalesce(sum(t.std_minutes) FILTER (t.due_on <= $w0), 0) AS minutes_0,"
        + ",".join(
            f" coalesce(sum(t.std_minutes) FILTER (t.due_on > $w{week - 1}"
            f" AND t.due_on <= $w{week}), 0) AS minutes_{week}"
            for week in range(1, WEEKS)
        )
        + f"{open_steps} AND t.person IS NOT NULL GROUP BY 1",
        {**present.parameters(), **{f"w{place}": week.last for place, week in enumerate(weeks)}},
    )
    by_person = {row["key"]: row for row in rows}
    for person in _salespeople(ledger, present):
        by_person.setdefault(person, _nothing(person))
    free = available_minutes(
        ledger.session, ledger.office.calendar, list(by_person), weeks, ledger.now
    )
    found = [_row(row, free[person]) for person, row in by_person.items()]
    selling = set(_salespeople(ledger, present))
    loads = [row["load"] for row in found if row["key"] in selling and row["load"] is not None]
    everybody = _everybody(ledger, part, found, loads)
    queue = ledger.row(
        f"SELECT count(*) AS n{open_steps} AND t.person IS NULL", present.parameters()
    )
    own = next((row for row in found if row["key"] == part.person), None)
    return Answer(
        "Q4",
        own["load"] if own else (median(loads) if loads else None),
        "load",
        own["n"] if own else sum(row["n"] for row in found),
        facts={
            "person": part.person,
            "people": len(loads),
            "median": everybody,
            "overdue": sum(row["overdue"] for row in found),
            "open": sum(row["n"] for row in found),
            "above": sum(load > 1 for load in loads),
            "queue": queue["n"],
        },
        by=by,
        rows=sorted(found, key=lambda row: (-(row["load"] or 0), row["key"])),
        columns=COLUMNS,
        places=ledger.places(
            f"SELECT t.case_no, t.task_no, $today_d - t.due_d AS value{open_steps}"
            f" ORDER BY t.due_d, t.task_no LIMIT {LISTED}",
            present.parameters(),
        ),
        place_count=sum(row["n"] for row in found) + queue["n"],
    )


def _salespeople(ledger: Ledger, part: Slice) -> list[str]:
    team = " AND p.team = $team" if part.team else ""
    person = " AND p.login = $person" if part.person else ""
    rows = ledger.rows(
        f"SELECT p.login FROM person p WHERE p.active AND p.sells{team}{person}", part.parameters()
    )
    return [row["login"] for row in rows]


def _everybody(ledger: Ledger, part: Slice, rows: list[Row], loads: list[float]) -> float | None:
    if part.person is None:
        return median(loads) if loads else None
    answer = workload(ledger, part.everybody())
    return answer.value


def _nothing(person: str) -> Row:
    empty = {f"minutes_{week}": 0.0 for week in range(WEEKS)}
    return {"key": person, "n": 0, "overdue": 0, "age": None, **empty}


def _row(row: Row, available: list[float]) -> Row:
    return {
        "key": row["key"],
        "n": row["n"],
        "overdue": row["overdue"],
        "age": row["age"],
        "minutes": row["minutes_0"],
        "available": available[0],
        "load": _load(row["minutes_0"], available[0]),
        **{
            f"load_{week}": _load(row[f"minutes_{week}"], available[week])
            for week in range(1, WEEKS)
        },
    }


def _load(minutes: float, available: float) -> float | None:
    """None while there is work and no time for it at all."""
    if available:
        return minutes / available
    return None if minutes else 0.0
