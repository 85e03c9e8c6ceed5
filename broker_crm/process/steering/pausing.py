"""Pauses a task while nobody can work on it, and resumes it: the due date moves later."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from broker_crm.engine import steering as engine
from broker_crm.engine.transition import EventKind
from broker_crm.process import recording
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import SubmissionRejected
from broker_crm.process.models import (
    PauseReason,
    ProcessEvent,
    TaskPause,
    TaskStatus,
    Timer,
    UserTask,
)
from broker_crm.process.steering.due_dates import keep_first_due
from broker_crm.process.steering.opening import LONGEST_REASON, Opened, open_task
from broker_crm.process.steering.refusals import AlreadyPaused, NotPaused
from broker_crm.process.waiting import NEVER


def pause(session: Session, task_id: UUID, reason: str, note: str = "", *, by: str) -> ProcessEvent:
    """Pause an open task: its reminders and escalations are held back.

    Only timers whose path does nothing but remind or escalate wait; deadlines and legal terms of
    the diagram go on.

    Args:
        session: the caller commits.
        task_id: the open task.
        reason: one of `PauseReason`.
        note: more about it.
        by: login of the assignee or of one who steers.

    Raises:
        TaskNotFound, TaskAlreadyCompleted, TaskNoLongerOpen, NotAllowed: as for `open_task`.
        SubmissionRejected: the reason is not one of the list; 'other' needs a note.
        AlreadyPaused: it is paused.
    """
    note = note.strip()[:LONGEST_REASON]
    if reason not in set(PauseReason):
        listed = ", ".join(PauseReason)
        raise SubmissionRejected({"reason": [f"Choose one of: {listed}."]})
    if reason == PauseReason.OTHER and not note:
        raise SubmissionRejected({"note": ["Field is required."]})
    opened = open_task(session, task_id, by, own=True)
    task = opened.task
    if task.pause_reason is not None:
        raise AlreadyPaused
    task.pause_reason = reason
    made = TaskPause(
        task_id=task.id,
        instance_id=task.instance_id,
        reason=reason,
        note=note,
        from_at=opened.work.at,
        paused_by=by,
    )
    session.add(made)
    session.flush()
    hold_reminders(opened)
    value = {"pause": str(made.id), "why": reason}
    return opened.write(EventKind.TASK_PAUSED, value, note or None)


def hold_reminders(opened: Opened) -> None:
    """Let no reminder of the task come due."""
    opened.session.execute(
        update(Timer)
        .where(
            Timer.host_task_id == opened.task.id,
            Timer.element_id.in_(opened.reminding),
            Timer.parked.is_(False),
        )
        .values(not_before=NEVER)
        .execution_options(synchronize_session=False)
    )


def resume(session: Session, task_id: UUID, *, by: str) -> ProcessEvent:
    """End a pause.

    A due date that came from a time standard, and the reminders, move later by the office hours
    of the pause, or of the part of it after somebody set the date. A due date that the diagram
    takes from the case, such as the time of a meeting, stays.

    Args:
        session: the caller commits.
        task_id: the paused task.
        by: login of the assignee or of one who steers.

    Returns:
        The event; its value has `from` and `to` of the due date, the `pause` and its `seconds`.

    Raises:
        TaskNotFound, TaskAlreadyCompleted, TaskNoLongerOpen, NotAllowed: as for `open_task`.
        NotPaused: it is not paused.
        Outrun: another command was faster.
    """
    return _resume(open_task(session, task_id, by, own=True), by)


def resume_if_paused(session: Session, task_id: UUID, *, by: str) -> None:
    """End the pause of a task that is about to be completed, so that its lateness is fair.

    The completion that follows in the same transaction asks whether the person may complete it.
    """
    paused = select(UserTask.pause_reason).where(
        UserTask.id == task_id, UserTask.status == TaskStatus.OPEN
    )
    if session.connection().execute(paused).scalar_one_or_none() is not None:
        _resume(open_task(session, task_id, by, completing=True), by)


def _resume(opened: Opened, by: str) -> ProcessEvent:
    session, task = opened.session, opened.task
    running = select(TaskPause).where(TaskPause.task_id == task.id, TaskPause.until_at.is_(None))
    ended = session.scalars(running).one_or_none()
    if ended is None:
        raise NotPaused
    ended.until_at, ended.resumed_by = opened.work.at, by
    task.pause_reason = None
    calendar = company_calendar(session)
    seconds = calendar.working_seconds(_counted_from(session, ended), opened.work.at)
    before, due = task.due_at, None
    if before is not None and seconds and not opened.process.elements[task.element_id].due_date:
        due = calendar.later(before, seconds)
        keep_first_due(task)
        task.due_at = due
    state, transition = engine.resume(
        opened.process,
        opened.instance.state,
        task.id,
        due,
        seconds,
        opened.work.around,
        opened.reminding,
    )
    session.flush()
    recording.record(opened.work, state, transition)
    _let_reminders_go(opened)
    value = {
        "pause": str(ended.id),
        "why": ended.reason,
        "seconds": seconds,
        "from": before.isoformat() if before else None,
        "to": task.due_at.isoformat() if task.due_at else None,
    }
    return opened.write(EventKind.TASK_RESUMED, value, None)


def _counted_from(session: Session, pause: TaskPause) -> datetime:
    """Since when the pause moves the due date: a date that was set during it counts from then."""
    last = session.scalar(
        select(func.max(ProcessEvent.at)).where(
            ProcessEvent.task_id == pause.task_id,
            ProcessEvent.kind == EventKind.TASK_DUE_CHANGED,
        )
    )
    return pause.from_at if last is None else max(pause.from_at, last)


def _let_reminders_go(opened: Opened) -> None:
    opened.session.execute(
        update(Timer)
        .where(Timer.host_task_id == opened.task.id, Timer.not_before == NEVER)
        .values(not_before=None, lease_until=None, attempts=0)
        .execution_options(synchronize_session=False)
    )
