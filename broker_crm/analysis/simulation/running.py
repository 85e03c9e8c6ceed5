"""Runs many cases through a model at once: a heap of events, people shared by the cases.

Time is office time in seconds, in which nights, weekends and holidays are nothing. A step comes up,
its person gets to it after a delay of their own, then it waits until they are free; of what waits
for a person, what is due first is done first, and of those what came first. Every draw has a place
of its own, so that two scenarios meet the same chances as long as their cases do the same.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from broker_crm.analysis.simulation.behaviour import (
    Arrival,
    Behaviour,
    Chance,
    Person,
    Profile,
    Work,
)
from broker_crm.analysis.simulation.model import Does, Key, Model, Node
from broker_crm.analysis.simulation.walking import Stop, Walk


@dataclass(slots=True)
class DoneStep:
    """One step in the simulated ledger; office seconds, working days."""

    case: int
    node: Node
    person: str
    visit: int
    created: float
    started: float
    done: float
    late: int | None
    seconds: float
    cost: float
    outcome: str | None


@dataclass(slots=True)
class DoneCase:
    """One case in the simulated ledger; `ended` is None while it runs."""

    case: int
    profile: Profile
    began: float
    ended: float | None = None
    outcome: str | None = None
    ending: str | None = None
    money: float = 0.0
    cost: float = 0.0


@dataclass(slots=True)
class Simulated:
    """What one replication wrote.

    Attributes:
        steps: done ones.
        cases: all that began.
        busy: office seconds of work by person, other work not counted.
        end: office second at which it stopped.
    """

    steps: list[DoneStep] = field(default_factory=list)
    cases: list[DoneCase] = field(default_factory=list)
    busy: dict[str, float] = field(default_factory=dict)
    end: float = 0.0


@dataclass(slots=True, eq=False)
class _Job:
    case: _Case
    stop: Stop
    work: Work
    created: float
    due: int
    started: float = -1.0
    taken: bool = False


@dataclass(slots=True, eq=False)
class _Desk:
    person: Person
    free: bool = True
    waiting: list[tuple[int, float, int, _Job]] = field(default_factory=list)
    asleep: bool = False


class _Case:
    """A case under way: its walk, its chances, and what it decides."""

    __slots__ = ("behaviour", "chance", "done", "profile", "walk")

    def __init__(self, model: Model, behaviour: Behaviour, chance: Chance, done: DoneCase) -> None:
        self.behaviour = behaviour
        self.chance = chance
        self.profile = done.profile
        self.done = done
        self.walk = Walk(model, self)

    def one(self, walk: Walk, node: Node, key: Key, visit: int) -> str:
        return self.behaviour.one(self.chance, self.profile, node, key, visit)

    def some(self, walk: Walk, node: Node, key: Key, visit: int) -> list[str]:
        return self.behaviour.some(self.chance, self.profile, node, key, visit)

    def count(self, walk: Walk, node: Node, visit: int) -> int:
        return self.behaviour.count(self.chance, self.profile, node, visit)


def run(
    model: Model,
    behaviour: Behaviour,
    seed: int,
    start: float,
    end: float,
    until: float | None = None,
) -> Simulated:
    """Simulate once.

    Args:
        model: of the version.
        behaviour: of cases and people.
        seed: of the replication; the same seed gives the same.
        start: office second from which cases begin.
        end: office second until which they do.
        until: office second at which the simulation stops; None for when all are over.
    """
    return _Run(model, behaviour, seed).go(start, end, until)


class _Run:
    def __init__(self, model: Model, behaviour: Behaviour, seed: int) -> None:
        self.model = model
        self.behaviour = behaviour
        self.seed = seed
        self.heap: list[tuple[float, int, Callable[[float], None]]] = []
        self.serial = 0
        self.now = 0.0
        self.desks = {login: _Desk(person) for login, person in behaviour.people.items()}
        self.told = Simulated()

    def go(self, start: float, end: float, until: float | None) -> Simulated:
        for arrival in self.behaviour.arrivals(self.seed, start, end):
            self._at(arrival.at, self._begins(arrival))
        while self.heap:
            at, _serial, act = heapq.heappop(self.heap)
            if until is not None and at > until:
                break
            self.now = at
            act(at)
        self.told.end = until if until is not None else self.now
        return self.told

    def _at(self, at: float, act: Callable[[float], None]) -> None:
        self.serial += 1
        heapq.heappush(self.heap, (at, self.serial, act))

    def _day(self, at: float) -> int:
        return bisect_right(self.behaviour.opens, at)

    # -- cases ---------------------------------------------------------------------------------

    def _begins(self, arrival: Arrival) -> Callable[[float], None]:
        def act(at: float) -> None:
            done = DoneCase(arrival.number, arrival.profile, at)
            self.told.cases.append(done)
            case = _Case(self.model, self.behaviour, Chance(self.seed, arrival.number), done)
            self._goes_on(case, case.walk.begin())

        return act

    def _goes_on(self, case: _Case, stops: list[Stop]) -> None:
        for stop in stops:
            if stop.alive:
                self._meet(case, stop)
        if case.walk.over and case.done.ended is None:
            done = case.done
            done.ended = self.now
            if case.walk.ending is not None:
                done.outcome, done.ending = case.walk.ending
            if done.ending == "won":
                done.money = self.behaviour.money(case.chance, case.profile)

    def _meet(self, case: _Case, stop: Stop) -> None:
        behaviour, node = self.behaviour, stop.node
        if node.does is Does.STEP:
            work = behaviour.work(case.chance, case.profile, node, stop.visit)
            due = self._day(self.now) + ceil(work.standard or 0)
            job = _Job(case, stop, work, self.now, due)
            self._at(self.now + work.delay, lambda _at: self._ready(job))
            return
        found = behaviour.wait(case.chance, case.profile, node, stop.visit)
        if found is not None:
            seconds, flow = found
            self._at(self.now + seconds, lambda _at: self._happens(case, stop, flow))

    def _happens(self, case: _Case, stop: Stop, flow: str | None) -> None:
        if stop.alive and not case.walk.over:
            self._goes_on(case, case.walk.finish(stop, flow))

    # -- people --------------------------------------------------------------------------------

    def _ready(self, job: _Job) -> None:
        people = [self.desks[login] for login in job.work.people if login in self.desks]
        if not people:
            job.started = self.now
            self._at(self.now + job.work.seconds, lambda _at: self._done(job, None))
            return
        self.serial += 1
        for desk in people:
            heapq.heappush(desk.waiting, (job.due, job.created, self.serial, job))
        for desk in people:
            if desk.free and not job.taken:
                self._take(desk)

    def _take(self, desk: _Desk) -> None:
        """Let a free person begin what is due first, unless they are absent."""
        waiting = desk.waiting
        while waiting and (waiting[0][3].taken or not waiting[0][3].stop.alive):
            heapq.heappop(waiting)
        if not waiting or not desk.free:
            return
        back = _back(desk.person, self.now)
        if back > self.now:
            if not desk.asleep:
                desk.asleep = True
                self._at(back, lambda _at: self._wakes(desk))
            return
        job = heapq.heappop(waiting)[3]
        job.taken, job.started, desk.free = True, self.now, False
        seconds = job.work.seconds / max(0.02, 1.0 - desk.person.other)
        self._at(self.now + seconds, lambda _at: self._done(job, desk))

    def _wakes(self, desk: _Desk) -> None:
        desk.asleep = False
        self._take(desk)

    def _done(self, job: _Job, desk: _Desk | None) -> None:
        person = desk.person.login if desk is not None else ""
        if desk is not None:
            busy = self.told.busy
            busy[person] = busy.get(person, 0.0) + job.work.seconds
            desk.free = True
        if job.stop.alive and not job.case.walk.over:
            self._write(job, person)
        if desk is not None:
            self._take(desk)

    def _write(self, job: _Job, person: str) -> None:
        case, node, work = job.case, job.stop.node, job.work
        outcome = self.behaviour.outcome(case.chance, case.profile, node, job.stop.visit)
        late = None if work.standard is None else max(0, self._day(self.now) - job.due)
        cost = work.seconds * work.rate
        case.done.cost += cost
        self.told.steps.append(
            DoneStep(
                case.done.case,
                node,
                person,
                job.stop.visit,
                job.created,
                job.started,
                self.now,
                late,
                work.seconds,
                cost,
                outcome,
            )
        )
        self._goes_on(case, case.walk.finish(job.stop, outcome))


def _back(person: Person, at: float) -> float:
    """When the person is there: now, or at the end of their absence."""
    for since, until in person.away:
        if since <= at < until:
            return until
    return at
