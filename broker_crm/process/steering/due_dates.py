"""Gives an open task another due date; its reminders move along."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import CLOSES, CLOSES_SHORT
from broker_crm.engine import steering as engine
from broker_crm.engine.transition import EventKind
from broker_crm.process import recording
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessEvent, UserTask
from broker_crm.process.steering.opening import Opened, open_task, reason_of
from broker_crm.process.steering.refusals import DueOutOfRange

FARTHEST = timedelta(days=2 * 366)


def change_due(
    session: Session, task_id: UUID, due: datetime, reason: str, *, by: str
) -> ProcessEvent:
    """Give an open task another due date.

    What the diagram reckons from the due date of the step moves along: reminders, escalations
    and deadlines such as “at due()”. Timers with an instant of their own stay.

    Args:
        session: the caller commits.
        task_id: the open task.
        due: aware; later than now, at most two years away.
        reason: why, for those who read it later.
        by: login of one who steers.

    Returns:
        The event; its value has `from` and `to`, ISO instants in UTC.

    Raises:
        TaskNotFound, TaskAlreadyCompleted, TaskNoLongerOpen, NotAllowed: as for `open_task`.
        SubmissionRejected: there is no reason.
        DueOutOfRange: the date is past or too far away.
        Outrun: another command was faster.
    """
    told = reason_of(reason)
    opened = open_task(session, task_id, by)
    if not clock.now() < due <= clock.now() + FARTHEST:
        raise DueOutOfRange(due)
    return set_due(opened, due, told)


def set_due(opened: Opened, due: datetime, reason: str) -> ProcessEvent:
    """Write another due date of a task under lock, whatever it is."""
    task = opened.task
    state, transition = engine.change_due(
        opened.process, opened.instance.state, task.id, due, opened.work.around, opened.reminding
    )
    before = task.due_at
    keep_first_due(task)
    task.due_at = due
    opened.session.flush()
    recording.record(opened.work, state, transition)
    value = {"from": before.isoformat() if before else None, "to": due.isoformat()}
    return opened.write(EventKind.TASK_DUE_CHANGED, value, reason)


def keep_first_due(task: UserTask) -> None:
    """Remember the due date before it moves for the first time."""
    if task.first_due_at is None:
        task.first_due_at = task.due_at


def due_after(session: Session, task: UserTask, working_days: int) -> datetime:
    """The due date so many working days later; reckoned from today where the task is late.

    Raises:
        ValueError: outside the years that the calendar covers.
    """
    calendar = company_calendar(session)
    now = clock.now()
    start = task.due_at if task.due_at and task.due_at > now else None
    if start is not None:
        return calendar.shift(start, working_days)
    return calendar.due_at(now, working_days) if working_days >= 0 else now


def due_on(session: Session, day: date) -> datetime:
    """When the office closes on a day, in UTC."""
    calendar = company_calendar(session)
    closing = CLOSES_SHORT if day in calendar.short else CLOSES
    return datetime.combine(day, closing, calendar.zone).astimezone(UTC)
