"""Every column that names a client: what moves when two records become one, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Uuid, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from broker_crm.crm.models import (
    CampaignRecipient,
    Claim,
    Complaint,
    Consent,
    ContactPerson,
    Contract,
    DataRequest,
    DatedLead,
    Document,
    InsuredObject,
    Interaction,
    Meeting,
    NeedsRecord,
    Offer,
    Opportunity,
    Policy,
    Quote,
)
from broker_crm.outreach.models import Letter
from broker_crm.process.models import ProcessInstance, UserTask

MOVES: tuple[InstrumentedAttribute[Any], ...] = (
    ProcessInstance.client_id,
    UserTask.client_id,
    Policy.client_id,
    InsuredObject.client_id,
    Offer.client_id,
    Contract.client_id,
    Quote.client_id,
    NeedsRecord.client_id,
    Claim.client_id,
    Complaint.client_id,
    Letter.client_id,
    Interaction.client_id,
    Document.client_id,
    Meeting.client_id,
    Consent.client_id,
    ContactPerson.client_id,
    DatedLead.client_id,
    Opportunity.client_id,
    CampaignRecipient.client_id,
    DataRequest.client_id,
)
ONCE: Mapping[str, tuple[str, ...]] = {
    "campaign_recipient": ("campaign_id",),
    "opportunity": ("rule", "evidence_key"),
}
"""Tables with one row per client and these columns: where both records have one, the duplicate's
stays with the duplicate."""
STAYS: Mapping[str, str] = {
    "client.merged_into": "points on, and is turned to the record that is kept",
    "client_merge.kept_id": "tells of the merge itself",
    "client_merge.merged_id": "tells of the merge itself",
    "client_distinction.first_id": "is repeated for the record that is kept",
    "client_distinction.second_id": "is repeated for the record that is kept",
    "erasure_proposal.client_id": "follows from the record; worked out anew every day",
    "audit_entry.client_id": "tells what was done to that very record, and is never changed",
}
"""'table.column' to the reason why it does not move."""
FOLLOWS = ("instance_id", "policy_id")
"""What belongs to a moved case or policy goes where that goes."""


def move(session: Session, from_id: int, to_id: int) -> dict[str, list[Any]]:
    """Move every row of one client to another.

    Returns:
        Table to the ids of the rows that moved, as JSON values.
    """
    moved: dict[str, list[Any]] = {}
    for column in MOVES:
        table = _table(column)
        own = [row.id for row in session.execute(_rows(table, from_id))]
        if (unique := ONCE.get(table.name)) and own:
            own = _free(session, table, own, to_id, unique)
        if own:
            session.execute(update(table).where(table.c.id.in_(own)).values(client_id=to_id))
            moved[table.name] = [str(each) if isinstance(each, UUID) else each for each in own]
    session.expire_all()
    return moved


def move_back(session: Session, moved: Mapping[str, list[Any]], from_id: int, to_id: int) -> int:
    """Move rows back, with what their cases and policies have got since.

    Args:
        session: the caller commits.
        moved: as `move` gave it.
        from_id: the client that they are with now; rows that are with another one stay.
        to_id: whom they belonged to.

    Returns:
        How many went back.
    """
    cases = [UUID(each) for each in moved.get("process_instance", [])]
    policies = moved.get("policy", [])
    count = 0
    for column in MOVES:
        table = _table(column)
        chosen = [table.c.id.in_(typed(table.c.id, moved.get(table.name, [])))]
        for name, keys in zip(FOLLOWS, (cases, policies), strict=True):
            if name in table.c and table.name not in ONCE:
                chosen.append(table.c[name].in_(keys))
        for condition in chosen:
            found = session.execute(
                select(table.c.id).where(condition, table.c.client_id == from_id)
            ).all()
            if found:
                ids = [row.id for row in found]
                session.execute(update(table).where(table.c.id.in_(ids)).values(client_id=to_id))
                count += len(ids)
    session.expire_all()
    return count


def typed(column: Column[Any], keys: list[Any]) -> list[Any]:
    """Keys as they were written to JSON, as the column has them."""
    return [UUID(each) for each in keys] if isinstance(column.type, Uuid) else keys


def _table(column: InstrumentedAttribute[Any]) -> Any:
    return column.class_.__table__


def _rows(table: Any, client_id: int) -> Any:
    return select(table.c.id).where(table.c.client_id == client_id).order_by(table.c.id)


def _free(
    session: Session, table: Any, own: list[Any], to_id: int, unique: tuple[str, ...]
) -> list[Any]:
    """Those of the rows that the other client has not yet."""
    columns = [table.c[name] for name in unique]
    taken = {
        tuple(row) for row in session.execute(select(*columns).where(table.c.client_id == to_id))
    }
    rows = session.execute(select(table.c.id, *columns).where(table.c.id.in_(own)))
    return [row[0] for row in rows if tuple(row[1:]) not in taken]
