"""Registers of offers and contracts, over the clients whom the reader may see."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client, Contract, Offer, OfferStatus, searchable
from broker_crm.crm.visibility import visible_clients
from broker_crm.engine.transition import EventKind
from broker_crm.process.models import ProcessEvent, UserTask
from broker_crm.process.plain_text import plain
from broker_crm.process.rights import Person

WORDS = 6
OPEN_OFFERS = (OfferStatus.DRAFT, OfferStatus.APPROVED, OfferStatus.SENT)
APPROVALS = ("offer-approval", "offer-approval-sales")
CONTRACT_APPROVALS = ("contract-approval",)


def offers(
    session: Session,
    user: Person,
    *,
    text: str = "",
    status: str = "",
    start: int = 0,
    limit: int = 50,
) -> Sequence[Row[Offer, Client]]:
    """Offers, the newest in front; replaced versions only where they are asked for.

    Args:
        session: for reading.
        user: the reader.
        text: words of the client's name.
        status: one of `OfferStatus`, 'open' for those under way, or '' for all but replaced ones.
        start: rows to leave out.
        limit: at most so many.
    """
    statement = select(Offer, Client).join(Client, Client.id == Offer.client_id)
    statement = statement.where(visible_clients(user))
    for word in text.split()[:WORDS]:
        statement = statement.where(Client.search_name.contains(plain(word), autoescape=True))
    if status == "open":
        statement = statement.where(Offer.status.in_(OPEN_OFFERS))
    elif status:
        statement = statement.where(Offer.status == status)
    else:
        statement = statement.where(Offer.status != OfferStatus.REPLACED)
    newest = (Offer.prepared_at.desc(), Offer.id.desc())
    return session.execute(statement.order_by(*newest).offset(start).limit(limit)).all()


def contracts(
    session: Session,
    user: Person,
    *,
    text: str = "",
    status: str = "",
    start: int = 0,
    limit: int = 50,
) -> Sequence[Row[Contract, Client]]:
    """Contracts, the newest in front.

    Args:
        session: for reading.
        user: the reader.
        text: words of the client's name or the contract's number.
        status: one of `ContractStatus`, or '' for all.
        start: rows to leave out.
        limit: at most so many.
    """
    statement = select(Contract, Client).join(Client, Client.id == Contract.client_id)
    statement = statement.where(visible_clients(user))
    for word in text.split()[:WORDS]:
        by_name = Client.search_name.contains(plain(word), autoescape=True)
        by_number = Contract.search_number.contains(searchable(word), autoescape=True)
        statement = statement.where(by_name | by_number)
    if status:
        statement = statement.where(Contract.status == status)
    newest = (Contract.prepared_at.desc(), Contract.id.desc())
    return session.execute(statement.order_by(*newest).offset(start).limit(limit)).all()


def versions(session: Session, offer: Offer) -> list[Offer]:
    """All versions of a case's offer, the first in front."""
    of_case = select(Offer).where(Offer.instance_id == offer.instance_id)
    return list(session.scalars(of_case.order_by(Offer.version)))


def approvals(
    session: Session, record: Offer | Contract, until: Offer | Contract | None
) -> list[tuple[UserTask, ProcessEvent | None]]:
    """Decisions about one version, in order: the task, and the event with what was said.

    Args:
        session: for reading.
        record: the version.
        until: the version that followed it, if one did.
    """
    steps = APPROVALS if isinstance(record, Offer) else CONTRACT_APPROVALS
    decided = (
        select(UserTask, ProcessEvent)
        .outerjoin(
            ProcessEvent,
            (ProcessEvent.task_id == UserTask.id) & (ProcessEvent.kind == EventKind.TASK_COMPLETED),
        )
        .where(
            UserTask.instance_id == record.instance_id,
            UserTask.step.in_(steps),
            UserTask.created_at >= record.prepared_at,
        )
        .order_by(UserTask.created_at)
    )
    if until is not None:
        decided = decided.where(UserTask.created_at < until.prepared_at)
    return [(task, event) for task, event in session.execute(decided)]
