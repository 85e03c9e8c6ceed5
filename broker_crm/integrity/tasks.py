"""User tasks and the events of their birth and end: exactly one of each, saying the same."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from broker_crm.engine.transition import EventKind
from broker_crm.integrity.invariant import holds
from broker_crm.process.models import (
    ProcessEvent,
    ProcessInstance,
    TaskPause,
    TaskStatus,
    UserTask,
)
from broker_crm.process.rights import FOUR_EYES


def _counted(kind: EventKind, expected: ColumnElement[int]) -> Select[UUID, int]:
    """Tasks that do not have as many events of a kind as they should."""
    events = (
        select(ProcessEvent.task_id, func.count().label("number"))
        .where(ProcessEvent.kind == kind, ProcessEvent.task_id.is_not(None))
        .group_by(ProcessEvent.task_id)
        .subquery()
    )
    number = func.coalesce(events.c.number, 0)
    return (
        select(UserTask.id, number)
        .outerjoin(events, events.c.task_id == UserTask.id)
        .where(number != expected)
    )


def _once_if(status: TaskStatus) -> ColumnElement[int]:
    return case((UserTask.status == status, 1), else_=0)


@holds("A completed task has one event")
def completed_once(session: Session) -> Iterator[tuple[str, str]]:
    wrong = _counted(EventKind.TASK_COMPLETED, _once_if(TaskStatus.COMPLETED))
    for task_id, number in session.execute(wrong):
        yield f"task {task_id}", f"{number} events of its completion"


@holds("A completion and its event tell of the same person, time and outcome")
def completions_agree(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(UserTask.id)
        .join(
            ProcessEvent,
            and_(
                ProcessEvent.task_id == UserTask.id,
                ProcessEvent.kind == EventKind.TASK_COMPLETED,
            ),
        )
        .where(
            UserTask.status == TaskStatus.COMPLETED,
            or_(
                UserTask.completed_by.is_distinct_from(ProcessEvent.actor),
                UserTask.completed_at.is_distinct_from(ProcessEvent.at),
                UserTask.outcome.is_distinct_from(ProcessEvent.outcome),
            ),
        )
    )
    for task_id in session.scalars(wrong):
        yield f"task {task_id}", "they differ"


@holds("A task has one event of its creation")
def created_once(session: Session) -> Iterator[tuple[str, str]]:
    for task_id, number in session.execute(_counted(EventKind.TASK_CREATED, literal(1))):
        yield f"task {task_id}", f"{number} events of its creation"


@holds("A cancelled task has one event")
def cancelled_once(session: Session) -> Iterator[tuple[str, str]]:
    wrong = _counted(EventKind.TASK_CANCELLED, _once_if(TaskStatus.CANCELLED))
    for task_id, number in session.execute(wrong):
        yield f"task {task_id}", f"{number} events of its cancelling"


@holds("An open task has not ended, an ended one has")
def status_and_end_agree(session: Session) -> Iterator[tuple[str, str]]:
    is_open = UserTask.status == TaskStatus.OPEN
    wrong = select(UserTask.id, UserTask.status).where(
        or_(
            UserTask.status.not_in(list(TaskStatus)),
            and_(is_open, UserTask.completed_at.is_not(None)),
            and_(~is_open, UserTask.completed_at.is_(None)),
            and_(UserTask.status == TaskStatus.COMPLETED, UserTask.completed_by.is_(None)),
        )
    )
    for task_id, status in session.execute(wrong):
        yield f"task {task_id}", f"it is {status}"


@holds("An open task is of the version that its case runs on")
def open_tasks_are_of_their_version(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(UserTask.id, UserTask.version_id, ProcessInstance.version_id)
        .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .where(
            UserTask.status == TaskStatus.OPEN,
            UserTask.version_id != ProcessInstance.version_id,
        )
    )
    for task_id, own, of_case in session.execute(wrong):
        yield f"task {task_id}", f"it is of version {own}, its case of {of_case}"


@holds("A task is paused while a pause of it has no end, and only while it is open")
def pauses_agree(session: Session) -> Iterator[tuple[str, str]]:
    pauses = (
        select(TaskPause.task_id, func.count().label("number"))
        .where(TaskPause.until_at.is_(None))
        .group_by(TaskPause.task_id)
        .subquery()
    )
    paused = and_(UserTask.status == TaskStatus.OPEN, UserTask.pause_reason.is_not(None))
    number = func.coalesce(pauses.c.number, 0)
    wrong = (
        select(UserTask.id, number)
        .outerjoin(pauses, pauses.c.task_id == UserTask.id)
        .where(number != case((paused, 1), else_=0))
    )
    for task_id, found in session.execute(wrong):
        yield f"task {task_id}", f"{found} pauses without an end"


@holds("Nobody approved their own work")
def four_eyes_saw(session: Session) -> Iterator[tuple[str, str]]:
    made, approved = aliased(UserTask), aliased(UserTask)
    pairs = [
        and_(approved.step == approval, made.step == making)
        for approval, making in FOUR_EYES.items()
    ]
    wrong = (
        select(approved.id, approved.completed_by)
        .join(made, made.instance_id == approved.instance_id)
        .where(
            or_(*pairs),
            approved.status == TaskStatus.COMPLETED,
            made.status == TaskStatus.COMPLETED,
            approved.completed_by == made.completed_by,
        )
        .distinct()
    )
    for task_id, login in session.execute(wrong):
        yield f"task {task_id}", f"{login} did both steps"


INVARIANTS = (
    completed_once,
    completions_agree,
    created_once,
    cancelled_once,
    status_and_end_agree,
    open_tasks_are_of_their_version,
    pauses_agree,
    four_eyes_saw,
)
