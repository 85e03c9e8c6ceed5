"""Who may see and do what, per record: the one table of rights, and queries scoped by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from broker_crm.people.models import Role, User, UserRole
from broker_crm.process.errors import FourEyes, NotAllowed
from broker_crm.process.models import ProcessInstance, UserTask

SEES_EVERY_INSTANCE = frozenset(
    {
        Role.SALES_MANAGER,
        Role.DESIGNER,
        Role.ANALYST,
        Role.COMPLIANCE,
        Role.ADMINISTRATOR,
    }
)
SEES_EVERY_TASK = frozenset({Role.SALES_MANAGER, Role.ADMINISTRATOR})
STEERS = frozenset({Role.SALES_MANAGER, Role.ADMINISTRATOR})
"""May cancel instances, reassign tasks, retry and dismiss incidents."""
MIGRATES = STEERS | {Role.DESIGNER}
"""May move running instances to another version."""
EXPERIMENTS = MIGRATES
"""May start, pause and decide experiments."""
PLANS_EXPERIMENTS = EXPERIMENTS | {Role.ANALYST}
STARTS = frozenset({Role.SALESPERSON, Role.ASSISTANT, Role.SALES_MANAGER, Role.ADMINISTRATOR})
FOUR_EYES = {
    "offer-approval": "offer-preparation",
    "offer-approval-sales": "offer-preparation",
    "contract-approval": "contract-preparation",
    "legal-check": "complaint-decision",
    "remedy-approval": "complaint-decision",
    "answer-check": "complaint-answer",
}
"""Steps that must not be done by the person who did the other step in the same instance."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who gives a command."""

    login: str
    name: str
    roles: frozenset[Role]


Person = User | Actor

ACTOR: tuple[Any, ...] = (
    select(User.name)
    .where(User.login == bindparam("who"), User.active)
    .scalar_subquery()
    .label("actor_name"),
    select(func.aggregate_strings(UserRole.role, ","))
    .where(UserRole.login == bindparam("who"))
    .scalar_subquery()
    .label("actor_roles"),
)
"""Columns that tell of the active user `who`, for a statement that asks for other things too."""
_ACTOR = select(*ACTOR)


def acting_user(session: Session, login: str) -> Actor:
    """The active user behind a login.

    Raises:
        NotAllowed: when there is none, or it is no longer active.
    """
    return actor(login, *session.connection().execute(_ACTOR, {"who": login}).one())


def actor(login: str, name: str | None, roles: str | None) -> Actor:
    """The actor from the columns `ACTOR`.

    Raises:
        NotAllowed: when there is no such active user.
    """
    if name is None:
        raise NotAllowed(f"The user {login} does not exist or is no longer active.")
    return Actor(login, name, frozenset(map(Role, roles.split(","))) if roles else frozenset())


Hiding = Callable[[Person], Select[UUID | None]]
"""Gives the ids of instances that a person may not see whatever their roles; never NULL."""
_hidings: list[Hiding] = []


def hide_cases(hiding: Hiding) -> None:
    """Let an area hide instances from people, such as a complaint from whom it is about."""
    if hiding not in _hidings:
        _hidings.append(hiding)


def _not_hidden(column: Any, user: Person) -> ColumnElement[bool]:
    return and_(true(), *(column.not_in(hiding(user)) for hiding in _hidings))


def kept_from(session: Session, instance_id: UUID, logins: Iterable[str]) -> set[str]:
    """Those of the people from whom an area hides the instance."""
    if not _hidings:
        return set()
    people = session.scalars(select(User).where(User.login.in_(list(logins)))).unique().all()
    return {
        person.login
        for person in people
        if not session.scalar(select(_not_hidden(literal(instance_id, Uuid()), person)))
    }


def visible_tasks(user: Person) -> ColumnElement[bool]:
    """Tasks that the user may see: own, free ones of the own groups, and of own instances."""
    return and_(_visible_tasks(user), _not_hidden(UserTask.instance_id, user))


