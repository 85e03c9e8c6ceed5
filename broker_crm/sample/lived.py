"""Cases lived through by the engine under a simulated clock, one thing after the other."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process
from broker_crm.calendar import WorkingCalendar
from broker_crm.clock import SimulatedClock
from broker_crm.crm import offers
from broker_crm.crm.models import Client, Insurer, OfferStatus, Product
from broker_crm.db import Base
from broker_crm.definitions.forms import FormRejected
from broker_crm.definitions.published import form
from broker_crm.engine.errors import RuleFailed
from broker_crm.engine.transition import CreatedTask, Standards, Transition
from broker_crm.outreach import offer_links
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import CommandRefused
from broker_crm.process.models import InstanceStatus, ProcessInstance, Timer, UserTask
from broker_crm.process.starting import Started
from broker_crm.process.variables import instance_variables
from broker_crm.sample.behaviour import (
    SampleCase,
    acts_at,
    opens_at,
    result,
    takes_minutes,
)
from broker_crm.sample.entering import CannotEnter, enter
from broker_crm.sample.letters import post
from broker_crm.sample.staff import stand_in

BATCH = 150
LYING_DAYS = 8
LYING = 0.3
"""Share of the last days' tasks that nobody has got round to."""
APPROVALS_LYING_DAYS = 9
"""The product manager is just back: approvals have waited longer."""

Begin = Callable[[Session], Started]
Outside = Callable[[sessionmaker[Session]], None]


@dataclass(order=True)
class Planned:
    """Something that will happen at an instant, inside a transaction or with its own ones."""

    at: datetime
    order: int
    act: Callable[[Session], None] | None = field(compare=False, default=None)
    outside: Outside | None = field(compare=False, default=None)


