"""Weakest points and what mending them brings, once more, in plain Python: step by step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from statistics import NormalDist, mean
from typing import Any

from sqlalchemy import select

from broker_crm.crm.models import Offer
from broker_crm.process.models import UserTask

from .plainly import Books

ENDINGS = {
    "signed": "won",
    "renewed-same-insurer": "won",
    "renewed-other-insurer": "won",
    "not-renewable": "excluded",
    "not-permitted": "excluded",
}
"""What the ending of a case means; any other is an unhappy one."""
AGAIN = {
    "offer-preparation",
    "offer-approval",
    "offer-letter",
    "renewal-letter",
    "contract-preparation",
    "contract-approval",
    "policy-check",
    "signing",
}
"""Steps whose repetition is work done over again."""
Key = tuple[str, str]
"""Process and step."""


@dataclass
class Step:
    """What one step of a process cost in the period.

    Attributes:
        n: of them.
        days: above the standard.
        excess: actual above standard cost, EUR.
        again: standard cost of what was done over again, EUR.
        lost: cases that ended unhappily with it.
        past: cases that went on from it.
        past_won: of them, won in the end.
        loss, delay: EUR a month; so `excess` and `again` in the end.
    """

    n: int = 0
    days: int = 0
    excess: float = 0.0
    again: float = 0.0
    kept: list[bool] = field(default_factory=list)
    actual: float = 0.0
    standard: float = 0.0
    lost: int = 0
    past: int = 0
    past_won: int = 0
    commission: float = 0.0
    loss: float = 0.0
    delay: float = 0.0

    @property
    def money(self) -> float:
        return self.loss + self.delay + self.excess + self.again


class Money:
    """The four costs of each step.

    Args:
        books: what was read.
        mine: whose steps count, by login.
        priced: another period's or everybody's, by whose prices and chances of winning these are
            judged.

    Attributes:
        fall: by how much the chance of winning falls for a day of delay.
        closing: by process and step, the steps with which cases were lost.
    """

    def __init__(
        self,
        books: Books,
        mine: Callable[[str | None], bool] = lambda _login: True,
        priced: Money | None = None,
    ) -> None:
        self.books = books
        self.mine = mine
        self.closing: dict[Key, list[UserTask]] = defaultdict(list)
        self.steps: dict[Key, Step] = defaultdict(Step)
        self.decided = {
            case.id: case
            for case in books.cases.values()
            if case.outcome is not None and ENDINGS.get(case.outcome) != "excluded"
        }
        self.priced = priced
        self.fall = priced.fall if priced else self._fall()
        last = min(books.end, books.calendar.local_day(books.now))
        self.months = ((last - books.start).days + 1) / (365.25 / 12)
        self._work()
        self._ends()
        self._price()

    def _key(self, step: UserTask) -> Key:
        return self.books.cases[step.instance_id].process_key, step.step

    def _mine(self, step: UserTask) -> bool:
        return self.mine(step.completed_by or step.assignee)

    def _late(self, step: UserTask) -> int:
        if step.due_at is None:
            return 0
        return max(0, self.books.days(step.due_at, step.completed_at or self.books.now))

    def _work(self) -> None:
        for step in self.books.steps:
            if not self._mine(step) or not self.books.within(step.completed_at or step.due_at):
                continue
            found = self.steps[self._key(step)]
            found.n += 1
            found.days += self._late(step)
            if step.due_at is not None and (step.completed_at or self._late(step)):
                found.kept.append(self._late(step) == 0)
            found.excess += self._excess(step)
            found.again += self._again(step)
            if step.actual_minutes is not None and step.standard_minutes:
                found.actual += self._actual(step)
                found.standard += step.standard_cost or 0.0

    @staticmethod
    def _actual(step: UserTask) -> float:
        """What it cost, at the price of a minute that the standard implies."""
        if not step.standard_minutes:
            return 0.0
        return (step.actual_minutes or 0.0) * (step.standard_cost or 0.0) / step.standard_minutes

    def _excess(self, step: UserTask) -> float:
        return max(0.0, self._actual(step) - (step.standard_cost or 0.0))

    @staticmethod
    def _again(step: UserTask) -> float:
        again = step.loop_number > 1 and step.step in AGAIN
        return (step.standard_cost or 0.0) if again else 0.0

    def _ends(self) -> None:
        """By the last step that was done in it, a case was lost; all others it got past."""
        done: dict[Any, list[UserTask]] = defaultdict(list)
        for step in self.books.steps:
            if step.completed_at is not None and step.instance_id in self.decided:
                done[step.instance_id].append(step)
        for case_id, steps in done.items():
            case = self.decided[case_id]
            if not self.books.within(case.ended_at):
                continue
            won = ENDINGS.get(str(case.outcome)) == "won"
            last = max(steps, key=lambda each: each.completed_at or self.books.now)
            for key in {self._key(each) for each in steps if self._mine(each)}:
                found = self.steps[key]
                if not won and key == self._key(last) and self._mine(last):
                    found.lost += 1
                    self.closing[key].append(last)
                else:
                    found.past += 1
                    found.past_won += won

    def _price(self) -> None:
        money = self._commissions()
        for key, found in self.steps.items():
            won = money[key[0]]
            found.commission = mean(won) if won else 0.0
            same = self.priced.steps.get(key) if self.priced else None
            judged = same if same and same.n else found
            onward = judged.past_won / judged.past if judged.past else 0.0
            found.loss = found.lost * onward * found.commission / self.months
            found.delay = found.days * self.fall * found.commission / self.months
            found.excess /= self.months
            found.again /= self.months

    def _commissions(self) -> dict[str, list[float]]:
        """Commission of each won case, EUR a year, by its process."""
        by_case: dict[Any, float] = defaultdict(float)
        for offer in self.books.session.scalars(select(Offer)):
            if offer.status != "replaced":
                by_case[offer.instance_id] += sum(
                    float(line.premium * line.commission_percent) / 100 for line in offer.lines
                )
        found: dict[str, list[float]] = defaultdict(list)
        for case in self.books.cases.values():
            if ENDINGS.get(str(case.outcome)) == "won" and case.id in by_case:
                found[case.process_key].append(by_case[case.id])
        return found

    def late(self, key: Key) -> list[UserTask]:
        """Steps that were done after their due day, or are not done yet."""
        return [each for each in self._done(key) if self._late(each)]

    def of_day(self, key: Key) -> float:
        """What a day of delay costs, EUR."""
        return self.fall * self.steps[key].commission

    def of_case(self, key: Key) -> float:
        """What a case that was lost there would have brought, EUR."""
        step = self.steps[key]
        return step.commission * step.past_won / step.past if step.past else 0.0

    def monthly(self, key: Key) -> dict[date, float]:
        """What the step cost in each month, EUR; a case is lost in the month of its end."""
        found: dict[date, float] = defaultdict(float)
        local = self.books.calendar.local_day
        for step in self._done(key):
            at = step.completed_at or step.due_at
            assert at is not None
            cost = self._late(step) * self.of_day(key) + self._excess(step) + self._again(step)
            found[local(at).replace(day=1)] += cost
        for step in self.closing[key]:
            ended = self.decided[step.instance_id].ended_at
            assert ended is not None
            found[local(ended).replace(day=1)] += self.of_case(key)
        return dict(found)

    def _done(self, key: Key) -> list[UserTask]:
        return [
            each
            for each in self.books.steps
            if self._key(each) == key
            and self._mine(each)
            and self.books.within(each.completed_at or each.due_at)
        ]

    def _fall(self) -> float:
        """How much a day late takes from the chance of winning: one slope for all steps, each
        with a level of its own."""
        groups: dict[Key, list[tuple[int, bool]]] = defaultdict(list)
        for step in self.books.steps:
            case = self.decided.get(step.instance_id)
            if case is None or step.completed_at is None or not self.books.within(case.ended_at):
                continue
            won = ENDINGS.get(str(case.outcome)) == "won"
            groups[self._key(step)].append((min(10, self._late(step)), won))
        together = spread = 0.0
        for pairs in groups.values():
            days, wins = mean(day for day, _won in pairs), mean(won for _day, won in pairs)
            together += sum((day - days) * (won - wins) for day, won in pairs)
            spread += sum((day - days) ** 2 for day, _won in pairs)
        if sum(map(len, groups.values())) < 30 or spread == 0:
            return 0.0
        return max(0.0, -together / spread)


def raised(step: Step, months: float) -> tuple[float, float]:
    """More contracts and EUR a quarter, when three in a hundred more cases get past a step."""
    decided = step.lost + step.past
    if not step.lost or not step.past:
        return 0.0, 0.0
    onward = step.past / decided
    gained = decided * (min(1.0, onward + 0.03) - onward) * step.past_won / step.past
    return gained / months * 3, gained * step.commission / months * 3


def needed(step: Step) -> int | None:
    """Cases on each side of a trial that would notice it: 80 % power, 5 % error."""
    decided = step.lost + step.past
    if not step.lost:
        return None
    before = step.past / decided
    after = min(1.0, before + 0.03)
    z = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
    exact = z * z * (before * (1 - before) + after * (1 - after)) / (after - before) ** 2
    return int(-(-exact // 1))
