"""Steps as arrays: whose they were, from when to when, and which of them are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.questions.step_costs import REWORKED
from broker_crm.analysis.slices import Slice

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]

OF_OTHERS = {"quote": "insurer", "signing": "client"}
"""Kinds of steps that, once begun, wait for somebody outside."""
NONE = -1
"""Code of what is not there: nobody, no lane, a case that is not asked about."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases that ended in the period.

    Attributes:
        starts: office seconds, by code.
        ends: likewise, never before the start.
    """

    starts: Numbers
    ends: Numbers

    @property
    def spans(self) -> Numbers:
        """Office seconds that each took."""
        return self.ends - self.starts

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps that people did while the cases asked about ran, by person and when they ended.

    Attributes:
        asked: whether it is asked about: of these cases, by these people.
        case: code of the case; NONE for those of other cases.
        step: code of the step; NONE likewise.
        person: code of who did or holds it.
        lane: code of the lane of the diagram.
        created: office seconds.
        started: likewise; NaN where nobody noted it.
        done: likewise; now for what is open.
        minutes: seconds of work, as noted or as the standard says; NaN where neither is known:
            then the time since the start counts as work.
        again: whether it is work done over again.
        outside: 1 where it waits for the insurer once begun, 2 for the client, 0 else.
        paused: code of the step in the pauses; NONE without.
        names: keys of the steps by code.
        kinds: kind of each step by code.
        people: logins by code.
        lanes: names by code.
        cases: that are asked about.
        day: office seconds of a working day.
    """

    asked: Flags
    case: Codes
    step: Codes
    person: Codes
    lane: Codes
    created: Numbers
    started: Numbers
    done: Numbers
    minutes: Numbers
    again: Flags
    outside: Codes
    paused: Codes
    names: Sequence[str]
    kinds: Sequence[str]
    people: Sequence[str]
    lanes: Sequence[str]
    cases: Cases
    day: float


def steps_of(ledger: Ledger, part: Slice) -> Steps:
    """The steps of cases that ended in the period, and what their people did meanwhile.

    Args:
        ledger: the columns.
        part: of one process; person, team and step narrow the steps, not the cases.
    """
    values = part.parameters()
    cases = _cases(ledger, part)
    _keep_codes(ledger)
    found = ledger.arrays(
        f"""
        WITH span AS (
            SELECT min(started_s) AS first, max(ended_s) AS last FROM asked_case
        )
        SELECT coalesce(c.code, {NONE}) AS kase, {_asked(part)} AS asked,
            coalesce(s.code, {NONE}) AS step, coalesce(w.code, {NONE}) AS person,
            coalesce(l.code, {NONE}) AS lane,
            coalesce(t.created_s, t.started_s, t.done_s) AS created, t.started_s AS started,
            greatest(coalesce(t.done_s, $now_s), coalesce(t.created_s, t.started_s)) AS done,
            CASE WHEN t.status = 'completed'
              THEN 60 * coalesce(t.minutes, t.std_minutes) ELSE 0 END AS minutes,
            t.loop > 1 AND (coalesce(t.kind, '') = ''
              OR t.kind IN ({", ".join(f"'{kind}'" for kind in REWORKED)})) AS again,
            CASE t.kind WHEN 'quote' THEN 1 WHEN 'signing' THEN 2 ELSE 0 END AS outside,
            coalesce(q.code, {NONE}) AS paused
        FROM task t LEFT JOIN asked_case c USING (case_no) LEFT JOIN asked_step s USING (step)
            LEFT JOIN asked_person w ON w.login = t.person
            LEFT JOIN asked_lane l USING (lane)
            LEFT JOIN asked_pause q USING (task_no) CROSS JOIN span
        WHERE coalesce(t.created_s, t.started_s, t.done_s) <= span.last
            AND coalesce(t.done_s, $now_s) >= span.first
        ORDER BY person, done, t.done_at, created, t.task_no
        """,
        values,
    )
    case = found["kase"].astype(np.int64)
    return Steps(
        asked=found["asked"].astype(bool) & (case != NONE),
        case=case,
        step=np.where(case == NONE, NONE, found["step"].astype(np.int64)),
        person=found["person"].astype(np.int64),
        lane=found["lane"].astype(np.int64),
        created=found["created"],
        started=found["started"],
        done=found["done"],
        minutes=found["minutes"],
        again=found["again"].astype(bool),
        outside=found["outside"].astype(np.int64),
        paused=found["paused"].astype(np.int64),
        names=_listed(ledger, "SELECT step AS key FROM asked_step ORDER BY code"),
        kinds=_listed(ledger, "SELECT kind AS key FROM asked_step ORDER BY code"),
        lanes=_listed(ledger, "SELECT lane AS key FROM asked_lane ORDER BY code"),
        people=_listed(ledger, "SELECT login AS key FROM asked_person ORDER BY code"),
        cases=cases,
        day=ledger.office.day_seconds,
    )


def _cases(ledger: Ledger, part: Slice) -> Cases:
    whole = replace(part, person=None, team=None)
    ledger.keep(
        "asked_case",
        "SELECT c.case_no, row_number() OVER (ORDER BY c.ended_s, c.case_no) - 1 AS code,"
        " c.started_s, c.ended_s, c.process FROM case_file c"
        f""
        f" WHERE c.ended_s IS NOT NULL AND {whole.of_cases('c.ended_on')}",
        part.parameters(),
    )
    rows = ledger.arrays(
        "SELECT started_s, greatest(started_s, ended_s) AS ended_s FROM asked_case ORDER BY code",
        {},
    )
    return Cases(rows["started_s"], rows["ended_s"])


def _keep_codes(ledger: Ledger) -> None:
    ledger.keep(
        "asked_step",
        "SELECT step, kind, row_number() OVER (ORDER BY step) - 1 AS code FROM (SELECT step,"
        " coalesce(any_value(kind), '') AS kind FROM task JOIN asked_case USING (case_no)"
        " GROUP BY 1)",
        {},
    )
    ledger.keep(
        "asked_lane",
        "SELECT lane, row_number() OVER (ORDER BY lane) - 1 AS code"
        " FROM (SELECT DISTINCT lane FROM task WHERE lane IS NOT NULL)",
        {},
    )
    ledger.keep(
        "asked_person",
        "SELECT login, row_number() OVER (ORDER BY login) - 1 AS code"
        " FROM (SELECT DISTINCT person AS login FROM task WHERE person IS NOT NULL)",
        {},
    )
    ledger.keep(
        "asked_pause",
        "SELECT task_no, row_number() OVER (ORDER BY task_no) - 1 AS code"
        " FROM (SELECT DISTINCT task_no FROM pause)",
        {},
    )


def _asked(part: Slice) -> str:
    told = ["TRUE"]
    if part.step is not None:
        told.append("t.step = $step")
    if part.team is not None:
        told.append("t.person IN (SELECT login FROM person WHERE team = $team)")
    if part.person is not None:
        told.append("t.person = $person")
    return " AND ".join(told)


def _listed(ledger: Ledger, statement: str) -> list[Any]:
    return [row["key"] for row in ledger.rows(statement, {})]
