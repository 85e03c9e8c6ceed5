"""Delivers messages to the one that waits, and signals to all that do, each by itself.

Both also start the processes that begin with them; a message does so when nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.db import new_id
from broker_crm.process import leases
from broker_crm.process.leases import Swept
from broker_crm.process.models import EventSubscription, PendingMessage
from broker_crm.process.start_events import begin, started_by
from broker_crm.process.transactions import Command
from broker_crm.process.waiting import deliver

SIGNAL = "signal"
MESSAGE = "message"
START = "start"
"""Of a row that starts one process: its name is the process's key."""


def send_message(
    session: Session,
    name: str,
    correlation_key: str | None,
    payload: Mapping[str, object],
    *,
    by: str | None,
) -> int:
    """Deliver a message to the instance that waits for it, else start what begins with it.

    Args:
        session: the caller commits.
        name: of the message.
        correlation_key: of the message.
        payload: becomes variables.
        by: login, or None.

    Returns:
        1 when an instance took it, else how many were started; 0 when none waits or begins.

    Raises:
        RuleFailed: a rule or job failed; the caller rolls back.
    """
    waiting = select(EventSubscription.id, EventSubscription.instance_id).where(
        EventSubscription.kind == MESSAGE,
        EventSubscription.name == name,
        EventSubscription.correlation_key == correlation_key,
    )
    for subscription_id, instance_id in session.execute(waiting).all():
        if deliver(session, subscription_id, instance_id, payload, by=by):
            return 1
    processes = started_by(session, MESSAGE, name)
    for key in processes:
        begin(session, key, payload, by=by)
    return len(processes)


def broadcast(session: Session, name: str, payload: Mapping[str, object]) -> int:
    """Queue a signal for every instance that waits for it now and every process that begins with
    it; workers deliver each by itself.

    Args:
        session: the caller commits.
        name: of the signal.
        payload: becomes variables.

    Returns:
        How many wait for it or begin with it.
    """
    waiting = select(EventSubscription.id, EventSubscription.instance_id).where(
        EventSubscription.kind == SIGNAL, EventSubscription.name == name
    )
    shared = {"payload": dict(payload), "created_at": clock.now()}
    rows: list[dict[str, object]] = [
        {
            "id": new_id(),
            "kind": SIGNAL,
            "name": name,
            "subscription_id": subscription_id,
            "instance_id": instance_id,
            **shared,
        }
        for subscription_id, instance_id in session.execute(waiting)
    ]
    rows += [
        {
            "id": new_id(),
            "kind": START,
            "name": process_key,
            "subscription_id": None,
            "instance_id": None,
            **shared,
        }
        for process_key in started_by(session, SIGNAL, name)
    ]
    if rows:
        session.execute(PendingMessage.__table__.insert(), rows)  # type: ignore[attr-defined]
    return len(rows)


def queue_start(session: Session, process_key: str, payload: Mapping[str, object]) -> None:
    """Queue the start of a process; a worker carries it out, once, after the caller's commit.

    Args:
        session: the caller commits.
        process_key: id of the process.
        payload: its variables.
    """
    row = {"id": new_id(), "kind": START, "name": process_key, "payload": dict(payload)}
    session.execute(
        PendingMessage.__table__.insert(),  # type: ignore[attr-defined]
        [{**row, "subscription_id": None, "instance_id": None, "created_at": clock.now()}],
    )


def queue_message(
    session: Session, name: str, correlation_key: str, payload: Mapping[str, object]
) -> None:
    """Queue a message; a worker delivers it, once, after the caller's commit.

    Args:
        session: the caller commits.
        name: of the message.
        correlation_key: of the message.
        payload: becomes variables.
    """
    row = {"id": new_id(), "kind": MESSAGE, "name": name, "payload": dict(payload)}
    addressed = {**row, "correlation_key": correlation_key, "created_at": clock.now()}
    session.execute(
        PendingMessage.__table__.insert(),  # type: ignore[attr-defined]
        [{**addressed, "subscription_id": None, "instance_id": None}],
    )


def deliver_pending(
    factory: sessionmaker[Session],
    limit: int = 500,
    stopping: Callable[[], bool] = lambda: False,
) -> Swept:
    """Deliver what instances threw, one transaction for each receiver.

    Args:
        factory: makes sessions.
        limit: messages in one sweep.
        stopping: asked before each; when true, the rest waits for the next sweep.
    """
    return leases.carry_out(
        factory,
        PendingMessage,
        PendingMessage.created_at,
        deliver_one,
        _command,
        limit,
        stopping,
    )


def deliver_one(session: Session, message_id: UUID) -> int:
    """Carry out one row: a message is delivered, a signal is split into one row per receiver.

    Returns:
        How many instances took it or were started by it.

    Raises:
        RuleFailed: a rule or job of the receiver failed; the caller rolls back.
    """
    message = session.get(PendingMessage, message_id, with_for_update=True)
    if message is None:
        return 0
    session.execute(delete(PendingMessage).where(PendingMessage.id == message_id))
    if message.subscription_id and message.instance_id:
        receiver = message.subscription_id, message.instance_id
        return deliver(session, *receiver, message.payload, by=None)
    if message.kind == START:
        begin(session, message.name, message.payload)
        return 1
    if message.kind == SIGNAL:
        broadcast(session, message.name, message.payload)
        return 0
    return send_message(session, message.name, message.correlation_key, message.payload, by=None)


def _command(message: PendingMessage) -> Command:
    return Command("deliver", message.instance_id, arguments={"message": str(message.id)})
