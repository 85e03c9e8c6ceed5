"""Fires due timers, each by itself, so that one that fails never holds up the others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.process import leases
from broker_crm.process.errors import Outrun
from broker_crm.process.models import Timer
from broker_crm.process.transactions import Command
from broker_crm.process.waiting import fire_timer


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    fired: int = 0
    failed: int = 0


def fire_due_timers(
    factory: sessionmaker[Session],
    limit: int = 500,
    stopping: Callable[[], bool] = lambda: False,
) -> Swept:
    """Fire what is due, one transaction for each timer.

    A timer that fails is tried again after a while; after the third time it is parked and an
    incident waits for a manager.

    Args:
        factory: makes sessions.
        limit: timers in one sweep.
        stopping: asked before each timer; when true, the rest waits for the next sweep.
    """
    fired = failed = 0
    failed += leases.park_abandoned(factory, Timer, _command)
    with closing(leases.each_due(factory, Timer, Timer.due_at, limit, stopping)) as due:
        for timer_id in due:
            try:
                with factory.begin() as session:
                    fired += fire_timer(session, timer_id) is not None
            except Outrun:
                leases.give_back(factory, Timer, [timer_id])
            except DBAPIError:
                raise
            except Exception as error:
                failed += 1
                leases.failed(factory, Timer, timer_id, error, _command)
    return Swept(fired, failed)


def _command(timer: Timer) -> Command:
    return Command(
        "fire-timer",
        timer.instance_id,
        task_id=timer.host_task_id,
        arguments={"timer": str(timer.id)},
    )
