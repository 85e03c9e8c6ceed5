"""Past sales, made by running the engine under a simulated clock, up to a lively present."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process
from broker_crm.calendar import WorkingCalendar
from broker_crm.clock import SimulatedClock
from broker_crm.crm.cases import start_case
from broker_crm.crm.models import Client, Product
from broker_crm.engine.transition import CreatedTask, Transition
from broker_crm.outreach.deliver import deliver_due
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import UserTask
from broker_crm.process.variables import instance_variables
from broker_crm.sample.behaviour import SampleCase, acts_at, result, takes_minutes
from broker_crm.sample.catalogue import BY_KEY, PRODUCTS
from broker_crm.sample.chance import stream
from broker_crm.settings import Settings

SALES = 340
PAST_DAYS = 150
RECENT = 0.15
"""Share of the sales that begin in the last days, so that the inboxes hold work."""
RECENT_DAYS = 10
LYING_DAYS = 9
LYING = 0.3
"""Share of the last days' tasks that nobody has got round to."""
APPROVALS_LYING_DAYS = 16
"""The product manager is just back: approvals have waited longer."""
BATCH = 150
PROCESS = "new-client-sale"


@dataclass(order=True)
class Planned:
    """Something that will happen at an instant."""

    at: datetime
    order: int
    act: Callable[[Session], None] = field(compare=False)


class Simulation:
    """Runs sales from the past to the present, in the order in which things happen."""

    def __init__(
        self,
        factory: sessionmaker[Session],
        settings: Settings,
        simulated: SimulatedClock,
        end: datetime,
    ) -> None:
        self._factory = factory
        self._settings = replace(settings, smtp_url=None)
        self._clock = simulated
        self._end = end
        self._agenda: list[Planned] = []
        self._numbers = count()
        self._calendar: WorkingCalendar | None = None
        self._cases: dict[UUID, SampleCase] = {}

    def plan(self, at: datetime, act: Callable[[Session], None]) -> None:
        """Let something happen, unless it lies in the future."""
        if at <= self._end:
            heapq.heappush(self._agenda, Planned(at, next(self._numbers), act))

    def begin(self, case: SampleCase, client_id: int, product_id: int) -> Callable[[Session], None]:
        """Start a sale."""

        def act(session: Session) -> None:
            started = start_case(
                session,
                PROCESS,
                {"clientId": client_id, "productId": product_id, "owner": case.owner},
                by=case.owner,
            )
            known = instance_variables(session, started.instance.id)
            self._cases[started.instance.id] = replace(case, terms=known["standardTerms"])
            self._follow(started.instance.id, started.transition)

        return act

    def run(self, progress: Callable[[int], None] | None = None) -> None:
        """Let everything happen until the present."""
        done = 0
        while self._agenda:
            with self._factory.begin() as session:
                self._calendar = company_calendar(session)
                for _ in range(BATCH):
                    if not self._agenda:
                        break
                    planned = heapq.heappop(self._agenda)
                    self._clock.set(max(planned.at, self._clock.now()))
                    planned.act(session)
                    done += 1
            deliver_due(self._factory, self._settings)
            if progress is not None:
                progress(done)

    def _follow(self, instance_id: UUID, transition: Transition) -> None:
        assert self._calendar is not None
        case = self._cases[instance_id]
        for task in transition.created:
            if self._lies(case, task):
                continue
            at = acts_at(case, task, self._clock.now(), self._calendar)
            self.plan(at, self._complete(instance_id, task))
        for timer in transition.timers:
            self.plan(timer.due_at, self._fire(instance_id, timer.id))

    def _lies(self, case: SampleCase, task: CreatedTask) -> bool:
        age = self._end - self._clock.now()
        if "approval" in task.step:
            return age < timedelta(days=APPROVALS_LYING_DAYS)
        chance = stream("lies", case.number, task.step, task.loop_number)
        return age < timedelta(days=LYING_DAYS) and chance.random() < LYING

    def _complete(self, instance_id: UUID, task: CreatedTask) -> Callable[[Session], None]:
        def act(session: Session) -> None:
            row = session.get(UserTask, task.id)
            if row is None or row.status != "open":
                return
            case = self._cases[instance_id]
            person = task.assignee or _stand_in(task, case)
            minutes = takes_minutes(case, task)
            row.claimed_at = row.claimed_at or row.created_at
            row.started_at = max(row.created_at, clock.now() - timedelta(minutes=minutes))
            session.flush()
            completed = process.complete(
                session,
                task.id,
                _filled(session, case, row, result(case, task, clock.now())),
                by=person,
                actual_minutes=minutes,
            )
            self._follow(instance_id, completed.transition)

        return act

    def _fire(self, instance_id: UUID, timer_id: UUID) -> Callable[[Session], None]:
        def act(session: Session) -> None:
            transition = process.fire_timer(session, timer_id)
            if transition is not None:
                self._follow(instance_id, transition)

        return act


