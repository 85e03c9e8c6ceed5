"""What was said before: on the case, with the client, and to colleagues about the same product."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, or_, select, true
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client, Interaction
from broker_crm.process.models import UserTask

MOST = 20
MOST_FROM_COLLEAGUES = 8
TERMS = "terms"
"""Value of a step's `helpNotes`: only what was said of price and terms."""
ABOUT_TERMS = (
    "kain", "brang", "pig", "įmok", "imok", "nuolaid", "išskait", "isskait", "sąlyg", "salyg",
    "komisin", "mokėjim", "mokejim", "price", "expens", "cheap", "premium", "discount",
    "deductible", "terms", "instalment",
)  # fmt: skip
"""Beginnings of words by which a note on price or terms is known, beside the reason chosen."""
REASONS_OF_TERMS = ("price", "terms", "competitor")
BARGAINING = ("negotiation", "renewal-negotiation")
"""Steps whose notes are on terms whatever their words."""
LEGAL_FORMS = frozenset({"uab", "ab", "mb", "ii", "vsi", "vši", "tub", "kub", "gmbh", "ltd", "oü"})
SHORTEST_NAME = 4
"""Shorter parts of names are common words, too."""
REDACTED = "[…]"


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
    session: Session, client: Client, product_id: int, *, reader: str, about: str | None = None
) -> Sequence[Row[Interaction, Client]]:
    """How other clients of the kind took a product, as colleagues of `reader` wrote it down.

    The client's own sector and size come first, then the newest. Whoever shows them leaves the
    other clients' names out, in the text too (`without_names`), where the reader may not know them.

    Args:
        session: for reading.
        client: whose case it is; not among those found.
        product_id: what it is about.
        reader: login; own notes are left out.
        about: 'terms' for notes on price and terms only.
    """
    alike = case((Client.sector == client.sector, 1), else_=0) + case(
        (Client.size_band == client.size_band, 1), else_=0
    )
    wanted: ColumnElement[bool] = true()
    if about == TERMS:
        wanted = or_(
            UserTask.reason.in_(REASONS_OF_TERMS),
            UserTask.step.in_(BARGAINING),
            *(Interaction.text.icontains(each) for each in ABOUT_TERMS),
        )
    return session.execute(
        select(Interaction, Client)
        .join(Client, Client.id == Interaction.client_id)
        .outerjoin(UserTask, UserTask.id == Interaction.task_id)
        .where(
            Interaction.product_id == product_id,
            Interaction.client_id != client.id,
            Interaction.author != reader,
            Interaction.kind.in_(("call", "meeting")),
            Interaction.reaction.is_not(None),
            Interaction.text != "",
            Client.kind == client.kind,
            wanted,
        )
        .order_by(alike.desc(), Interaction.at.desc())
        .limit(MOST_FROM_COLLEAGUES)
    ).all()


def without_names(text: str, client: Client) -> str:
    """A note without the client's and its contact persons' names, addresses and telephones.

    Names are known by their stems, so that declined ones go, too: „su Petraičiu“.
    """
    people = [f"{each.first_name} {each.surname}" for each in client.contacts]
    parts = {part for name in (client.name, *people) for part in re.findall(r"[\w-]+", name)}
    for exact in (client.email, client.phone, client.code):
        text = text.replace(exact, REDACTED) if exact else text
    for each in client.contacts:
        for exact in filter(None, (each.email, each.phone)):
            text = text.replace(exact, REDACTED)
    for part in sorted(parts, key=len, reverse=True):
        if part.casefold() not in LEGAL_FORMS and len(part) >= SHORTEST_NAME:
            text = re.sub(rf"(?i)\b{re.escape(_stem(part))}\w*", REDACTED, text)
    return text


def _stem(name: str) -> str:
    """A name without what declension changes: 'Petraitis' and 'Petraičiui' begin alike."""
    longest = max(len(name) - 3, SHORTEST_NAME - 1)
    stem = re.sub(r"(ius|as|is|ys|us|a|ė|e|o)$", "", name)
    return stem[:longest] if len(stem) > longest else stem
