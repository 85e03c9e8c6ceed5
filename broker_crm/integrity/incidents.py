"""Incidents: they point to what exists, are told in the history, and are resolved in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broker_crm.engine.transition import EventKind
from broker_crm.integrity.invariant import holds
from broker_crm.process.models import Incident, ProcessEvent, UserTask


@holds("An incident's task is a task of its instance")
def tasks_are_there(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(Incident.id)
        .outerjoin(UserTask, UserTask.id == Incident.task_id)
        .where(
            Incident.task_id.is_not(None),
            UserTask.instance_id.is_distinct_from(Incident.instance_id),
        )
    )
    for incident_id in session.scalars(wrong):
        yield f"incident {incident_id}", "the task is not there or is of another instance"


@holds("A resolved incident says when and how")
def resolved_in_full(session: Session) -> Iterator[tuple[str, str]]:
    wrong = select(Incident.id).where(
        or_(
            Incident.resolved_at.is_(None) != Incident.resolution.is_(None),
            Incident.resolved_at < Incident.raised_at,
        )
    )
    for incident_id in session.scalars(wrong):
        yield f"incident {incident_id}", "time and manner of its end do not fit"


@holds("An incident of a case is told once in its history")
def told_once(session: Session) -> Iterator[tuple[str, str]]:
    told = Counter(
        session.scalars(
            select(ProcessEvent.value["incident"].as_string()).where(
                ProcessEvent.kind == EventKind.INCIDENT_RAISED
            )
        )
    )
    for incident_id in session.scalars(
        select(Incident.id).where(Incident.instance_id.is_not(None))
    ):
        number = told.pop(str(incident_id), 0)
        if number != 1:
            yield f"incident {incident_id}", f"{number} events {EventKind.INCIDENT_RAISED}"
    for incident in told:
        yield f"incident {incident}", "the history tells of it, but it is not there"


INVARIANTS = (tasks_are_there, resolved_in_full, told_once)