def add_history(
    factory: sessionmaker[Session],
    settings: Settings,
    end: datetime,
    *,
    scale: int = 1,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Run past sales up to the given instant.

    Args:
        factory: makes sessions.
        settings: of the product; letters go to the local outbox whatever they say.
        end: the present.
        scale: times as many sales.
        progress: called now and then with the number of things that have happened.
    """
    start = end - timedelta(days=PAST_DAYS)
    simulated = SimulatedClock(start)
    with clock.use(simulated):
        simulation = Simulation(factory, settings, simulated, end)
        with factory() as session:
            calendar = company_calendar(session)
            clients = list(session.scalars(select(Client).order_by(Client.id)))
            products = {row.key: row.id for row in session.scalars(select(Product))}
        for number in range(SALES * scale):
            case, client = _case(number, clients)
            at = _begins(number, SALES * scale, start, end, calendar)
            simulation.plan(at, simulation.begin(case, client.id, products[case.offered.key]))
        simulation.run(progress)


def _case(number: int, clients: list[Client]) -> tuple[SampleCase, Client]:
    chance = stream("sale", number)
    client = chance.choice(clients)
    fitting = [offered for offered in PRODUCTS if client.kind in offered.kinds]
    if client.sector == "transport" and chance.random() < 0.5:
        fitting = [BY_KEY["cargo"]]
    case = SampleCase(
        number=number,
        offered=chance.choice(fitting),
        kind=client.kind,
        sector=client.sector,
        email=client.contacts[0].email if client.contacts else client.email,
        language=client.language,
        owner=client.owner or "jonas",
    )
    return case, client


def _begins(
    number: int, total: int, start: datetime, end: datetime, calendar: WorkingCalendar
) -> datetime:
    chance = stream("begins", number)
    share = (number + chance.random()) / total
    if share > 1 - RECENT:
        start = end - timedelta(days=RECENT_DAYS)
        share = (share - 1 + RECENT) / RECENT
    local = (start + (end - start) * share).astimezone(calendar.zone)
    day = calendar.add_working_days(local.date(), 0)
    minutes = chance.randint(0, 420)
    return datetime(day.year, day.month, day.day, 9, tzinfo=calendar.zone) + timedelta(
        minutes=minutes
    )


def _stand_in(task: CreatedTask, case: SampleCase) -> str:
    groups = {
        "product-manager": "product",
        "sales-manager": "manager",
        "assistant": "asta",
        "compliance": "compliance",
    }
    return groups.get(task.candidate_group or "", case.owner)


def _filled(
    session: Session, case: SampleCase, row: UserTask, values: dict[str, object]
) -> dict[str, object]:
    """Adapt the values to what only the instance knows: its offer, and whether people meet."""
    if row.step == "offer-call" and "negotiationMeetingAt" in values:
        variant = instance_variables(session, row.instance_id)["variant"]
        if not variant["negotiationMeeting"]:
            return {key: value for key, value in values.items() if key != "negotiationMeetingAt"}
    if row.step != "contract-preparation":
        return values
    known = instance_variables(session, row.instance_id)
    return {
        **{key: value for key, value in values.items() if value != ""},
        "contractPremium": known["premium"],
        "contractCommission": known["commission"],
        "contractDeductible": known["deductible"],
        "contractInstalments": known["instalments"],
    }