def _visible_tasks(user: Person) -> ColumnElement[bool]:
    if user.roles & SEES_EVERY_INSTANCE:
        return true()
    groups = [str(role) for role in user.roles]
    return or_(
        UserTask.assignee == user.login,
        and_(UserTask.candidate_group.in_(groups), UserTask.assignee.is_(None)),
        UserTask.completed_by == user.login,
        UserTask.instance_id.in_(
            select(ProcessInstance.id).where(ProcessInstance.owner == user.login)
        ),
    )


def visible_instances(user: Person) -> ColumnElement[bool]:
    """Instances that the user may see: all, or own ones and those with a task of theirs."""
    return and_(_visible_instances(user), _not_hidden(ProcessInstance.id, user))


def _visible_instances(user: Person) -> ColumnElement[bool]:
    if user.roles & SEES_EVERY_INSTANCE:
        return true()
    task = aliased(UserTask)
    groups = [str(role) for role in user.roles if role is not Role.SALESPERSON]
    mine = [task.assignee == user.login, task.completed_by == user.login]
    if groups:
        mine.append(and_(task.candidate_group.in_(groups), task.assignee.is_(None)))
    if Role.SALESPERSON in user.roles:
        queue = and_(task.candidate_group == str(Role.SALESPERSON), task.assignee.is_(None))
        mine.append(queue)
    return or_(
        ProcessInstance.owner == user.login,
        ProcessInstance.started_by == user.login,
        exists().where(task.instance_id == ProcessInstance.id, or_(*mine)),
    )


def workable_tasks(user: Person) -> ColumnElement[bool]:
    """Tasks that the user may take and complete."""
    groups = [str(role) for role in user.roles]
    if not groups:
        return false()
    mine = or_(UserTask.assignee == user.login, UserTask.candidate_group.in_(groups))
    return and_(mine, _not_hidden(UserTask.instance_id, user))


def may_work_on(user: Person, assignee: str | None, candidate_group: str | None) -> bool:
    """May the user take and complete a task with this assignee and group?"""
    return assignee == user.login or candidate_group in {str(role) for role in user.roles}


def may_see_instance(session: Session, user: Person, instance_id: object) -> bool:
    """May the user see this instance?"""
    statement = select(ProcessInstance.id).where(
        ProcessInstance.id == instance_id, visible_instances(user)
    )
    return session.scalar(statement) is not None


def may_see_task(session: Session, user: Person, task_id: object) -> bool:
    """May the user see this task?"""
    statement = select(UserTask.id).where(UserTask.id == task_id, visible_tasks(user))
    return session.scalar(statement) is not None


def may_steer(user: Person) -> bool:
    """May the user cancel, reassign and mend?"""
    return bool(user.roles & STEERS)


def may_experiment(user: Person) -> bool:
    """May the person start, pause and decide experiments?"""
    return bool(user.roles & EXPERIMENTS)


def may_plan_experiments(user: Person) -> bool:
    """May the person plan an experiment, for others to start?"""
    return bool(user.roles & PLANS_EXPERIMENTS)


def may_migrate(user: Person) -> bool:
    """May the user move running instances to another version?"""
    return bool(user.roles & MIGRATES)


def may_start(user: Person) -> bool:
    """May the user start processes?"""
    return bool(user.roles & STARTS)


def require_steering(user: Person) -> None:
    """Refuse everybody but those who steer.

    Raises:
        NotAllowed: naming who may.
    """
    if not may_steer(user):
        raise NotAllowed("Only a sales manager or an administrator may do this.")


def refuse_two_hats(session: Session, user: Person, instance_id: object, step: str) -> None:
    """Keep the four-eyes rule of approvals.

    Raises:
        FourEyes: when the user did the step that is to be approved.
    """
    prepared = FOUR_EYES.get(step)
    if prepared is None:
        return
    latest = session.scalar(
        select(UserTask.completed_by)
        .where(UserTask.instance_id == instance_id, UserTask.step == prepared)
        .where(UserTask.completed_by.is_not(None))
        .order_by(UserTask.completed_at.desc())
        .limit(1)
    )
    if latest == user.login:
        raise FourEyes
