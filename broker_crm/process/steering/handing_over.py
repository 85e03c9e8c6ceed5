"""Hands a task over to a person, or to whoever of its group has the most free time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.engine.transition import EventKind
from broker_crm.people.models import Absence, User, UserRole
from broker_crm.process import holding
from broker_crm.process.available_time import available_minutes, weeks_from
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import NotInGroup
from broker_crm.process.models import ProcessEvent, TaskStatus, UserTask
from broker_crm.process.rights import kept_from
from broker_crm.process.steering.opening import last_event, open_task, reason_of
from broker_crm.process.steering.refusals import NobodyFree, NoSuchPerson

USUAL_MINUTES = 30.0
"""Of a task whose step has no standard."""
AHEAD = timedelta(weeks=4)
"""Who has time later than that is not looked at."""


def hand_over(session: Session, task_id: UUID, to: str, reason: str, *, by: str) -> ProcessEvent:
    """Hand an open task to a person of its group.

    Args:
        session: the caller commits.
        task_id: the open task.
        to: login.
        reason: why, for those who read it later.
        by: login of one who steers.

    Raises:
        TaskNotFound, TaskAlreadyCompleted, TaskNoLongerOpen, NotAllowed: as for `open_task`.
        SubmissionRejected: there is no reason.
        NoSuchPerson: nobody active has the login.
        NotInGroup: the person does not belong to the group, or may not know of the case.
    """
    told = reason_of(reason)
    opened = open_task(session, task_id, by)
    name = session.scalar(select(User.name).where(User.login == to, User.active))
    if name is None:
        raise NoSuchPerson(to)
    if kept_from(session, opened.task.instance_id, [to]):
        raise NotInGroup(name)
    holding.reassign(session, task_id, to, by=by)
    session.flush()
    event = last_event(session, opened.task.instance_id, EventKind.TASK_REASSIGNED)
    session.execute(update(ProcessEvent).where(ProcessEvent.id == event.id).values(reason=told))
    return event


def spread(session: Session, task_id: UUID, reason: str, *, by: str) -> ProcessEvent:
    """Hand an open task to the person of its group who has the most free time.

    Those who are absent today, and the present assignee, are left out. Called for one task after
    the other it spreads them, since each sees what the one before was given.

    Raises:
        As `hand_over`.
        NobodyFree: nobody else of the group is there.
    """
    opened = open_task(session, task_id, by)
    task = opened.task
    free = dict(free_minutes(session, task.candidate_group, task.due_at))
    for login in {task.assignee or "", *kept_from(session, task.instance_id, free)}:
        free.pop(login, None)
    if not free:
        raise NobodyFree
    to = min(free, key=lambda login: (-free[login], login))
    return hand_over(session, task_id, to, reason, by=by)


def free_minutes(
    session: Session, group: str | None, until: datetime | None = None
) -> Mapping[str, float]:
    """Office time less the standard time of open tasks, of each active, present person of a group.

    Time counts as it does for the workload: the calendar less absences and meetings, from today to
    the end of this week, or of the week of `until` where that is later, at most four weeks ahead.
    So does the work due by then or at no time. A task that is paused takes no time now.

    Args:
        session: reads only.
        group: key of the role; None for everybody.
        until: aware instant.
    """
    calendar = company_calendar(session)
    now = clock.now()
    today = calendar.local_day(now)
    last = min(calendar.local_day(until or now), today + AHEAD)
    weeks = weeks_from(today, last)
    away = select(Absence.login).where(Absence.first_day <= today, Absence.last_day >= today)
    members = select(User.login).where(User.active, User.login.not_in(away))
    if group is not None:
        members = members.where(
            User.login.in_(select(UserRole.login).where(UserRole.role == group))
        )
    people = list(session.scalars(members))
    end = datetime.combine(weeks[-1].last + timedelta(days=1), time(), calendar.zone)
    minutes = (
        select(
            UserTask.assignee,
            func.sum(func.coalesce(UserTask.standard_minutes, USUAL_MINUTES)),
        )
        .where(
            UserTask.status == TaskStatus.OPEN,
            UserTask.assignee.in_(people),
            UserTask.pause_reason.is_(None),
            or_(UserTask.due_at.is_(None), UserTask.due_at < end.astimezone(UTC)),
        )
        .group_by(UserTask.assignee)
    )
    busy = {login: float(total) for login, total in session.execute(minutes)}
    there_is = available_minutes(session, calendar, people, weeks, now)
    return {login: sum(there_is[login]) - busy.get(login, 0.0) for login in people}
