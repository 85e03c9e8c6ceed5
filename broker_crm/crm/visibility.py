"""Whose records of the brokerage a person may read: those of the clients whom the person may see.

The same rule as `may_see_client`, as a condition for lists: managers and those who serve all see
every client; a salesperson sees own clients, those that nobody owns, and those of an own task.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from broker_crm.crm.clients import SEES_EVERY_CLIENT, may_see_client
from broker_crm.crm.models import Client
from broker_crm.people.models import Role
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask
from broker_crm.process.rights import Person

READS_CASES = SEES_EVERY_CLIENT | {Role.SALESPERSON}
"""May read what was typed and written in a case that they see, where they may see its client;
others see only how it ran."""


def visible_clients(user: Person) -> ColumnElement[bool]:
    """Clients whom the person may see."""
    if user.roles & SEES_EVERY_CLIENT:
        return true()
    with_own_task = select(UserTask.client_id).where(
        UserTask.assignee == user.login,
        UserTask.status == TaskStatus.OPEN,
        UserTask.client_id.is_not(None),
    )
    return or_(
        Client.owner == user.login,
        Client.deputy == user.login,
        Client.owner.is_(None),
        Client.id.in_(with_own_task),
    )


def of_visible_client(
    user: Person, client_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
) -> ColumnElement[bool]:
    """Records whose client the person may see.

    Args:
        user: the reader.
        client_id: the record's column that names the client.
    """
    if user.roles & SEES_EVERY_CLIENT:
        return true()
    return client_id.in_(select(Client.id).where(visible_clients(user)))


def may_see_client_id(session: Session, user: Person, client_id: int | None) -> bool:
    """May the person see the client with this id?"""
    client = session.get(Client, client_id) if client_id is not None else None
    return client is not None and may_see_client(session, user, client)


def readable_cases(user: Person) -> ColumnElement[bool]:
    """Of the cases that the person may see, those whose data and words the person may read."""
    if user.roles & SEES_EVERY_CLIENT:
        return true()
    if not user.roles & READS_CASES:
        return false()
    client_id = ProcessInstance.client_id
    return or_(client_id.is_(None), of_visible_client(user, client_id))


def may_read_case(session: Session, user: Person, instance_id: UUID) -> bool:
    """May the person, who may see the case, read its data and words?"""
    found = select(ProcessInstance.id).where(ProcessInstance.id == instance_id)
    return session.scalar(found.where(readable_cases(user))) is not None
