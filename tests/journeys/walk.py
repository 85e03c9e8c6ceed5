"""Walks a case along its process: each step by somebody whose step it is, days by the clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from broker_crm import worker
from broker_crm.crm import cases
from broker_crm.crm.models import Campaign, Client, Insurer, Policy, Product
from broker_crm.crm.policies import instalments_of
from broker_crm.outreach.models import Letter, Notification
from broker_crm.process import complete
from broker_crm.process.models import (
    ProcessEvent,
    ProcessInstance,
    TaskStatus,
    Timer,
    UserTask,
)

PEOPLE = {
    "assistant": "asta",
    "product-manager": "product",
    "sales-manager": "manager",
    "complaints-handler": "complaints",
    "compliance": "compliance",
    "marketing": "marketing",
    "designer": "designer",
}
"""Who does the tasks of a group that nobody holds."""


class Walk:
    """One case in the brokerage."""

    def __init__(self, brokerage: Any, instance_id: UUID) -> None:
        self.brokerage = brokerage
        self.id = instance_id

    @classmethod
    def begin(cls, brokerage: Any, process_key: str, **variables: Any) -> Walk:
        """Start the process by hand, as the client's salesperson."""
        with brokerage.factory.begin() as session:
            started = cases.start_case(session, process_key, variables, by=brokerage.owner)
            return cls(brokerage, started.instance.id)

    def tasks(self) -> dict[str, UserTask]:
        """Open tasks by step; of several instances of a step the oldest."""
        with self.brokerage.factory() as session:
            statement = (
                select(UserTask)
                .where(UserTask.instance_id == self.id, UserTask.status == TaskStatus.OPEN)
                .order_by(UserTask.created_at.desc(), UserTask.id.desc())
            )
            return {task.step: task for task in session.scalars(statement)}

    @property
    def open(self) -> list[str]:
        return sorted(self.tasks())

    def do(self, step: str, **values: Any) -> Walk:
        """Complete the open task of a step."""
        tasks = self.tasks()
        assert step in tasks, f"{step} is not open: {sorted(tasks)}"
        task = tasks[step]
        by = task.assignee or PEOPLE.get(task.candidate_group or "", self.brokerage.owner)
        self.brokerage.clock.advance(timedelta(minutes=5))
        with self.brokerage.factory.begin() as session:
            complete(session, task.id, values, by=by)
        return self

    def wait(self, **length: float) -> Walk:
        """Let time pass, with a worker that does what is due when it is due."""
        end = self.brokerage.clock.now() + timedelta(**length)
        while self.brokerage.clock.now() < end:
            self._pass_time(end)
        return self

    def _pass_time(self, end: datetime) -> None:
        """To the next instant at which something is due, and no further than the end."""
        now = self.brokerage.clock.now()
        with self.brokerage.factory() as session:
            timer = session.scalar(select(func.min(Timer.due_at)).where(Timer.due_at > now))
            wave = session.scalar(
                select(func.min(Campaign.next_wave_at)).where(Campaign.next_wave_at > now)
            )
        self.brokerage.clock.advance(min(filter(None, (timer, wave, end))) - now)
        self.sweep()

    def sweep(self) -> dict[str, int]:
        return worker.sweep(self.brokerage.factory, self.brokerage.settings)

    def wait_for(self, step: str, days: int = 60) -> Walk:
        """Let days pass until a step is open."""
        end = self.brokerage.clock.now() + timedelta(days=days)
        while step not in self.tasks():
            assert self.brokerage.clock.now() < end, (
                f"{step} did not open in {days} days: {self.open}"
            )
            self._pass_time(end)
        return self

    @property
    def outcome(self) -> str | None:
        with self.brokerage.factory() as session:
            return session.get_one(ProcessInstance, self.id).outcome

    @property
    def finished(self) -> bool:
        with self.brokerage.factory() as session:
            return session.get_one(ProcessInstance, self.id).ended_at is not None

    @property
    def measures(self) -> list[str]:
        with self.brokerage.factory() as session:
            statement = select(ProcessEvent.measure).where(
                ProcessEvent.instance_id == self.id, ProcessEvent.measure.is_not(None)
            )
            return [str(each) for each in session.scalars(statement.order_by(ProcessEvent.id))]

    @property
    def letters(self) -> list[str]:
        with self.brokerage.factory() as session:
            statement = select(Letter.template_key).where(Letter.instance_id == self.id)
            return list(session.scalars(statement.order_by(Letter.created_at, Letter.id)))

    def told(self, kind: str) -> set[str]:
        """Who was notified so about the case."""
        with self.brokerage.factory() as session:
            statement = select(Notification.login).where(
                Notification.instance_id == self.id, Notification.kind == kind
            )
            return set(session.scalars(statement))


def add_policy(
    brokerage: Any,
    *,
    ends_in: int,
    product: str = "liability",
    client_id: int | None = None,
    premium: str = "450",
    number: str = "SEN-1",
    **columns: Any,
) -> int:
    """A policy in force that ends in so many days; its id."""
    today = brokerage.clock.now().date()
    with brokerage.factory.begin() as session:
        found = session.scalars(select(Product).where(Product.key == product)).one()
        insurer = session.scalars(select(Insurer).order_by(Insurer.id)).first()
        policy = Policy(
            number=number,
            client_id=client_id or brokerage.client_id,
            insurer_id=insurer.id,
            product_id=found.id,
            starts_on=today + timedelta(days=ends_in - 365),
            ends_on=today + timedelta(days=ends_in),
            premium=Decimal(premium),
            commission_percent=Decimal(20),
            sum_insured=columns.pop("sum_insured", Decimal(300_000)),
            deductible=Decimal(500),
            created_at=brokerage.clock.now(),
            **columns,
        )
        session.add(policy)
        session.flush()
        session.add_all(instalments_of(policy))
        return policy.id


def a_client(brokerage: Any, **wanted: Any) -> int:
    """A client of the sample with such columns, who may be written to."""
    with brokerage.factory() as session:
        statement = select(Client.id).where(Client.email.is_not(None)).order_by(Client.id)
        for name, value in wanted.items():
            statement = statement.where(getattr(Client, name) == value)
        return session.scalars(statement).first()


def day(brokerage: Any, ahead: int) -> str:
    moment: date = brokerage.clock.now().date() + timedelta(days=ahead)
    return moment.isoformat()
