"""What was said before: on the case, with the client, and to colleagues about the same product."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, case, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client, Interaction

MOST = 20
MOST_FROM_COLLEAGUES = 8


def of_case(session: Session, instance_id: UUID) -> Sequence[Interaction]:
    """Conversations and notes of a case, newest first."""
    return session.scalars(
        select(Interaction)
        .where(Interaction.instance_id == instance_id)
        .order_by(Interaction.at.desc(), Interaction.id.desc())
        .limit(MOST)
    ).all()


def of_client(session: Session, client_id: int, *, besides: UUID) -> Sequence[Interaction]:
    """Conversations with a client outside the case `besides`, newest first."""
    return session.scalars(
        select(Interaction)
        .where(
            Interaction.client_id == client_id,
            Interaction.instance_id.is_distinct_from(besides),
        )
        .order_by(Interaction.at.desc(), Interaction.id.desc())
        .limit(MOST)
    ).all()


def of_colleagues(
    session: Session, client: Client, product_id: int, *, reader: str
) -> Sequence[Row[Interaction, Client]]:
    """How other clients of the kind took a product, as colleagues of `reader` wrote it down.

    The client's own sector and size come first, then the newest. Whoever shows them leaves the
    other clients' names out.
    """
    alike = case((Client.sector == client.sector, 1), else_=0) + case(
        (Client.size_band == client.size_band, 1), else_=0
    )
    return session.execute(
        select(Interaction, Client)
        .join(Client, Client.id == Interaction.client_id)
        .where(
            Interaction.product_id == product_id,
            Interaction.client_id != client.id,
            Interaction.author != reader,
            Interaction.kind.in_(("call", "meeting")),
            Interaction.reaction.is_not(None),
            Interaction.text != "",
            Client.kind == client.kind,
        )
        .order_by(alike.desc(), Interaction.at.desc())
        .limit(MOST_FROM_COLLEAGUES)
    ).all()
