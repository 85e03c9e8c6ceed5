"""Finds clients, and tells the facts about one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, or_, select, true
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import Client, ClientStatus, Consent, ContactPerson, Interaction
from broker_crm.people.models import Role, User
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask
from broker_crm.process.plain_text import plain
from broker_crm.process.rights import Person

MOST = 50
ROLES_FIRST = ("director", "self")
SEES_EVERY_CLIENT = frozenset(
    {
        Role.SALES_MANAGER,
        Role.ASSISTANT,
        Role.PRODUCT_MANAGER,
        Role.COMPLAINTS_HANDLER,
        Role.COMPLIANCE,
        Role.ADMINISTRATOR,
    }
)


@dataclass(frozen=True, slots=True)
class ClientCard:
    """One client with what surrounds it."""

    client: Client
    contact: ContactPerson | None
    """Whom to address first."""
    consents: list[Consent]
    interactions: list[Interaction]
    """Newest first."""
    cases: list[ProcessInstance]
    """Newest first."""


def client_card(session: Session, client_id: int) -> ClientCard | None:
    """Facts and history of a client; None when there is no such client."""
    client = session.get(Client, client_id)
    if client is None:
        return None
    consents = session.scalars(
        select(Consent).where(Consent.client_id == client_id).order_by(Consent.given_at)
    )
    interactions = session.scalars(
        select(Interaction)
        .where(Interaction.client_id == client_id)
        .order_by(Interaction.at.desc())
        .limit(MOST)
    )
    cases = session.scalars(
        select(ProcessInstance)
        .where(ProcessInstance.client_id == client_id)
        .order_by(ProcessInstance.started_at.desc())
        .limit(MOST)
    )
    return ClientCard(
        client, first_contact(client), list(consents), list(interactions), list(cases)
    )


def search_clients(session: Session, text: str, user: User, limit: int = MOST) -> list[Client]:
    """Clients whose name, code or e-mail holds every word; accents do not matter.

    Salespeople find their own clients and those that nobody owns.
    """
    statement = select(Client).where(Client.merged_into.is_(None), Client.erased_at.is_(None))
    if not user.roles & SEES_EVERY_CLIENT:
        own = or_(Client.owner == user.login, Client.deputy == user.login)
        statement = statement.where(or_(own, Client.owner.is_(None)))
    for word in text.split()[:6]:
        needle = plain(word)
        statement = statement.where(
            or_(
                Client.search_name.contains(needle, autoescape=True),
                Client.code.contains(needle, autoescape=True),
                Client.email.contains(needle, autoescape=True),
            )
        )
    return list(session.scalars(statement.order_by(Client.sort_name, Client.id).limit(limit)))


def may_see_client(session: Session, user: Person, client: Client) -> bool:
    """May the user open this client's card: an own client, nobody's, or one of an own task?"""
    if user.roles & SEES_EVERY_CLIENT or client.owner in (None, user.login):
        return True
    if client.deputy == user.login:
        return True
    own_task = select(UserTask.id).where(
        UserTask.client_id == client.id,
        UserTask.assignee == user.login,
        UserTask.status == TaskStatus.OPEN,
    )
    return session.scalar(own_task.limit(1)) is not None


def first_contact(client: Client) -> ContactPerson | None:
    """The contact person to address: the director or the client in person, else the first."""
    reachable = [contact for contact in client.contacts if contact.bounced_at is None]
    for contact in reachable:
        if contact.role in ROLES_FIRST:
            return contact
    return reachable[0] if reachable else None


def may_be_contacted(session: Session, client: Client, channel: str = "any") -> bool:
    """Is there a permission for marketing that was given and not withdrawn?

    Args:
        session: only read.
        client: whose.
        channel: 'email' or 'phone'; 'any' asks whether there is a permission for some channel.
    """
    now = clock.now()
    statement = select(Consent.id).where(
        Consent.client_id == client.id,
        true() if channel == "any" else Consent.channel.in_((channel, "any")),
        Consent.purpose == "marketing",
        and_(
            Consent.given_at <= now,
            or_(Consent.withdrawn_at.is_(None), Consent.withdrawn_at > now),
        ),
    )
    return session.scalars(statement.limit(1)).first() is not None


def is_existing(client: Client) -> bool:
    """Has the client bought through us before?"""
    return client.status in {ClientStatus.ACTIVE, ClientStatus.FORMER}
