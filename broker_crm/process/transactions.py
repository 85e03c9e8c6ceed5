"""One command, one transaction; what fails leaves an incident instead of half a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.definitions.published import VersionDamaged
from broker_crm.engine.errors import RuleFailed, StateDamaged
from broker_crm.engine.transition import EventKind
from broker_crm.process.errors import Outrun, ProcessStopped
from broker_crm.process.models import Incident, ProcessEvent, ProcessInstance, UserTask

Result = TypeVar("Result")
ATTEMPTS = 3


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

    A command that another one overtook is run again, a few times.

    Args:
        factory: makes sessions.
        work: the command.
        command: for the incident, should a rule of the process fail.

    Raises:
        ProcessStopped: when a rule or job failed; an incident tells what and where.
        Outrun: when others were faster each time.
    """
    for _ in range(ATTEMPTS):
        try:
            with factory.begin() as session:
                return work(session)
        except Outrun:
            continue
        except (RuleFailed, StateDamaged, VersionDamaged) as error:
            with factory.begin() as session:
                incident = raise_incident(session, command, error)
                reason = str(error)
            raise ProcessStopped(incident.id, reason) from error
    raise Outrun


def raise_incident(session: Session, command: Command, error: Exception) -> Incident:
    """Write an incident and the event that tells of it."""
    element_id = getattr(error, "element_id", None)
    element_name = getattr(error, "element_name", None)
    instance_id = command.instance_id
    if instance_id is None and command.task_id is not None:
        instance_id = session.scalar(
            select(UserTask.instance_id).where(UserTask.id == command.task_id)
        )
    incident = Incident(
        instance_id=instance_id,
        kind=command.kind,
        task_id=command.task_id,
        element_id=element_id,
        element_name=element_name,
        message=str(error),
        command=command.arguments,
        actor=command.actor,
        raised_at=clock.now(),
    )
    session.add(incident)
    session.flush()
    instance = session.get(ProcessInstance, instance_id) if instance_id else None
    if instance is not None:
        session.add(
            ProcessEvent(
                instance_id=instance.id,
                version_id=instance.version_id,
                kind=EventKind.INCIDENT_RAISED,
                at=clock.now(),
                actor=command.actor,
                element_id=element_id,
                element_name=element_name,
                task_id=command.task_id,
                value={"incident": str(incident.id), "message": str(error)},
            )
        )
        session.flush()
    return incident
