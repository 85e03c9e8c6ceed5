"""What a fit stands on: the cases, steps, people and other work of a period, from the ledger."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import numpy as np
from sqlalchemy import select

from broker_crm.analysis.answers import Row
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.questions.results import MONEY
from broker_crm.analysis.simulation.behaviour import Person
from broker_crm.analysis.simulation.traces import Traces, traces
from broker_crm.people.models import Absence

OWN_CASES = 100
"""Closed cases of a version that suffice without those of the versions before it."""
MOST_CASES = 5_000
"""The newest ones tell enough, and are read in seconds."""
TOGETHER = 90.0
"""Seconds between two steps of a person that were done one right after the other."""


@dataclass(frozen=True, slots=True)
class History:
    """The past of a process that a fit stands on.

    Attributes:
        cases: one row each, in the order in which they began.
        begun: when cases of all versions began, with product, VIP and owner.
        steps: done ones.
        events: by case.
        since: office second of the first case.
        until: office second up to which it is known.
        versions: numbers of the versions that it holds.
        others: seconds of work on other processes by person.
        active: logins of people who still work here.
    """

    cases: Sequence[Row]
    begun: Sequence[Row]
    steps: Sequence[Row]
    events: Traces
    since: float
    until: float
    versions: tuple[int, ...]
    others: Mapping[str, float]
    active: frozenset[str]


def history(
    ledger: Ledger, process: str, version: int | None, until: float | None = None
) -> History | None:
    """The past of a version; of all versions when it has too few cases of its own.

    Args:
        ledger: the columns.
        process: key of the process.
        version: number of the version; None for all.
        until: office second after which nothing is known, for a back-test.

    Returns:
        None when not a single case began.
    """
    known = until if until is not None else float(ledger.row("SELECT $now_s AS now", {})["now"])
    told = {"process": process, "version": version, "known": known}
    own = ledger.row(
        "SELECT count(*) AS n FROM case_file WHERE process = $process AND version = $version"
        " AND ended_s <= $known",
        told,
    )["n"]
    which = "c.process = $process AND c.started_s <= $known"
    if version is not None and own >= OWN_CASES:
        which += " AND c.version = $version"
    cases = ledger.rows(
        f"""
        SELECT c.case_id, c.version, c.product, c.vip, c.owner, c.started_s,
            CASE WHEN c.ended_s <= $known THEN c.ended_s END AS ended_s,
            c.ending, c.outcome, m.commission
        FROM case_file c {MONEY} WHERE {which} ORDER BY c.started_s, c.case_id
        """,
        told,
    )
    if not cases:
        return None
    cases = cases[-MOST_CASES:]
    since = float(cases[0]["started_s"])
    told["since"] = since
    steps = ledger.rows(
        f"""
        SELECT c.case_id, t.element, t.person, t.created_s, t.started_s, t.done_s, t.outcome,
            t.loop, t.std_days, t.std_minutes, t.std_cost, t.minutes, t.created_d, t.due_d, t.done_d
        FROM task t JOIN case_file c USING (case_no)
        WHERE {which} AND c.started_s >= $since
          AND t.status = 'completed' AND t.done_s <= $known
        ORDER BY t.done_s, t.task_no
        """,
        told,
    )
    begun = ledger.rows(
        "SELECT product, vip, owner, started_s FROM case_file"
        " WHERE process = $process AND started_s <= $known ORDER BY started_s, case_id",
        told,
    )
    return History(
        cases,
        begun,
        steps,
        traces(ledger, [row["case_id"] for row in cases]),
        since,
        known,
        tuple(sorted({row["version"] for row in cases})),
        _others(ledger, process, since, known),
        frozenset(row["login"] for row in ledger.rows("SELECT login FROM person WHERE active", {})),
    )


def contention(ledger: Ledger, past: History) -> list[float]:
    """Seconds of each step's waiting in which its person did other steps right before it.

    Args:
        ledger: work on all processes counts.
        past: the result is in the order of its steps.
    """
    rows = ledger.rows(
        "SELECT person, started_s, done_s FROM task WHERE status = 'completed'"
        " AND person IS NOT NULL AND done_s <= $known ORDER BY person, done_s",
        {"known": past.until},
    )
    blocks: dict[str, tuple[list[float], list[float]]] = {}
    for row in rows:
        ends, begins = blocks.setdefault(row["person"], ([], []))
        started = _began(row)
        place = int(np.searchsorted(ends, started, side="right")) - 1
        follows = place >= 0 and started - ends[place] <= TOGETHER
        ends.append(float(row["done_s"]))
        begins.append(begins[place] if follows else started)
    found = []
    for step in past.steps:
        started = _began(step)
        ends, begins = blocks.get(step["person"], ([], []))
        place = int(np.searchsorted(ends, started, side="right")) - 1
        if place >= 0 and started - ends[place] <= TOGETHER:
            found.append(max(0.0, started - max(float(step["created_s"]), begins[place])))
        else:
            found.append(0.0)
    return found


def crew(ledger: Ledger, past: History, roles: Mapping[str, str]) -> dict[str, Person]:
    """The people who did the steps.

    Args:
        ledger: knows their absences.
        past: their work.
        roles: element to the group that does it.
    """
    did: dict[str, Counter[str]] = defaultdict(Counter)
    for step in past.steps:
        if step["person"] is not None and step["person"] in past.active:
            did[step["person"]][roles.get(step["element"], "")] += 1
    away = _away(ledger, set(did))
    span = max(1.0, past.until - past.since)
    return {
        login: Person(
            login,
            counts.most_common(1)[0][0],
            min(0.95, past.others.get(login, 0.0) / span),
            tuple(away.get(login, ())),
        )
        for login, counts in sorted(did.items())
    }


def _began(row: Row) -> float:
    started, done = row["started_s"], row["done_s"]
    return float(done if started is None else started)


def _others(ledger: Ledger, process: str, since: float, until: float) -> dict[str, float]:
    rows = ledger.rows(
        """
        SELECT t.person, sum(coalesce(t.minutes * 60, t.done_s - t.started_s, 0)) AS seconds
        FROM task t JOIN case_file c USING (case_no)
        WHERE c.process <> $process AND t.status = 'completed' AND t.person IS NOT NULL
          AND t.done_s BETWEEN $since AND $until GROUP BY 1
        """,
        {"process": process, "since": since, "until": until},
    )
    return {row["person"]: float(row["seconds"]) for row in rows}


def _away(ledger: Ledger, logins: set[str]) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    zone = ledger.office.calendar.zone
    rows = ledger.session.execute(
        select(Absence.login, Absence.first_day, Absence.last_day).order_by(Absence.first_day)
    )
    for login, first, last in rows:
        if login not in logins:
            continue
        ends = (
            datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)
            for day in (first, last + timedelta(days=1))
        )
        since, until = ledger.office.seconds(np.array(list(ends), dtype="datetime64[us]"))
        found[login].append((float(since), float(until)))
    return found
