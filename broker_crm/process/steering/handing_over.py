"""Hands a task over to a person, or to whoever of its group has the most free time."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.engine.transition import EventKind
from broker_crm.people.models import Absence, User, UserRole
from broker_crm.process import holding
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import NotInGroup
from broker_crm.process.models import ProcessEvent, TaskStatus, UserTask
from broker_crm.process.rights import kept_from
from broker_crm.process.steering.opening import last_event, open_task, reason_of
from broker_crm.process.steering.refusals import NobodyFree

USUAL_MINUTES = 30.0
"""Of a task whose step has no standard."""


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
        NotInGroup: the person does not belong to the group, or may not know of the case.
    """
    told = reason_of(reason)
    opened = open_task(session, task_id, by)
    if kept_from(session, opened.task.instance_id, [to]):
        name = session.scalar(select(User.name).where(User.login == to))
        raise NotInGroup(name or to)
    holding.reassign(session, task_id, to, by=by)
    session.flush()
    event = last_event(session, opened.task.instance_id, EventKind.TASK_REASSIGNED)
    session.execute(update(ProcessEvent).where(ProcessEvent.id == event.id).values(reason=told))
    return event


def spread(session: Session, task_id: UUID, reason: str, *, by: str) -> ProcessEvent:
    """Hand an open task to the person of its group who has the least to do.

    Those who are absent today, and the present assignee, are left out. Called for one task after
    the other it spreads them, since each sees what the one before was given.

    Raises:
        As `hand_over`.
        NobodyFree: nobody else of the group is there.
    """
    opened = open_task(session, task_id, by)
    task = opened.task
    loads = dict(work_load(session, task.candidate_group))
    for login in {task.assignee or "", *kept_from(session, task.instance_id, loads)}:
        loads.pop(login, None)
    if not loads:
        raise NobodyFree
    return hand_over(session, task_id, min(loads, key=lambda who: (loads[who], who)), reason, by=by)


def work_load(session: Session, group: str | None) -> Mapping[str, float]:
    """Standard minutes of the open tasks of each active, present person of a group.

    A task that is paused takes no time now. Without a group: of everybody.
    """
    today = company_calendar(session).local_day(clock.now())
    away = select(Absence.login).where(Absence.first_day <= today, Absence.last_day >= today)
    members = select(User.login).where(User.active, User.login.not_in(away))
    if group is not None:
        members = members.where(
            User.login.in_(select(UserRole.login).where(UserRole.role == group))
        )
    minutes = (
        select(
            UserTask.assignee,
            func.sum(func.coalesce(UserTask.standard_minutes, USUAL_MINUTES)),
        )
        .where(
            UserTask.status == TaskStatus.OPEN,
            UserTask.assignee.is_not(None),
            UserTask.pause_reason.is_(None),
        )
        .group_by(UserTask.assignee)
    )
    busy = {login: float(total) for login, total in session.execute(minutes)}
    return {login: busy.get(login, 0.0) for login in session.scalars(members)}
