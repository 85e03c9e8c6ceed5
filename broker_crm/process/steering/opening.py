"""Opens a task or a case for a command of those who steer, and writes what was done."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.published import compiled
from broker_crm.engine import steering as engine
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.transition import EventKind, HappenedEvent
from broker_crm.process import recording
from broker_crm.process.errors import (
    InstanceNotFound,
    SubmissionRejected,
    TaskAlreadyCompleted,
    TaskNoLongerOpen,
    TaskNotFound,
)
from broker_crm.process.loading import LoadedInstance, load_instance, load_task
from broker_crm.process.models import ProcessEvent, TaskStatus, UserTask
from broker_crm.process.recording import Work
from broker_crm.process.rights import (
    acting_user,
    may_see_instance,
    may_see_task,
    require_steering,
)
from broker_crm.process.waiting import REMINDING

LONGEST_REASON = 500


@dataclass(slots=True)
class Opened:
    """A task under lock, ready to be steered."""

    session: Session
    task: UserTask
    instance: LoadedInstance
    process: CompiledProcess
    work: Work

    @property
    def reminding(self) -> frozenset[str]:
        """Timers of the task that only remind."""
        return engine.reminders(self.process, self.task.element_id, REMINDING)

    def write(self, kind: EventKind, value: object, reason: str | None) -> ProcessEvent:
        """Write the event that tells what was done to the task."""
        task = self.task
        event = HappenedEvent(
            kind,
            element_id=task.element_id,
            element_name=task.name,
            element_type="userTask",
            task_id=task.id,
            value=value,
            loop_number=task.loop_number,
        )
        return write(self.work, event, reason)


def open_task(
    session: Session, task_id: UUID, by: str, *, own: bool = False, completing: bool = False
) -> Opened:
    """Lock an open task.

    Args:
        session: the caller commits.
        task_id: the task.
        by: login.
        own: whether the assignee may do it too, not only those who steer.
        completing: whether it is part of a completion, which asks for rights itself.

    Raises:
        TaskNotFound, TaskAlreadyCompleted, TaskNoLongerOpen: there is no such open task.
        NotAllowed: the person may not do it.
    """
    _loaded, instance, user = load_task(session, task_id, by)
    if not may_see_task(session, user, task_id):
        raise TaskNotFound(task_id)
    task = session.get_one(UserTask, task_id, populate_existing=True)
    if not (completing or (own and task.assignee == user.login)):
        require_steering(user)
    if task.status == TaskStatus.COMPLETED:
        raise TaskAlreadyCompleted(task.completed_by, task.completed_at)
    if task.status != TaskStatus.OPEN:
        raise TaskNoLongerOpen
    process = compiled(session, instance.version_id)
    return Opened(session, task, instance, process, Work(session, instance, by))


def open_case(session: Session, instance_id: UUID, by: str) -> tuple[Work, CompiledProcess]:
    """Lock a running case for one who steers.

    Raises:
        InstanceNotFound, InstanceEnded: there is no such running case.
        NotAllowed: only those who steer may.
    """
    user = acting_user(session, by)
    require_steering(user)
    instance = load_instance(session, instance_id)
    if not may_see_instance(session, user, instance_id):
        raise InstanceNotFound(instance_id)
    return Work(session, instance, by), compiled(session, instance.version_id)


def write(work: Work, event: HappenedEvent, reason: str | None) -> ProcessEvent:
    """Write one event of a command that holds the case, and give its row."""
    work.session.flush()
    recording.write_events(work, event, reason=reason)
    return last_event(work.session, work.instance.id, event.kind)


def last_event(session: Session, instance_id: UUID, kind: EventKind) -> ProcessEvent:
    """The newest event of a kind; while the case is locked it is one's own."""
    newest = (
        select(ProcessEvent)
        .where(ProcessEvent.instance_id == instance_id, ProcessEvent.kind == kind)
        .order_by(ProcessEvent.id.desc())
        .limit(1)
    )
    return session.scalars(newest).one()


def reason_of(text: str) -> str:
    """A reason without blanks around it.

    Raises:
        SubmissionRejected: it is missing.
    """
    reason = text.strip()[:LONGEST_REASON]
    if not reason:
        raise SubmissionRejected({"reason": ["Field is required."]})
    return reason
