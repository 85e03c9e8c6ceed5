"""Households and groups of companies: who belongs together, and what they pay."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client, ClientGroup, ClientKind, Policy, PolicyStatus
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.process.plain_text import plain

HOUSEHOLD = "household"
COMPANIES = "companies"


@dataclass(frozen=True, slots=True)
class Member:
    client: Client
    premium: Decimal
    """EUR a year of the policies in force."""


def create(session: Session, client: Client, name: str) -> ClientGroup:
    """Make a household (of a natural person) or a group of companies, with the client in it.

    Raises:
        FormRejected: without a name, or when there is a group of this name.
    """
    name = name.strip()
    if not name:
        raise FormRejected({"name": [FieldError("required")]})
    if any(plain(each.name) == plain(name) for each in of_kind(session, kind_for(client))):
        raise FormRejected({"name": [FieldError("groupNameTaken")]})
    group = ClientGroup(kind=kind_for(client), name=name[:200])
    session.add(group)
    session.flush()
    client.group_id = group.id
    return group


def join(session: Session, client: Client, group_id: int) -> None:
    """Put the client into a group, out of another one.

    Raises:
        FormRejected: there is no such group.
    """
    group = session.get(ClientGroup, group_id)
    if group is None:
        raise FormRejected({"group_id": [FieldError("option")]})
    leave(session, client)
    client.group_id = group.id
    session.flush()


def leave(session: Session, client: Client) -> None:
    """Take the client out of its group; a group without members goes."""
    group_id, client.group_id = client.group_id, None
    session.flush()
    if group_id is None:
        return
    left = session.scalar(select(func.count()).where(Client.group_id == group_id))
    if not left:
        session.delete(session.get_one(ClientGroup, group_id))
        session.flush()


def members(session: Session, group_id: int) -> list[Member]:
    """The group's clients by name, each with the yearly premium of its policies in force."""
    premium = (
        select(Policy.client_id, func.sum(Policy.premium).label("premium"))
        .where(Policy.status == PolicyStatus.ACTIVE)
        .group_by(Policy.client_id)
        .subquery()
    )
    rows = session.execute(
        select(Client, premium.c.premium)
        .outerjoin(premium, premium.c.client_id == Client.id)
        .where(Client.group_id == group_id, Client.merged_into.is_(None))
        .order_by(Client.sort_name)
    )
    return [Member(client, Decimal(str(paid or 0))) for client, paid in rows]


def of_kind(session: Session, kind: str) -> list[ClientGroup]:
    """Groups of a kind, by name."""
    found = select(ClientGroup).where(ClientGroup.kind == kind).order_by(ClientGroup.name)
    return list(session.scalars(found))


def kind_for(client: Client) -> str:
    return HOUSEHOLD if client.kind == ClientKind.NATURAL else COMPANIES
