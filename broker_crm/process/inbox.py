"""The inbox: tasks of a person and of the person's groups, filtered, sorted and in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask
from broker_crm.process.plain_text import plain
from broker_crm.process.rights import SEES_EVERY_TASK, visible_tasks, workable_tasks

MOST = 200


class Scope(StrEnum):
    MINE = "mine"
    GROUP = "group"
    """Unassigned tasks of the person's groups."""
    ALL = "all"
    """Everything that the person may see."""


class Due(StrEnum):
    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"


class Sort(StrEnum):
    DUE = "due"
    NEWEST = "newest"
    CLIENT = "client"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; everything may be left out."""

    status: str = TaskStatus.OPEN
    process_key: str | None = None
    step: str | None = None
    due: Due | None = None
    search: str | None = None
    """Part of the client's or case's title or the step's name; accents do not matter."""
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One task as the inbox shows it."""

    task: UserTask
    case_title: str
    process_key: str
    late_days: int
    """Working days after the due day, today; 0 when in time."""


@dataclass(frozen=True, slots=True)
class Page:
    items: list[InboxItem]
    total: int
    next: str | None
    """Cursor of the next page; None on the last."""


def tasks(
    session: Session,
    user: User,
    scope: Scope = Scope.MINE,
    filters: Filters | None = None,
    *,
    sort: Sort = Sort.DUE,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """A page of the inbox.

    Args:
        session: for reading.
        user: whose inbox.
        scope: own tasks, the group's queue, or all.
        filters: what to show.
        sort: order; due date first by default.
        limit: tasks on a page, 200 at most.
        cursor: from the page before.
    """
    filters = filters or Filters()
    limit = max(1, min(limit, MOST))
    offset = _offset(cursor)
    where = _where(session, user, scope, filters)
    total = session.scalar(_joined(select(func.count())).where(*where)) or 0
    columns: Any = select(UserTask, ProcessInstance.title, ProcessInstance.process_key)
    statement = _joined(columns)
    rows = session.execute(
        statement.where(*where).order_by(*_order(sort)).offset(offset).limit(limit)
    )
    calendar = company_calendar(session)
    now = clock.now()
    items = [
        InboxItem(task, title, key, _late_days(calendar, task, now)) for task, title, key in rows
    ]
    reached = offset + len(items)
    return Page(items, total, str(reached) if reached < total else None)


def count_open(session: Session, user: User) -> dict[str, int]:
    """Open tasks by scope, and how many of one's own are overdue."""
    mine = and_(UserTask.assignee == user.login, UserTask.status == TaskStatus.OPEN)
    queue = and_(
        UserTask.assignee.is_(None),
        UserTask.status == TaskStatus.OPEN,
        UserTask.candidate_group.in_([str(role) for role in user.roles]),
    )
    overdue = and_(mine, UserTask.due_at < clock.now())
    counts = session.execute(
        select(
            func.count().filter(mine),
            func.count().filter(queue),
            func.count().filter(overdue),
        ).where(UserTask.status == TaskStatus.OPEN)
    ).one()
    return {"mine": counts[0], "group": counts[1], "overdue": counts[2]}


def next_task(session: Session, user: User, instance_id: UUID | None = None) -> UserTask | None:
    """What to offer after a completion: a task of the same case, else the next one due."""
    mine = (UserTask.assignee == user.login, UserTask.status == TaskStatus.OPEN)
    if instance_id is not None:
        same = session.scalar(
            select(UserTask)
            .where(*mine, UserTask.instance_id == instance_id)
            .order_by(UserTask.due_at)
            .limit(1)
        )
        if same is not None:
            return same
    return session.scalar(
        select(UserTask).where(*mine).order_by(UserTask.due_at.nulls_last()).limit(1)
    )


def steps_in_use(session: Session, user: User) -> list[tuple[str, str]]:
    """Step keys and names among the open tasks that the user may see."""
    rows = session.execute(
        select(UserTask.step, func.min(UserTask.name))
        .where(UserTask.status == TaskStatus.OPEN, visible_tasks(user))
        .group_by(UserTask.step)
        .order_by(func.min(UserTask.name))
    )
    return [(step, name) for step, name in rows]


def _joined(statement: Select[Any]) -> Select[Any]:
    return statement.select_from(UserTask).join(
        ProcessInstance, ProcessInstance.id == UserTask.instance_id
    )


def _where(
    session: Session, user: User, scope: Scope, filters: Filters
) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [UserTask.status == filters.status]
    if scope is Scope.MINE:
        found.append(UserTask.assignee == user.login)
    elif scope is Scope.GROUP:
        found.append(UserTask.assignee.is_(None))
        found.append(workable_tasks(user))
    elif user.roles & SEES_EVERY_TASK:
        pass
    else:
        found.append(visible_tasks(user))
    if filters.process_key:
        found.append(ProcessInstance.process_key == filters.process_key)
    if filters.step:
        found.append(UserTask.step == filters.step)
    if filters.assignee:
        found.append(UserTask.assignee == filters.assignee)
    if filters.due is not None:
        found.append(_due(session, filters.due))
    if filters.search:
        found.append(_matches(filters.search))
    return found


def _due(session: Session, due: Due) -> ColumnElement[bool]:
    now = clock.now()
    if due is Due.OVERDUE:
        return UserTask.due_at < now
    calendar = company_calendar(session)
    local = now.astimezone(calendar.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    days = 1 if due is Due.TODAY else 7
    return and_(UserTask.due_at >= midnight, UserTask.due_at < midnight + timedelta(days=days))


def _matches(text: str) -> ColumnElement[bool]:
    words = [word for word in text.split() if word][:6]
    return and_(
        *(
            or_(
                ProcessInstance.search_title.contains(plain(word), autoescape=True),
                UserTask.search_name.contains(plain(word), autoescape=True),
            )
            for word in words
        )
    )


def _order(sort: Sort) -> list[ColumnElement[Any]]:
    due = UserTask.due_at.nulls_last()
    orders: dict[Sort, list[Any]] = {
        Sort.DUE: [due, UserTask.created_at],
        Sort.NEWEST: [UserTask.created_at.desc()],
        Sort.CLIENT: [ProcessInstance.title, due],
        Sort.STEP: [UserTask.name, due],
    }
    return [*orders[sort], UserTask.id]


def _offset(cursor: str | None) -> int:
    return int(cursor) if cursor and cursor.isdigit() and len(cursor) < 10 else 0


def _late_days(calendar: Any, task: UserTask, now: datetime) -> int:
    if task.due_at is None:
        return 0
    return int(calendar.late_days(task.due_at, task.completed_at or now))
