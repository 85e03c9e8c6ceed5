"""Timers and messages that wait for workers: none is stuck without anybody knowing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.integrity.invariant import holds
from broker_crm.process.models import (
    Incident,
    PendingMessage,
    ProcessInstance,
    Timer,
    UserTask,
)

LONG = timedelta(hours=1)
"""Lateness that a living worker does not reach."""


@holds("A parked timer has an incident")
def parked_timers_are_told(session: Session) -> Iterator[tuple[str, str]]:
    told = set(session.scalars(_named("fire-timer", "timer")))
    for timer_id in session.scalars(select(Timer.id).where(Timer.parked)):
        if str(timer_id) not in told:
            yield f"timer {timer_id}", "it is parked and no incident tells of it"


@holds("A parked message has an open incident")
def parked_messages_are_told(session: Session) -> Iterator[tuple[str, str]]:
    told = set(session.scalars(_named("deliver", "message").where(Incident.resolved_at.is_(None))))
    for message_id in session.scalars(select(PendingMessage.id).where(PendingMessage.parked)):
        if str(message_id) not in told:
            yield f"message {message_id}", "it is parked and no incident tells of it"


@holds("A timer on a task hangs on a task of its instance")
def hosts_are_there(session: Session) -> Iterator[tuple[str, str]]:
    host = exists().where(
        UserTask.id == Timer.host_task_id, UserTask.instance_id == Timer.instance_id
    )
    wrong = select(Timer.id).where(Timer.host_task_id.is_not(None), ~host)
    for timer_id in session.scalars(wrong):
        yield f"timer {timer_id}", "the task is not there"


@holds("A due timer fires soon", warning=True)
def due_timers_fire(session: Session) -> Iterator[tuple[str, str]]:
    stopped = exists().where(
        Incident.instance_id == Timer.instance_id, Incident.resolved_at.is_(None)
    )
    late = (
        select(Timer.id, Timer.due_at)
        .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
        .where(
            Timer.due_at < clock.now() - LONG,
            or_(Timer.not_before.is_(None), Timer.not_before < clock.now() - LONG),
            Timer.parked.is_(False),
            ~stopped,
        )
        .order_by(Timer.due_at)
        .limit(100)
    )
    for timer_id, due_at in session.execute(late):
        yield f"timer {timer_id}", f"due since {due_at:%Y-%m-%d %H:%M}Z; does the worker run?"


def _named(kind: str, argument: str) -> Select[str]:
    return select(Incident.command[argument].as_string()).where(Incident.kind == kind)


INVARIANTS = (parked_timers_are_told, parked_messages_are_told, hosts_are_there, due_timers_fire)