class Simulation:
    """Runs cases from the past to the present."""

    def __init__(
        self, factory: sessionmaker[Session], simulated: SimulatedClock, end: datetime
    ) -> None:
        self._factory = factory
        self._clock = simulated
        self._end = end
        self._agenda: list[Planned] = []
        self._numbers = count()
        self._calendar: WorkingCalendar | None = None
        self._cases: dict[UUID, SampleCase] = {}
        self._known: set[UUID] = set()
        self._gone: set[UUID] = set()
        """Timers that wait no longer; the database need not be asked about them."""

    def plan(self, at: datetime, act: Callable[[Session], None]) -> None:
        """Let something happen, unless it lies in the future."""
        if at <= self._end:
            heapq.heappush(self._agenda, Planned(at, next(self._numbers), act))

    def plan_outside(self, at: datetime, act: Outside) -> None:
        """Let something happen that commits its own transactions."""
        if at <= self._end:
            heapq.heappush(self._agenda, Planned(at, next(self._numbers), None, act))

    def begin(self, at: datetime, case: SampleCase, start: Begin) -> None:
        """Let a case begin at an instant; one that the product refuses is left out."""

        def act(session: Session) -> None:
            try:
                with session.begin_nested():
                    started = start(session)
            except (CommandRefused, RuleFailed):
                return
            self._cases[started.instance.id] = case
            self._follow(started.instance.id, started.transition)

        self.plan(at, act)

    def run(self, progress: Callable[[int], None] | None = None) -> None:
        """Let everything happen until the present."""
        done = 0
        while self._agenda:
            if self._agenda[0].outside is not None:
                self._step_outside()
                continue
            with self._factory.begin() as session:
                self._calendar = company_calendar(session)
                kept = _at_hand(session)
                for _ in range(BATCH):
                    if not self._agenda or self._agenda[0].act is None:
                        break
                    planned = heapq.heappop(self._agenda)
                    self._clock.set(max(planned.at, self._clock.now()))
                    assert planned.act is not None
                    planned.act(session)
                    done += 1
                del kept
            if progress is not None:
                progress(done)

    def _step_outside(self) -> None:
        planned = heapq.heappop(self._agenda)
        self._clock.set(max(planned.at, self._clock.now()))
        assert planned.outside is not None
        planned.outside(self._factory)
        process.deliver_pending(self._factory)
        with self._factory.begin() as session:
            self._calendar = company_calendar(session)
            self._discover(session)
            post(session)

    def _discover(self, session: Session) -> None:
        """Take up the tasks and timers of cases that others began."""
        found = session.scalars(
            select(UserTask).where(UserTask.status == "open").order_by(UserTask.created_at)
        )
        for row in found:
            if row.id not in self._known:
                self._take_up(session, row.instance_id)
                self._follow(row.instance_id, Transition(created=(_created(row),)))
        for timer in session.scalars(select(Timer).order_by(Timer.due_at)):
            if timer.id not in self._known:
                self._take_up(session, timer.instance_id)
                self._known.add(timer.id)
                self.plan(timer.due_at, self._fire(timer.instance_id, timer.id))

    def _take_up(self, session: Session, instance_id: UUID) -> None:
        if instance_id in self._cases:
            return
        row = session.get_one(ProcessInstance, instance_id)
        client = session.get(Client, row.client_id) if row.client_id else None
        product = session.get(Product, row.product_id) if row.product_id else None
        number = len(self._cases)
        self._cases[instance_id] = SampleCase(
            key=f"{row.process_key}-{row.client_id}-{number}",
            process=row.process_key,
            client_id=row.client_id or 0,
            kind=client.kind if client else "legal",
            vip=bool(client and client.vip),
            sector=client.sector if client else None,
            email=client.email if client else None,
            language=client.language if client else "lt",
            owner=row.owner or "manager",
            product=product.key if product else None,
        )

    def _follow(self, instance_id: UUID, transition: Transition) -> None:
        assert self._calendar is not None
        case = self._cases[instance_id]
        self._gone.update(transition.timers_gone)
        for task in transition.created:
            self._known.add(task.id)
            if self._lies(case, task):
                continue
            at = acts_at(case, task, self._clock.now(), self._calendar)
            self.plan(at, self._complete(instance_id, task))
        for timer in transition.timers:
            self._known.add(timer.id)
            self.plan(timer.due_at, self._fire(instance_id, timer.id))

    def _lies(self, case: SampleCase, task: CreatedTask) -> bool:
        age = self._end - self._clock.now()
        if "approval" in task.step:
            return age < timedelta(days=APPROVALS_LYING_DAYS)
        chance = case.chance("lies", task.step, task.loop_number)
        return age < timedelta(days=LYING_DAYS) and chance.random() < LYING

    def _complete(self, instance_id: UUID, task: CreatedTask) -> Callable[[Session], None]:
        def act(session: Session) -> None:
            row = session.get(UserTask, task.id)
            if row is None or row.status != "open":
                return
            case = self._cases[instance_id]
            person = task.assignee or stand_in(task.candidate_group, case.owner)
            minutes = takes_minutes(case, task)
            try:
                values = _entered(session, case, task, row)
                row.claimed_at = row.created_at
                row.started_at = max(row.created_at, clock.now() - timedelta(minutes=minutes))
                session.flush()
                with session.begin_nested():
                    completed = process.complete(
                        session, task.id, values, by=person, actual_minutes=minutes
                    )
            except (CannotEnter, CommandRefused, FormRejected, RuleFailed):
                return
            post(session)
            self._follow(instance_id, completed.transition)
            opens = opens_at(case, task, clock.now()) if task.step in offers.SENT else None
            if opens is not None:
                self.plan(opens, self._open_offer(instance_id))

        return act

    def _open_offer(self, instance_id: UUID) -> Callable[[Session], None]:
        def act(session: Session) -> None:
            offer = offers.latest_offer(session, instance_id)
            running = session.get_one(ProcessInstance, instance_id).status == InstanceStatus.ACTIVE
            if offer is not None and offer.status == OfferStatus.SENT and running:
                offer_links.opened(session, offer)

        return act

    def _fire(self, instance_id: UUID, timer_id: UUID) -> Callable[[Session], None]:
        def act(session: Session) -> None:
            if timer_id in self._gone:
                return
            transition = process.fire_timer(session, timer_id)
            if transition is not None:
                post(session)
                self._follow(instance_id, transition)

        return act


def _at_hand(session: Session) -> list[Base]:
    """Records that nearly every step asks for: the session knows them while they are kept."""
    return [
        *session.scalars(select(User)).unique(),
        *session.scalars(select(Insurer)),
        *session.scalars(select(Product)),
    ]


def _entered(
    session: Session, case: SampleCase, task: CreatedTask, row: UserTask
) -> Mapping[str, object]:
    now = clock.now()
    seen = {**instance_variables(session, row.instance_id), **row.local_variables}
    values = result(case, task, now, seen)
    if row.form_key is None:
        return values
    schema = form(session, row.version_id, row.form_key)
    chance = case.chance("form", task.step, task.loop_number)
    submitted, _accepted = enter(schema, values, seen, case, chance, now)
    return submitted


def _created(row: UserTask) -> CreatedTask:
    return CreatedTask(
        id=row.id,
        element_id=row.element_id,
        name=row.name,
        step=row.step,
        lane=row.lane,
        form_key=row.form_key,
        assignee=row.assignee,
        candidate_group=row.candidate_group,
        due_at=row.due_at,
        standards=Standards(row.standard_working_days, row.standard_minutes, row.standard_cost),
        outcomes=tuple(part for part in row.outcomes.split(",") if part),
        outcome_variable=row.outcome_variable,
        loop_number=row.loop_number,
        help=row.help,
        local_variables=row.local_variables,
    )
