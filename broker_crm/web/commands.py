"""Commands on processes as the web gives them: one transaction each, incidents kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy.orm import Session

from broker_crm import metrics, process
from broker_crm.bell import Bell
from broker_crm.crm import cases
from broker_crm.engine.transition import Transition
from broker_crm.process import Command, Completed, Started, run_command, steering
from broker_crm.process.models import ProcessInstance
from broker_crm.settings import Settings
from broker_crm.web import database

Result = TypeVar("Result")
BELL = "broker_crm.bell"
WAKES_WORKER = frozenset({"serviceTask", "sendTask", "endEvent", "intermediateThrowEvent"})
"""Elements that may have queued a letter or thrown a message."""


def set_up(app: Flask, settings: Settings) -> None:
    app.extensions[BELL] = Bell(settings.redis_url)


def start(
    process_key: str, variables: Mapping[str, object], *, by: str, key: str | None = None
) -> Started:
    """Start a process for a client; with the same key once only.

    Raises:
        KeyUsedOtherwise: the key was for another start.
        CaseRejected: with messages by field.
        NotPublished: there is no such process.
        ProcessStopped: a rule failed on the way to the first task.
    """

    arguments = {"process": process_key, "variables": dict(variables)}

    def work(session: Session) -> Started:
        def begin() -> Started:
            return cases.start_case(session, process_key, variables, by=by)

        return process.start_once(session, key, arguments, begin, by=by)

    command = Command("start", None, None, by, arguments)
    with metrics.command("start"):
        started = run_command(database.factory(), work, command)
    _after(started.transition)
    return started


def complete(
    task_id: UUID,
    values: Mapping[str, object],
    *,
    by: str,
    actual_minutes: float | None = None,
) -> Completed:
    """Complete a task.

    Raises:
        CommandRefused: nothing has changed.
        FormRejected: with messages by field.
        ProcessStopped: a rule failed; an incident tells of it.
    """

    def work(session: Session) -> Completed:
        steering.resume_if_paused(session, task_id, by=by)
        return process.complete(session, task_id, values, by=by, actual_minutes=actual_minutes)

    command = Command("complete", None, task_id, by, {"values": dict(values)})
    with metrics.command("complete"):
        completed = run_command(database.factory(), work, command)
    _after(completed.transition)
    return completed


def send_message(
    name: str, correlation_key: str | None, payload: Mapping[str, object], *, by: str
) -> int:
    """Deliver a message; gives back how many instances took it."""

    def work(session: Session) -> int:
        return process.send_message(session, name, correlation_key, payload, by=by)

    arguments = {"name": name, "correlation_key": correlation_key, "payload": dict(payload)}
    command = Command("send-message", None, None, by, arguments)
    with metrics.command("send-message"):
        taken = run_command(database.factory(), work, command)
    ring()
    return taken


def report(instance_id: UUID, element_id: str, *, by: str) -> bool:
    """Let an event of a case happen; false when the case no longer waits for it.

    Raises:
        NotAllowed: the person or the diagram doesn't allow it.
        ProcessStopped: a rule failed; an incident tells of it.
    """

    def work(session: Session) -> bool:
        instance = session.get_one(ProcessInstance, instance_id)
        return process.report(session, instance, element_id, by=by)

    command = Command("report", instance_id, None, by, {"element": element_id})
    with metrics.command("report"):
        happened = run_command(database.factory(), work, command)
    database.reread()
    ring()
    return happened


def steer(
    work: Callable[[Session], Result],
    *,
    by: str,
    instance_id: UUID | None = None,
    task_id: UUID | None = None,
) -> Result:
    """Steer one task or one case.

    Args:
        work: the command, see `broker_crm.process.steering`.
        by: login of one who steers, or who holds the task.
        instance_id: the case; found by the task where it is not given.
        task_id: the task.

    Raises:
        CommandRefused: nothing has changed.
        ProcessStopped: a rule failed; an incident tells of it.
    """
    with metrics.command("steer"):
        result = run_command(database.factory(), work, Command("steer", instance_id, task_id, by))
    database.reread()
    ring()
    return result


def ring() -> None:
    """Tell the worker that something may be due."""
    bell: Bell = current_app.extensions[BELL]
    bell.ring()


def _after(transition: Transition) -> None:
    database.reread()
    if any(event.element_type in WAKES_WORKER for event in transition.events):
        ring()
