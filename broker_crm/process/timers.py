"""Fires due timers, each by itself, so that one that fails never holds up the others."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from broker_crm.process import leases
from broker_crm.process.leases import Swept
from broker_crm.process.models import Timer
from broker_crm.process.transactions import Command
from broker_crm.process.waiting import fire_timer


def fire_due_timers(
    factory: sessionmaker[Session],
    limit: int = 500,
    stopping: Callable[[], bool] = lambda: False,
) -> Swept:
    """Fire what is due, one transaction for each timer.

    Args:
        factory: makes sessions.
        limit: timers in one sweep.
        stopping: asked before each timer; when true, the rest waits for the next sweep.
    """
    return leases.carry_out(factory, Timer, Timer.due_at, _fire, _command, limit, stopping)


def _fire(session: Session, timer_id: UUID) -> int:
    return int(fire_timer(session, timer_id) is not None)


def _command(timer: Timer) -> Command:
    return Command(
        "fire-timer",
        timer.instance_id,
        task_id=timer.host_task_id,
        arguments={"timer": str(timer.id)},
    )
