"""What follows a part of the torture: a month of rest; at the end every case is finished."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import process, worker
from broker_crm.process.errors import CommandRefused
from broker_crm.process.messages import MESSAGE
from broker_crm.process.models import (
    EventSubscription,
    InstanceStatus,
    ProcessInstance,
    TaskStatus,
    UserTask,
)
from broker_crm.settings import Settings
from tests.torture import house
from tests.torture.wall_clock import WallClock

ROUNDS = 10
"""Enough for the longest way through a case."""


def rest(factory: sessionmaker[Session], settings: Settings, clock: WallClock) -> None:
    """A manager mends what stopped; then only a worker sweeps, day by day, for a month."""
    house.set_phone(factory, house.PHONE)
    _mend(factory)
    for hours in (1, *[24] * 30, 1):
        clock.advance(timedelta(hours=hours))
        _sweep(factory, settings)


def carry_on(factory: sessionmaker[Session], settings: Settings) -> Iterator[str]:
    """Finish every case, as people would; yields those that can't be finished."""
    for _ in range(ROUNDS):
        with factory() as session:
            open_tasks = list(
                session.scalars(select(UserTask.id).where(UserTask.status == TaskStatus.OPEN))
            )
            waiting = list(
                session.scalars(
                    select(EventSubscription.correlation_key).where(
                        EventSubscription.kind == MESSAGE
                    )
                )
            )
        for task in open_tasks:
            for by in house.PEOPLE:
                with suppress(CommandRefused), factory.begin() as session:
                    process.complete(session, task, {"outcome": "yes"}, by=by)
        with factory.begin() as session:
            for key in waiting:
                process.send_message(session, house.ANSWER, key, {}, by=house.PEOPLE[0])
            process.broadcast(session, house.NEWS, {})
        _sweep(factory, settings)
    with factory() as session:
        unfinished = ProcessInstance.status == InstanceStatus.ACTIVE
        for instance_id in session.scalars(select(ProcessInstance.id).where(unfinished)):
            yield f"{instance_id} can't be carried on to its end"


def _mend(factory: sessionmaker[Session]) -> None:
    """Run again what failed; a completion may be refused, as when another person took the task."""
    with factory() as session:
        stopped = [each.id for each in process.open_incidents(session) if each.kind != "letter"]
    for settled in process.retry_incidents(factory, stopped, by=house.MANAGER):
        if isinstance(settled.error, CommandRefused):
            with factory.begin() as session:
                process.dismiss_incident(session, settled.incident_id, by=house.MANAGER)


def _sweep(factory: sessionmaker[Session], settings: Settings) -> None:
    while any(worker.sweep(factory, settings).values()):
        pass
