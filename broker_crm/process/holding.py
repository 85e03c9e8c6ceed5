"""Who holds a task: take, give back, open, keep a draft, hand over."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.engine.transition import EventKind, HappenedEvent
from broker_crm.process import recording
from broker_crm.process.errors import (
    NoQueue,
    NotInGroup,
    SubmissionRejected,
    TaskAlreadyCompleted,
    TaskNoLongerOpen,
    TaskNotFound,
    TaskTaken,
)
from broker_crm.process.loading import load_instance, load_task
from broker_crm.process.models import TaskStatus, UserTask
from broker_crm.process.recording import Work
from broker_crm.process.rights import Actor, acting_user, may_work_on, require_steering

MAX_DRAFT_FIELDS = 500


def claim(session: Session, task_id: UUID, *, by: str) -> UserTask:
    """Take a task from the group's queue; taking one's own task again changes nothing.

    Raises:
        TaskNotFound, TaskAlreadyCompleted, TaskNoLongerOpen: as for `complete`.
        TaskTaken: another person was faster.
    """
    task, user = _open_task(session, task_id, by)
    if task.assignee == user.login:
        return task
    if task.assignee is not None:
        raise TaskTaken(task.assignee)
    task.assignee = user.login
    task.claimed_at = clock.now()
    _write(session, task, EventKind.TASK_CLAIMED, by)
    return task


def release(session: Session, task_id: UUID, *, by: str) -> UserTask:
    """Give a task back to its group.

    Raises:
        TaskTaken: another person holds it.
        NoQueue: it belongs to no group.
    """
    task, user = _open_task(session, task_id, by)
    if task.assignee is None:
        return task
    if task.assignee != user.login:
        raise TaskTaken(task.assignee)
    if task.candidate_group is None:
        raise NoQueue
    task.assignee = None
    task.claimed_at = None
    _write(session, task, EventKind.TASK_RELEASED, by)
    return task


def open_task(session: Session, task_id: UUID, *, by: str) -> UserTask:
    """Note the first touch of a task by the person who holds it."""
    task, user = _open_task(session, task_id, by)
    if task.assignee == user.login and task.started_at is None:
        task.started_at = clock.now()
        _write(session, task, EventKind.TASK_STARTED, by)
    return task


def save_draft(
    session: Session, task_id: UUID, values: Mapping[str, object], *, by: str
) -> UserTask:
    """Keep what the person has typed so far; it is not checked yet.

    Raises:
        TaskTaken: another person holds the task.
        SubmissionRejected: far too many fields.
    """
    task, user = _open_task(session, task_id, by)
    if task.assignee not in (None, user.login):
        raise TaskTaken(task.assignee or "")
    if len(values) > MAX_DRAFT_FIELDS:
        raise SubmissionRejected({"": ["The draft has too many fields."]})
    task.draft = dict(values)
    task.draft_saved_at = clock.now()
    return task


def reassign(session: Session, task_id: UUID, to: str, *, by: str) -> UserTask:
    """Hand a task to another person; managers may hand over everybody's, others their own.

    Raises:
        NotAllowed: the other person could not work on it, or the task is not one's own.
    """
    task, user = _open_task(session, task_id, by, steering=True)
    if task.assignee != user.login:
        require_steering(user)
    other = acting_user(session, to)
    if not may_work_on(other, to, task.candidate_group) or (
        task.candidate_group and task.candidate_group not in {str(r) for r in other.roles}
    ):
        raise NotInGroup(other.name)
    before, task.assignee = task.assignee, to
    task.claimed_at = clock.now()
    _write(session, task, EventKind.TASK_REASSIGNED, by, {"from": before, "to": to})
    return task


def _open_task(
    session: Session, task_id: UUID, by: str, *, steering: bool = False
) -> tuple[UserTask, Actor]:
    _loaded, _instance, user = load_task(session, task_id, by)
    task = session.get_one(UserTask, task_id, populate_existing=True)
    allowed = may_work_on(user, task.assignee, task.candidate_group)
    if not allowed and not steering:
        raise TaskNotFound(task_id)
    if task.status == TaskStatus.COMPLETED:
        raise TaskAlreadyCompleted(task.completed_by, task.completed_at)
    if task.status != TaskStatus.OPEN:
        raise TaskNoLongerOpen
    return task, user


def _write(
    session: Session, task: UserTask, kind: EventKind, by: str, value: object = None
) -> None:
    instance = load_instance(session, task.instance_id)
    session.flush()
    event = HappenedEvent(
        kind,
        element_id=task.element_id,
        element_name=task.name,
        element_type="userTask",
        task_id=task.id,
        value=value,
        loop_number=task.loop_number,
    )
    recording.write_events(Work(session, instance, by), event)
