"""One command, one transaction; what fails leaves an incident instead of half a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import sleep
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.definitions.published import VersionDamaged
from broker_crm.engine.errors import RuleFailed, StateDamaged
from broker_crm.engine.transition import EventKind
from broker_crm.process.errors import Outrun, ProcessStopped
from broker_crm.process.models import Incident, ProcessEvent, ProcessInstance, UserTask

Result = TypeVar("Result")
ATTEMPTS = 3
REST = 0.05
"""Seconds before the second attempt after a deadlock, twice as many before the third: the winner
ends first."""
BROKEN_OFF = frozenset({"40001", "40P01"})
"""PostgreSQL gave up a transaction for another one's sake: serialization failure, deadlock."""


@dataclass(frozen=True, slots=True)
class Command:
    """What an incident needs to tell and to run the command again."""

    kind: str
    """'complete', 'fire-timer', 'deliver' or 'start'."""
    instance_id: UUID | None
    """Found by the task where it is not given."""
    task_id: UUID | None = None
    actor: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)


def run_command(
    factory: sessionmaker[Session],
    work: Callable[[Session], Result],
    command: Command,
) -> Result:
    """Run a command in a transaction of its own, and commit.

    A command that another one overtook or locked out, or that lost its connection, is run again, a
    few times; but never when the connection was lost in the commit, for then it may have happened.

    Args:
        factory: makes sessions.
        work: the command.
        command: for the incident, should a rule of the process fail.

    Raises:
        ProcessStopped: when a rule or job failed; an incident tells what and where.
        Outrun: when others were faster each time.
    """
    for attempt in range(1, ATTEMPTS + 1):
        committing = False
        try:
            with factory() as session:
                result = work(session)
                session.flush()
                committing = True
                session.commit()
                return result
        except Outrun:
            continue
        except OperationalError as error:
            if not _may_be_repeated(error, committing, attempt):
                raise
            sleep(REST * attempt)
        except (RuleFailed, StateDamaged, VersionDamaged) as error:
            with factory.begin() as session:
                incident = raise_incident(session, command, error)
                reason = str(error)
            raise ProcessStopped(incident.id, reason) from error
    raise Outrun


def _may_be_repeated(error: DBAPIError, committing: bool, attempt: int) -> bool:
    if error.connection_invalidated:
        return not committing and attempt < ATTEMPTS
    return getattr(error.orig, "sqlstate", None) in BROKEN_OFF


def raise_incident(session: Session, command: Command, error: Exception) -> Incident:
    """Write an incident and the event that tells of it.

    The same command that fails again renews its open incident instead of adding one.
    """
    instance_id = command.instance_id
    if instance_id is None and command.task_id is not None:
        instance_id = session.scalar(
            select(UserTask.instance_id).where(UserTask.id == command.task_id)
        )
    known = _open_already(session, command, instance_id)
    incident = known or Incident(kind=command.kind, instance_id=instance_id)
    incident.task_id = command.task_id
    incident.element_id = getattr(error, "element_id", None)
    incident.element_name = getattr(error, "element_name", None)
    incident.message = str(error)
    incident.command = command.arguments
    incident.actor = command.actor
    incident.raised_at = clock.now()
    if known is None:
        session.add(incident)
        session.flush()
        _tell(session, incident)
    session.flush()
    return incident


def _open_already(session: Session, command: Command, instance_id: UUID | None) -> Incident | None:
    if instance_id is None:
        return None
    open_ones = select(Incident).where(
        Incident.instance_id == instance_id,
        Incident.kind == command.kind,
        Incident.resolved_at.is_(None),
    )
    for incident in session.scalars(open_ones):
        if command.task_id is not None and command.kind == "complete":
            same = incident.task_id == command.task_id and incident.actor == command.actor
        else:
            same = incident.command == command.arguments
        if same:
            return incident
    return None


def _tell(session: Session, incident: Incident) -> None:
    instance = session.get(ProcessInstance, incident.instance_id) if incident.instance_id else None
    if instance is not None:
        session.add(
            ProcessEvent(
                instance_id=instance.id,
                version_id=instance.version_id,
                kind=EventKind.INCIDENT_RAISED,
                at=clock.now(),
                actor=incident.actor,
                element_id=incident.element_id,
                element_name=incident.element_name,
                task_id=incident.task_id,
                value={"incident": str(incident.id), "message": incident.message},
            )
        )
