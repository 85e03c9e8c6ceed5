"""Fires due timers, each instance by itself, so that one that fails never holds up the others."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.engine.errors import RuleFailed, StateDamaged
from broker_crm.process.errors import Outrun
from broker_crm.process.models import PendingMessage, Timer
from broker_crm.process.transactions import Command, raise_incident
from broker_crm.process.waiting import fire_timer, send_message

MAX_ATTEMPTS = 3
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    fired: int = 0
    failed: int = 0
    delivered: int = 0


def due_timers(session: Session, limit: int) -> list[UUID]:
    """Timers that are due and not parked, longest due first."""
    statement = (
        select(Timer.id)
        .where(Timer.due_at <= clock.now(), Timer.parked.is_(False))
        .order_by(Timer.due_at)
        .limit(limit)
    )
    return list(session.scalars(statement))


def fire_due_timers(factory: sessionmaker[Session], limit: int = 500) -> Swept:
    """Fire what is due, one transaction for each timer.

    A timer that fails is tried again at the next sweeps; after the third time it is parked and an
    incident waits for a manager.

    Args:
        factory: makes sessions.
        limit: timers in one sweep.
    """
    with factory() as session:
        waiting = due_timers(session, limit)
    fired = failed = 0
    for timer_id in waiting:
        try:
            with factory.begin() as session:
                fired += fire_timer(session, timer_id) is not None
        except Outrun:
            continue
        except DBAPIError:
            raise
        except Exception as error:
            if not isinstance(error, (RuleFailed, StateDamaged)):
                log.exception("timer %s failed unexpectedly", timer_id)
            failed += 1
            _failed(factory, timer_id, error)
    return Swept(fired, failed, deliver_pending(factory, limit))


def deliver_pending(factory: sessionmaker[Session], limit: int = 500) -> int:
    """Deliver messages and signals that instances threw."""
    with factory() as session:
        waiting = list(
            session.scalars(
                select(PendingMessage.id).order_by(PendingMessage.created_at).limit(limit)
            )
        )
    delivered = 0
    for message_id in waiting:
        try:
            with factory.begin() as session:
                message = session.get(PendingMessage, message_id, with_for_update=True)
                if message is None:
                    continue
                delivered += send_message(
                    session,
                    message.name,
                    message.correlation_key,
                    message.payload,
                    by=None,
                    kind=message.kind,
                )
                session.delete(message)
        except Outrun:
            continue
        except (RuleFailed, StateDamaged) as error:
            with factory.begin() as session:
                raise_incident(session, Command("message", None), error)
                message = session.get(PendingMessage, message_id)
                if message is not None:
                    session.delete(message)
    return delivered


def _failed(factory: sessionmaker[Session], timer_id: UUID, error: Exception) -> None:
    with factory.begin() as session:
        timer = session.get(Timer, timer_id, with_for_update=True)
        if timer is None:
            return
        attempts = timer.attempts + 1
        parked = attempts >= MAX_ATTEMPTS
        session.execute(
            update(Timer)
            .where(Timer.id == timer_id)
            .values(attempts=attempts, parked=parked)
            .execution_options(synchronize_session=False)
        )
        if parked:
            command = Command(
                "fire-timer",
                timer.instance_id,
                task_id=timer.host_task_id,
                arguments={"timer": str(timer_id)},
            )
            raise_incident(session, command, error)
