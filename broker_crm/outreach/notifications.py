"""Reminders, escalations and news, shown to one person each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.outreach.models import Notification
from broker_crm.people.models import Role, User, UserRole
from broker_crm.process.jobs import Case
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask
from broker_crm.process.rights import kept_from

REMINDER = "reminder"
ESCALATION = "escalation"
ALERT = "alert"
OFFER_OPENED = "offer-opened"


def notify(
    session: Session, kind: str, task: UserTask, case_title: str, logins: Iterable[str]
) -> list[str]:
    """Write a notification for each person; about one task, once a day each.

    Args:
        session: the caller commits.
        kind: 'reminder', 'escalation' or 'offer-opened'.
        task: that it is about.
        case_title: as people know the case.
        logins: whom.

    Returns:
        The logins that had none yet today.
    """
    return _write(
        session,
        f"{kind}:{task.id}",
        logins,
        kind=kind,
        task_id=task.id,
        instance_id=task.instance_id,
        task_name=task.name,
        case_title=case_title,
        due_at=task.due_at,
    )


def alert(
    session: Session,
    case: Case | ProcessInstance,
    element_id: str,
    what: str,
    logins: Iterable[str],
) -> list[str]:
    """Tell people what happened in a case; one thing, once a day each.

    Args:
        session: the caller commits.
        case: the process instance.
        element_id: of the diagram's element that says so.
        what: in words.
        logins: whom.

    Returns:
        The logins that had not been told yet today.
    """
    return _write(
        session,
        f"{ALERT}:{case.id}:{element_id}",
        logins,
        kind=ALERT,
        instance_id=case.id,
        task_name=what[:300],
        case_title=case.title,
    )


def announce(session: Session, what: str, logins: Iterable[str]) -> list[str]:
    """Tell people of something outside any case; once a day each.

    Args:
        session: the caller commits.
        what: code that the page has words and an address for.
        logins: whom.

    Returns:
        The logins that had not been told yet today.
    """
    return _write(session, what, logins, kind=what)


def tell(session: Session, kind: str, about: str, what: str, login: str) -> bool:
    """Tell one person of something outside any case, in words of their own.

    Args:
        session: the caller commits.
        kind: code that the page has an address for.
        about: the same thing is told once a day.
        what: in the person's language.
        login: whom.

    Returns:
        False when the person had been told today.
    """
    return bool(_write(session, f"{kind}:{about}", [login], kind=kind, task_name=what[:300]))


def _write(session: Session, about: str, logins: Iterable[str], **columns: Any) -> list[str]:
    now = clock.now()
    day = now.astimezone(OFFICE).date()
    keys = {login: f"{about}:{day}:{login}" for login in sorted(set(logins))}
    there = set(
        session.scalars(
            select(Notification.dedup_key).where(Notification.dedup_key.in_(keys.values()))
        )
    )
    fresh = [login for login, key in keys.items() if key not in there]
    if fresh and columns.get("instance_id"):
        kept = kept_from(session, columns["instance_id"], fresh)
        fresh = [login for login in fresh if login not in kept]
    session.add_all(
        Notification(login=login, created_at=now, dedup_key=keys[login], **columns)
        for login in fresh
    )
    session.flush()
    return fresh


def active_members(session: Session, role: str) -> list[str]:
    """Logins of the active users who have a role."""
    statement = (
        select(User.login)
        .join(UserRole, UserRole.login == User.login)
        .where(UserRole.role == role, User.active.is_(True))
        .order_by(User.login)
    )
    return list(session.scalars(statement))


def sales_managers(session: Session) -> list[str]:
    """Whom escalations go to."""
    return active_members(session, Role.SALES_MANAGER)


def is_unread(login: str) -> ColumnElement[bool]:
    """Not read by the person yet, and about a task that is still open."""
    task = aliased(UserTask)
    still_open = exists().where(task.id == Notification.task_id, task.status == TaskStatus.OPEN)
    return and_(
        Notification.login == login,
        Notification.read_at.is_(None),
        or_(Notification.task_id.is_(None), still_open),
    )


def unread(session: Session, login: str) -> list[Notification]:
    """What a person has not read yet, newest first."""
    statement = (
        select(Notification)
        .where(is_unread(login))
        .order_by(Notification.created_at.desc(), Notification.id.desc())
    )
    return list(session.scalars(statement))


def mark_read(session: Session, login: str, ids: Iterable[int]) -> None:
    """Mark a person's own notifications as read; others' stay as they are."""
    session.execute(
        update(Notification)
        .where(
            Notification.login == login,
            Notification.id.in_(list(ids)),
            Notification.read_at.is_(None),
        )
        .values(read_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
