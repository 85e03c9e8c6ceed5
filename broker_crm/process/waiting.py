"""Lets a timer fire and a message arrive, and cancels instances: one transaction each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from broker_crm.definitions.published import compiled
from broker_crm.engine import commands as engine
from broker_crm.engine import steering
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.errors import NothingWaits
from broker_crm.engine.transition import EventKind, HappenedEvent, Transition
from broker_crm.process import recording
from broker_crm.process.errors import InstanceEnded
from broker_crm.process.loading import load_instance
from broker_crm.process.models import Timer, UserTask
from broker_crm.process.recording import Work
from broker_crm.process.rights import acting_user, require_steering

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Until when reminders of a paused task are held back; resuming lets them go."""
REMINDING = frozenset({"remind", "escalate"})
"""Jobs that only tell people of a step that waits for them."""


def fire_timer(session: Session, timer_id: UUID) -> Transition | None:
    """Let a due timer fire.

    Args:
        session: the caller commits.
        timer_id: row of the timer.

    Returns:
        What happened; None when the timer is gone or not due, which changes nothing, or when it
        reminds of a paused task and waits for its end.

    Raises:
        RuleFailed: a rule or job failed; the caller rolls back.
    """
    timer = session.get(Timer, timer_id)
    if timer is None:
        return None
    try:
        instance = load_instance(session, timer.instance_id)
    except InstanceEnded:
        session.execute(delete(Timer).where(Timer.id == timer_id))
        return None
    work = Work(session, instance, None)
    process = compiled(session, instance.version_id)
    if held_back(session, process, timer):
        return None
    try:
        state, transition = engine.fire_timer(process, instance.state, timer_id, work.around)
    except NothingWaits:
        unknown_to_state = delete(Timer).where(Timer.id == timer_id, Timer.due_at <= work.at)
        session.execute(unknown_to_state)
        return None
    session.expunge(timer)
    recording.record(work, state, transition)
    return transition


def held_back(session: Session, process: CompiledProcess, timer: Timer) -> bool:
    """Keep a reminder of a paused task from firing, however it came to be tried."""
    if timer.host_task_id is None:
        return False
    paused = select(UserTask.element_id).where(
        UserTask.id == timer.host_task_id, UserTask.pause_reason.is_not(None)
    )
    host = session.connection().execute(paused).scalar_one_or_none()
    if host is None or timer.element_id not in steering.reminders(process, host, REMINDING):
        return False
    session.execute(update(Timer).where(Timer.id == timer.id).values(not_before=NEVER))
    return True


def deliver(
    session: Session,
    subscription_id: UUID,
    instance_id: UUID,
    payload: Mapping[str, object],
    *,
    by: str | None,
) -> int:
    """Deliver to one subscription; 0 when it no longer waits."""
    try:
        instance = load_instance(session, instance_id)
        work = Work(session, instance, by)
        process = compiled(session, instance.version_id)
        state, transition = engine.deliver(
            process, instance.state, subscription_id, payload, work.around
        )
    except (InstanceEnded, NothingWaits):
        return 0
    recording.record(work, state, transition)
    return 1


def cancel(session: Session, instance_id: UUID, reason: str, *, by: str) -> None:
    """Cancel a running instance with everything that it waits for.

    Raises:
        NotAllowed: only those who steer may.
        InstanceNotFound, InstanceEnded: there is nothing to cancel.
    """
    require_steering(acting_user(session, by))
    instance = load_instance(session, instance_id)
    instance.case.outcome = instance.case.outcome or "cancelled"
    instance.case.reason = reason[:500]
    instance.case.words.append(reason)
    work = Work(session, instance, by)
    process = compiled(session, instance.version_id)
    state, transition = engine.cancel(process, instance.state, work.around)

    def details(event: HappenedEvent) -> dict[str, Any]:
        return {"reason": reason[:500]} if event.kind == EventKind.INSTANCE_CANCELLED else {}

    recording.record(work, state, transition, details)
    session.execute(
        update(UserTask)
        .where(UserTask.instance_id == instance_id, UserTask.status == "cancelled")
        .values(draft=None)
    )
