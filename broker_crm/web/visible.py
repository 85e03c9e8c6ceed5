"""Records by their id, for those who may know of them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.people.models import User
from broker_crm.process.models import UserTask
from broker_crm.process.rights import visible_tasks
from broker_crm.web.errors import NotFound


def task(session: Session, user: User, task_id: UUID) -> UserTask:
    """The task, when the user may know of it.

    Raises:
        NotFound: otherwise.
    """
    found = session.scalar(select(UserTask).where(UserTask.id == task_id, visible_tasks(user)))
    if found is None:
        raise NotFound
    return found
