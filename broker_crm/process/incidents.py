"""Incidents: a manager sees what failed, and runs the command again or dismisses it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.definitions.published import VersionDamaged
from broker_crm.engine.errors import RuleFailed, StateDamaged
from broker_crm.engine.transition import EventKind
from broker_crm.process.completing import complete
from broker_crm.process.errors import CommandRefused, IncidentNotOpen, ProcessStopped
from broker_crm.process.models import Incident, ProcessEvent, ProcessInstance, Timer
from broker_crm.process.rights import acting_user, require_steering
from broker_crm.process.waiting import deliver, fire_timer


def open_incidents(session: Session) -> list[Incident]:
    """Incidents that wait for a manager, oldest first."""
    statement = select(Incident).where(Incident.resolved_at.is_(None))
    return list(session.scalars(statement.order_by(Incident.raised_at)))


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
    """Close an incident without running anything.

    Raises:
        NotAllowed: only those who steer may.
        IncidentNotOpen: it is already resolved.
    """
    require_steering(acting_user(session, by))
    _resolve(session, _open(session, incident_id), "dismissed", by)


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
        timer = session.get(Timer, UUID(arguments["timer"]))
        if timer is not None:
            timer.parked = False
            timer.attempts = 0
            session.flush()
            fire_timer(session, timer.id)
    elif incident.kind == "deliver" and incident.instance_id:
        deliver(
            session,
            UUID(arguments["subscription"]),
            incident.instance_id,
            arguments["payload"],
            by=incident.actor,
        )
    else:
        raise CommandRefused(f"A command of the kind “{incident.kind}” can't be run again.")


def _resolve(session: Session, incident: Incident, how: str, by: str) -> None:
    incident.resolved_at = clock.now()
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
