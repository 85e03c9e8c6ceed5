"""Waiting and its causes once more, in plain Python over single rows: each stretch between two
instants at which anything changes is looked at by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import mean
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.analysis.questions.step_costs import REWORKED
from broker_crm.definitions.published import compiled
from broker_crm.people.models import Absence
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessInstance, TaskPause, UserTask

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
PAUSES = {
    "waiting-for-client": "client",
    "client-absent": "client",
    "waiting-for-insurer": "insurer",
}


class Step:
    """One row with its instants in office seconds."""

    def __init__(self, row: UserTask, kind: str, at: Any, now: datetime) -> None:
        self.row, self.key, self.kind = row, row.step, kind
        self.person = row.completed_by or row.assignee
        self.created = at(row.created_at)
        self.done = max(self.created, at(row.completed_at or now))
        self.began = (
            min(max(at(row.started_at), self.created), self.done) if row.started_at else (self.done)
        )
        self.again = row.loop_number > 1 and (not kind or kind in REWORKED)
        self.outside = {"quote": "insurer", "signing": "client"}.get(kind)
        self.pauses: list[tuple[float, float, str]] = []
        self.work = 0.0

    @property
    def stop(self) -> float:
        return self.done - self.work


class Waiting:
    """All of it for the cases of a process that ended in a period."""

    def __init__(self, session: Session, process: str, start: date, end: date) -> None:
        calendar = company_calendar(session)
        now = clock.now()

        def at(moment: datetime) -> float:
            return calendar.working_seconds(BEGAN, moment)

        kinds: dict[tuple[int, str], str] = {}
        self.steps: list[Step] = []
        for row in session.scalars(select(UserTask)):
            if (row.version_id, row.element_id) not in kinds:
                for element in compiled(session, row.version_id).elements.values():
                    told = element.properties.get("kind", "")
                    kinds[row.version_id, element.id] = told
            kind = kinds.get((row.version_id, row.element_id), "")
            self.steps.append(Step(row, kind, at, now))
        by_id = {step.row.id: step for step in self.steps}
        for pause in session.scalars(select(TaskPause).order_by(TaskPause.from_at)):
            step = by_id[pause.task_id]
            since, until = at(pause.from_at), at(pause.until_at or now)
            since, until = max(since, step.created), min(until, step.done)
            if until > since:
                step.pauses.append((since, until, PAUSES.get(pause.reason, "pause")))
        self.cases = {
            case.id: (at(case.started_at), at(case.ended_at))
            for case in session.scalars(select(ProcessInstance))
            if case.process_key == process
            and case.ended_at is not None
            and start <= calendar.local_day(case.ended_at) <= end
        }
        self.away: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for absence in session.scalars(select(Absence)):
            first = datetime.combine(absence.first_day, time.min, calendar.zone)
            last = datetime.combine(absence.last_day + timedelta(days=1), time.min, calendar.zone)
            self.away[absence.login].append((at(first), at(last)))
        self.works: dict[str, list[Step]] = defaultdict(list)
        self._put_work_in_order(now)

    def _put_work_in_order(self, now: datetime) -> None:
        people: dict[Any, list[Step]] = defaultdict(list)
        for step in self.steps:
            people[step.person].append(step)
        for person, own in people.items():
            free = float("-inf")
            for step in sorted(own, key=lambda each: each.row.completed_at or now):
                if step.row.status != "completed" or person is None:
                    continue
                minutes = step.row.actual_minutes
                if minutes is None:
                    minutes = step.row.standard_minutes
                noted = step.done - step.began if minutes is None else 60 * minutes
                last_pause = max((until for _since, until, _cause in step.pauses), default=-1e18)
                could = max(step.created, last_pause)
                if min(noted, step.done - could) <= 0:
                    continue
                step.work = max(0.0, step.done - max(step.done - noted, could, free))
                free = step.done
                if step.work > 0:
                    self.works[person].append(step)

    def asked(self) -> Iterable[Step]:
        return (step for step in self.steps if step.row.instance_id in self.cases)

    def causes(self, step: Step) -> dict[str, float]:
        """Seconds of waiting of a step by cause."""
        ours = min(step.began, step.stop) if step.outside else step.stop
        edges = {step.created, step.stop, ours}
        others = [other for other in self.works.get(str(step.person), ()) if other is not step]
        for since, until, _cause in step.pauses:
            edges |= {since, until}
        for other in others:
            edges |= {other.stop, other.done}
        for since, until in self.away.get(str(step.person), ()):
            edges |= {since, until}
        found: dict[str, float] = defaultdict(float)
        within = sorted(edge for edge in edges if step.created <= edge <= step.stop)
        for since, until in pairwise(within):
            middle = (since + until) / 2
            found[self._cause(step, middle, ours, others)] += until - since
        return found

    def _cause(self, step: Step, at: float, ours: float, others: list[Step]) -> str:
        for since, until, cause in step.pauses:
            if since <= at < until:
                return cause
        if step.again:
            return "rework"
        if step.person is None:
            return "nobody"
        if at >= ours:
            return str(step.outside)
        for other in others:
            if other.stop <= at < other.done:
                later = other.created > step.created and other.done <= ours
                return "later_first" if later else "busy"
        for since, until in self.away.get(step.person, ()):
            if since <= at < until:
                return "absent"
        return step.outside or "rest"

    def lives(self) -> tuple[dict[Any, dict[str, float]], dict[Any, float]]:
        """Seconds of each case by step, '' for none, on the critical path; and the lives."""
        found: dict[Any, dict[str, float]] = {}
        for case, (began, ended) in self.cases.items():
            own = [step for step in self.steps if step.row.instance_id == case]
            edges = {began, ended}
            for step in own:
                edges |= {min(max(each, began), ended) for each in (step.created, step.done)}
            found[case] = defaultdict(float)
            for since, until in pairwise(sorted(edges)):
                middle = (since + until) / 2
                there = [step for step in own if step.created <= middle < step.done]
                last = min(
                    there, key=lambda each: (-each.done, each.created, each.key), default=None
                )
                found[case][last.key if last else ""] += until - since
        return found, {case: ended - began for case, (began, ended) in self.cases.items()}

    def waited(self, step: Step, on_path: float) -> float:
        """Waiting of a step, as much of it as its part of the critical path."""
        lasted = step.done - step.created
        return (lasted - step.work) * on_path / lasted if lasted > 0 else 0.0


def shares(
    parts: dict[Any, dict[str, float]], lives: dict[Any, float], keys: Iterable[str]
) -> dict[str, tuple[float, float]]:
    """Share of the mean and of the variance by step, the longest hundredth shortened."""
    ordered = sorted(lives.values())
    spot = 0.99 * (len(ordered) - 1)
    low = int(spot)
    high = min(low + 1, len(ordered) - 1)
    longest = ordered[low] + (spot - low) * (ordered[high] - ordered[low])
    cut = {case: min(life, longest) for case, life in lives.items()}
    middle = mean(cut.values())
    whole = sum((each - middle) ** 2 for each in cut.values())
    found = {}
    for key in keys:
        scaled = {
            case: parts[case].get(key, 0.0) * (cut[case] / lives[case] if lives[case] else 1.0)
            for case in lives
        }
        together = sum((cut[case] - middle) * scaled[case] for case in lives)
        found[key] = (
            mean(parts[case].get(key, 0.0) for case in lives) / mean(lives.values()),
            together / whole if whole else 0.0,
        )
    return found
