"""Incidents: a manager sees what failed, and runs the command again or dismisses it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.definitions.published import VersionDamaged
from broker_crm.engine.errors import RuleFailed, StateDamaged
from broker_crm.engine.transition import EventKind
from broker_crm.process.completing import complete
from broker_crm.process.errors import CommandRefused, IncidentNotOpen, ProcessStopped
from broker_crm.process.messages import deliver_one, send_message
from broker_crm.process.models import (
    Incident,
    PendingMessage,
    ProcessEvent,
    ProcessInstance,
    TaskStatus,
    UserTask,
)
from broker_crm.process.rights import acting_user, require_steering
from broker_crm.process.waiting import fire_timer

RUNS_AGAIN = frozenset({"complete", "fire-timer", "deliver", "send-message"})
"""Kinds of commands that can be run again from their incident."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of one incident in a bulk command."""

    incident_id: UUID
    error: Exception | None = None
    """None when it went well; else why not."""


def open_incidents(session: Session) -> list[Incident]:
    """Incidents that wait for a manager, oldest first."""
    statement = select(Incident).where(Incident.resolved_at.is_(None))
    return list(session.scalars(statement.order_by(Incident.raised_at, Incident.id)))


def retry_incident(factory: sessionmaker[Session], incident_id: UUID, *, by: str) -> None:
    """Run the failed command again, in the name of the person who gave it.

    Raises:
        NotAllowed: only those who steer may.
        IncidentNotOpen: it is already resolved.
        ProcessStopped: it failed again; the incident stays open with the new reason.
        CommandRefused: the command no longer applies.
    """
    try:
        with factory.begin() as session:
            require_steering(acting_user(session, by))
            incident = _open(session, incident_id)
            _run_again(session, incident)
            _resolve(session, incident, "retried", by)
    except (RuleFailed, StateDamaged, VersionDamaged) as error:
        with factory.begin() as session:
            incident = _open(session, incident_id)
            incident.message = str(error)
        raise ProcessStopped(incident_id, str(error)) from error


def dismiss_incident(session: Session, incident_id: UUID, *, by: str) -> None:
    """Close an incident without running anything; a message that it held is given up.

    Raises:
        NotAllowed: only those who steer may.
        IncidentNotOpen: it is already resolved.
    """
    require_steering(acting_user(session, by))
    incident = _open(session, incident_id)
    if incident.kind == "deliver":
        message = UUID(incident.command["message"])
        session.execute(delete(PendingMessage).where(PendingMessage.id == message))
    _resolve(session, incident, "dismissed", by)


def retry_incidents(
    factory: sessionmaker[Session], incident_ids: Iterable[UUID], *, by: str
) -> list[Settled]:
    """Run several again, each by itself: what fails holds up none of the others."""
    settled = []
    for incident_id in incident_ids:
        try:
            retry_incident(factory, incident_id, by=by)
        except (CommandRefused, ProcessStopped) as error:
            settled.append(Settled(incident_id, error))
        else:
            settled.append(Settled(incident_id))
    return settled


def dismiss_incidents(
    factory: sessionmaker[Session], incident_ids: Iterable[UUID], *, by: str
) -> list[Settled]:
    """Dismiss several, each by itself."""
    settled = []
    for incident_id in incident_ids:
        try:
            with factory.begin() as session:
                dismiss_incident(session, incident_id, by=by)
        except CommandRefused as error:
            settled.append(Settled(incident_id, error))
        else:
            settled.append(Settled(incident_id))
    return settled


def close_overtaken(factory: sessionmaker[Session]) -> int:
    """Close incidents of completions whose task is open no more: somebody found another way.

    Returns:
        How many.
    """
    task_is_open = exists().where(
        UserTask.id == Incident.task_id, UserTask.status == TaskStatus.OPEN
    )
    overtaken = select(Incident.id).where(
        Incident.resolved_at.is_(None), Incident.kind == "complete", ~task_is_open
    )
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        found = list(session.scalars(overtaken))
    for incident_id in found:
        with factory.begin() as session:
            incident = session.get_one(Incident, incident_id, with_for_update=True)
            if incident.resolved_at is None:
                _resolve(session, incident, "overtaken", None)
    return len(found)


def _open(session: Session, incident_id: UUID) -> Incident:
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None or incident.resolved_at is not None:
        raise IncidentNotOpen
    return incident


def _run_again(session: Session, incident: Incident) -> None:
    arguments = incident.command
    if incident.kind == "complete" and incident.task_id and incident.actor:
        complete(session, incident.task_id, arguments["values"], by=incident.actor)
    elif incident.kind == "fire-timer":
        fire_timer(session, UUID(arguments["timer"]))
    elif incident.kind == "deliver":
        deliver_one(session, UUID(arguments["message"]))
    elif incident.kind == "send-message":
        name, key = arguments["name"], arguments["correlation_key"]
        send_message(session, name, key, arguments["payload"], by=incident.actor)
    else:
        raise CommandRefused(f"A command of the kind “{incident.kind}” can't be run again.")


def _resolve(session: Session, incident: Incident, how: str, by: str | None) -> None:
    incident.resolved_at = max(clock.now(), incident.raised_at)
    incident.resolved_by = by
    incident.resolution = how
    instance = session.get(ProcessInstance, incident.instance_id) if incident.instance_id else None
    if instance is not None:
        session.add(
            ProcessEvent(
                instance_id=instance.id,
                version_id=instance.version_id,
                kind=EventKind.INCIDENT_RESOLVED,
                at=clock.now(),
                actor=by,
                element_id=incident.element_id,
                element_name=incident.element_name,
                task_id=incident.task_id,
                value={"incident": str(incident.id), "resolution": how},
            )
        )
