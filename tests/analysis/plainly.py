"""The managers' figures once more, in plain Python over single rows: slow, and nothing shared with
the product but the calendar's day-by-day functions."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import mean
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import Offer, Product
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask

POSITIVE = {
    "first-call": {"interested"},
    "meeting": {"interested-further"},
    "offer-call": {"accepts", "negotiate"},
    "negotiation": {"agreed"},
}
UNREACHED = {"no-answer", "no-show"}
WON = {"signed"}
EXCLUDED = {"not-permitted"}


@dataclass
class Books:
    """Everything read once."""

    session: Session
    start: date
    end: date
    keep: Callable[[ProcessInstance], bool] = lambda _case: True
    cases: dict[Any, ProcessInstance] = field(init=False)
    steps: list[UserTask] = field(init=False)

    def __post_init__(self) -> None:
        self.calendar = company_calendar(self.session)
        self.now = clock.now()
        self.cases = {
            each.id: each
            for each in self.session.scalars(select(ProcessInstance))
            if self.keep(each)
        }
        self.steps = [
            each
            for each in self.session.scalars(select(UserTask).order_by(UserTask.created_at))
            if each.instance_id in self.cases and each.status != "cancelled"
        ]
        self.moves: dict[Any, list[ProcessEvent]] = defaultdict(list)
        moved = select(ProcessEvent).where(ProcessEvent.kind == "task-reassigned")
        for event in self.session.scalars(moved.order_by(ProcessEvent.id)):
            self.moves[event.task_id].append(event)

    def within(self, at: datetime | None) -> bool:
        return at is not None and self.start <= self.calendar.local_day(at) <= self.end

    def days(self, since: datetime, until: datetime) -> int:
        """Working days in (since, until], counted one by one."""
        return self.calendar.working_days_between(
            self.calendar.local_day(since), self.calendar.local_day(until)
        )

    def lateness(self) -> dict[str | None, list[int]]:
        """Working days late of each due step, by each who held it."""
        found: dict[str | None, list[int]] = defaultdict(list)
        for step in self.steps:
            ended = step.completed_at or self.now
            due = step.due_at
            if due is None or not self.within(due):
                continue
            if step.completed_at is None and self.days(due, self.now) <= 0:
                continue
            for person, since, until in self._holders(step, ended):
                late = self.days(max(due, since, key=self._day), min(ended, until, key=self._day))
                found[person].append(max(0, late))
        return found

    def _day(self, at: datetime) -> date:
        return self.calendar.local_day(at)

    def _holders(
        self, step: UserTask, ended: datetime
    ) -> Iterable[tuple[str | None, datetime, datetime]]:
        moves = self.moves.get(step.id, [])
        if not moves:
            return [(step.completed_by or step.assignee, step.created_at, ended)]
        stints: dict[str | None, list[tuple[datetime, datetime]]] = defaultdict(list)
        since, holder = step.created_at, moves[0].value["from"]
        for move in moves:
            stints[holder].append((since, move.at))
            since, holder = move.at, move.value["to"]
        stints[holder].append((since, ended))
        return [
            (person, own[0][0], own[-1][1])
            for person, own in stints.items()
            if len(own) == 1 or self._joined(own)
        ]

    @staticmethod
    def _joined(own: list[tuple[datetime, datetime]]) -> bool:
        return all(one[1] == other[0] for one, other in itertools.pairwise(own))

    def interest(self) -> dict[str, tuple[int, int, int]]:
        """Attempts, conversations and interested by step."""
        found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for step in self.steps:
            if step.step not in ("first-call", "meeting", "offer-call"):
                continue
            if not self.within(step.completed_at) or step.outcome is None:
                continue
            count = found[step.step]
            count[0] += 1
            count[1] += step.outcome not in UNREACHED
            count[2] += step.outcome in POSITIVE[step.step]
        return {key: (one, two, three) for key, (one, two, three) in found.items()}

    def meetings(self) -> list[tuple[int, bool]]:
        """Working days from interest to the first held meeting, and whether it was held."""
        found = []
        for case, steps in self._by_case().items():
            calls = [
                each
                for each in steps
                if each.step in ("first-call", "offer-call")
                and each.completed_at
                and each.outcome in POSITIVE[each.step]
            ]
            if not calls:
                continue
            began = min(each.completed_at for each in calls if each.completed_at)
            if not self.within(began):
                continue
            has_meeting = any(each.step == "meeting" for each in steps)
            if not has_meeting and any(each.step == "offer-preparation" for each in steps):
                continue
            held = [
                each.completed_at
                for each in steps
                if each.step == "meeting" and each.completed_at and each.outcome not in UNREACHED
            ]
            until = min(held) if held else (self.cases[case].ended_at or self.now)
            found.append((max(0, self.days(began, until)), bool(held)))
        return found

    def offers(self) -> list[tuple[int, bool, int]]:
        """Working days of each round of preparing an offer, whether approved, and its returns."""
        found = []
        for case, steps in self._by_case().items():
            rounds: list[list[UserTask]] = []
            approved = True
            for each in steps:
                if each.step == "offer-preparation" and approved:
                    rounds.append([])
                    approved = False
                if each.step in ("offer-preparation", "offer-approval"):
                    rounds[-1].append(each)
                    if each.step == "offer-approval" and each.outcome == "approve":
                        approved = True
            for one in rounds:
                if not self.within(one[0].created_at):
                    continue
                last = one[-1]
                decided = last.step == "offer-approval" and last.outcome in ("approve", "reject")
                done = last.step == "offer-preparation" and last.completed_at is not None
                ended = self.cases[case].ended_at or self.now
                until = last.completed_at if (decided or done) and last.completed_at else ended
                returns = sum(each.step == "offer-preparation" for each in one) - 1
                good = done or (last.step == "offer-approval" and last.outcome == "approve")
                found.append((max(0, self.days(one[0].created_at, until)), good, returns))
        return found

    def negotiations(self) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for step in self.steps:
            held = step.outcome in ("agreed", "further", "refused")
            if held and step.step == "negotiation" and self.within(step.completed_at):
                found[str(step.outcome)] += 1
        return dict(found)

    def results(self) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for case in self.cases.values():
            if self.within(case.ended_at) and case.outcome not in EXCLUDED:
                found[str(case.outcome)] += 1
        return dict(found)

    def lines(self) -> list[tuple[str | None, bool, float, bool, bool]]:
        """Who prepared, whether it deviates, commission given away, whether won, whether open."""
        found = []
        for offer in self.session.scalars(select(Offer)):
            case = self.cases.get(offer.instance_id)
            if case is None or offer.status == "replaced" or not self.within(offer.prepared_at):
                continue
            for line in offer.lines:
                deviates = abs(line.premium_deviation_percent or 0) >= 1 or any(
                    each.kind != "premium" for each in line.deviations
                )
                found.append(
                    (
                        offer.prepared_by,
                        bool(deviates),
                        float((line.commission_effect or 0) + (line.other_commission_effect or 0)),
                        case.outcome in WON,
                        case.status == "active",
                    )
                )
        return found

    def expected(self) -> dict[str | None, tuple[int, float]]:
        """Talks that ended well by person, and those expected at everybody's rate of the mix."""
        talks: list[tuple[str | None, tuple[Any, ...], bool]] = []
        products = {each.id: each.key for each in self.session.scalars(select(Product))}
        for step in self.steps:
            if step.step not in POSITIVE or not self.within(step.completed_at):
                continue
            if step.outcome in UNREACHED or step.outcome is None:
                continue
            case = self.cases[step.instance_id]
            kind, *rest = case.segment.split("/")
            mix = (step.step, products[case.product_id or 0], kind, rest[0] if rest else None)
            talks.append((step.completed_by, mix, step.outcome in POSITIVE[step.step]))
        rates: dict[tuple[Any, ...], list[bool]] = defaultdict(list)
        for _person, mix, good in talks:
            rates[mix].append(good)
        found: dict[str | None, list[float]] = defaultdict(lambda: [0, 0.0])
        for person, mix, good in talks:
            found[person][0] += good
            found[person][1] += mean(rates[mix])
        return {person: (int(good), expected) for person, (good, expected) in found.items()}

    def _by_case(self) -> dict[Any, list[UserTask]]:
        found: dict[Any, list[UserTask]] = defaultdict(list)
        for step in self.steps:
            found[step.instance_id].append(step)
        return found


def kaplan_meier(waits: list[tuple[int, bool]]) -> int | None:
    """The first day by which half have it, day by day."""
    surviving = 1.0
    for day in sorted({wait for wait, _happened in waits}):
        at_risk = sum(wait >= day for wait, _happened in waits)
        met = sum(wait == day and happened for wait, happened in waits)
        surviving *= 1 - met / at_risk
        if surviving <= 0.5 + 1e-12:
            return day
    return None
