"""Open tasks as those who steer look for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask
from broker_crm.process.plain_text import plain
from broker_crm.process.rights import visible_tasks

NOBODY = "-"
"""In place of a login: tasks that nobody has taken."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks; everything may be left out."""

    assignee: str | None = None
    """A login, or `NOBODY`."""
    team: str | None = None
    process_key: str | None = None
    step: str | None = None
    late: bool = False
    paused: bool = False
    search: str | None = None
    """Words of the case's title or the step's name, whatever their accents."""


def open_tasks(
    session: Session, user: User, wanted: Wanted, *, limit: int, offset: int = 0
) -> Sequence[UserTask]:
    """Open tasks that the user may know of, the first due first."""
    found = (
        select(UserTask)
        .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .where(UserTask.status == TaskStatus.OPEN, visible_tasks(user))
        .order_by(UserTask.due_at.nulls_last(), UserTask.id)
    )
    if wanted.assignee == NOBODY:
        found = found.where(UserTask.assignee.is_(None))
    elif wanted.assignee:
        found = found.where(UserTask.assignee == wanted.assignee)
    if wanted.team:
        members = select(User.login).where(User.team_key == wanted.team)
        found = found.where(UserTask.assignee.in_(members))
    if wanted.process_key:
        found = found.where(ProcessInstance.process_key == wanted.process_key)
    if wanted.step:
        found = found.where(UserTask.step == wanted.step)
    if wanted.late:
        found = found.where(UserTask.due_at < clock.now())
    if wanted.paused:
        found = found.where(UserTask.pause_reason.is_not(None))
    for word in (wanted.search or "").split()[:6]:
        found = found.where(
            or_(
                ProcessInstance.search_title.contains(plain(word), autoescape=True),
                UserTask.search_name.contains(plain(word), autoescape=True),
            )
        )
    return session.scalars(found.offset(offset).limit(limit)).all()
