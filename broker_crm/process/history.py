"""An instance's history: what happened, the path taken, and time per step against the standard."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.definitions.published import compiled
from broker_crm.engine.transition import EventKind
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessEvent, ProcessInstance, TaskStatus, UserTask

DAY_SECONDS = 8 * 3600
"""Working seconds of a full office day."""


@dataclass(frozen=True, slots=True)
class StepTime:
    """One user task of the instance against its standards."""

    task: UserTask
    waiting_days: float
    """Working days from created to first touched, or to now."""
    working_days: float
    """Working days from first touched to completed, or to now."""
    late_days: int

    @property
    def total_days(self) -> float:
        return self.waiting_days + self.working_days

    @property
    def over_standard(self) -> bool:
        return self.late_days > 0


@dataclass(frozen=True, slots=True)
class Path:
    """What the diagram shows of an instance."""

    visited: dict[str, int]
    """Element id to how often it was passed."""
    flows: dict[str, int]
    """Sequence flow id to how often it was taken."""
    active: tuple[str, ...]
    late: tuple[str, ...]
    """Active elements that are overdue."""


def instance_history(session: Session, instance_id: UUID) -> list[ProcessEvent]:
    """All events of an instance in the order in which they happened."""
    statement = select(ProcessEvent).where(ProcessEvent.instance_id == instance_id)
    return list(session.scalars(statement.order_by(ProcessEvent.id)))


def step_times(session: Session, instance_id: UUID) -> list[StepTime]:
    """Every user task of the instance with waiting, working and lateness in working days."""
    calendar = company_calendar(session)
    now = clock.now()
    statement = select(UserTask).where(UserTask.instance_id == instance_id)
    found = []
    for task in session.scalars(statement.order_by(UserTask.created_at, UserTask.name)):
        ended = task.completed_at or now
        began = task.started_at or ended
        found.append(
            StepTime(
                task,
                calendar.working_seconds(task.created_at, began) / DAY_SECONDS,
                calendar.working_seconds(began, ended) / DAY_SECONDS,
                calendar.late_days(task.due_at, ended) if task.due_at else 0,
            )
        )
    return found


def path_taken(session: Session, instance: ProcessInstance) -> Path:
    """Elements and flows that the instance passed, and where it stands."""
    process = compiled(session, instance.version_id)
    visited: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for event in instance_history(session, instance.id):
        if event.element_id is None:
            continue
        if event.kind == EventKind.ELEMENT_PASSED and isinstance(event.value, dict):
            taken.update(event.value.get("flows", []))
        if event.kind in {EventKind.ELEMENT_PASSED, EventKind.TASK_COMPLETED}:
            visited[event.element_id] += 1
    active = session.scalars(
        select(UserTask).where(
            UserTask.instance_id == instance.id, UserTask.status == TaskStatus.OPEN
        )
    ).all()
    reached = {**visited, **{task.element_id: 1 for task in active}}
    for flow in process.flows.values():
        source = process.elements[flow.source]
        plain = not source.type.endswith("Gateway") or source.type == "eventBasedGateway"
        if plain and flow.source in visited and flow.target in reached:
            taken[flow.id] = visited[flow.source]
    now = clock.now()
    return Path(
        dict(visited),
        dict(taken),
        tuple(task.element_id for task in active),
        tuple(task.element_id for task in active if task.due_at and task.due_at < now),
    )
