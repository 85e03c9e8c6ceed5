"""What a case is about: client, salesperson, policies, lead, offers and contracts, read by lots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.analysis.eventlogs.attributes import Value
from broker_crm.crm.models import (
    Contract,
    DatedLead,
    Offer,
    OfferLine,
    Policy,
    Product,
    RenewalStart,
)

TYPES: Mapping[str, Mapping[str, str]] = {
    "case": {
        "process": "string",
        "version": "integer",
        "product": "string",
        "sector": "string",
        "size": "string",
        "vip": "boolean",
        "region": "string",
        "complexity": "string",
        "status": "string",
        "outcome": "string",
        "reason": "string",
        "started_at": "time",
        "ended_at": "time",
    },
    "client": {"client_kind": "string", "client_name": "string"},
    "salesperson": {"team": "string"},
    "policy": {
        "product": "string",
        "premium": "float",
        "starts_on": "string",
        "ends_on": "string",
        "sales_type": "string",
        "final_status": "string",
    },
    "lead": {"product": "string", "ends_on": "string"},
    "offer": {
        "version": "integer",
        "lines": "integer",
        "premium": "float",
        "approval_level": "string",
        "final_status": "string",
        "status": "string",
    },
    "contract": {
        "version": "integer",
        "premium": "float",
        "starts_on": "string",
        "ends_on": "string",
        "final_status": "string",
        "status": "string",
    },
}
"""Type of object to its attributes and their types."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A record that a case is about.

    Attributes:
        type: one of `TYPES`.
        number: of the record.
        role: what it is to the case.
        since: from when steps of the case are about it; None for all of them.
        values: its attributes.
        statuses: what its status became, and when.
        parents: type, number and role of records that it belongs to.
    """

    type: str
    number: int
    role: str
    since: datetime | None
    values: Mapping[str, Value]
    statuses: Sequence[tuple[datetime, str]] = ()
    parents: Sequence[tuple[str, int, str]] = ()


def things(session: Session, cases: Sequence[UUID]) -> Mapping[UUID, Sequence[Thing]]:
    """Policies, leads, offers and contracts by case; offers and contracts the oldest first."""
    found: dict[UUID, list[Thing]] = defaultdict(list)
    for case, thing in (
        *_policies(session, cases),
        *_leads(session, cases),
        *_offers(session, cases),
        *_contracts(session, cases),
    ):
        found[case].append(thing)
    return found


Found = Iterable[tuple[UUID, Thing]]


def _policies(session: Session, cases: Sequence[UUID]) -> Found:
    """Those that a case renews, and those that it brought."""
    columns = (
        Policy.id,
        Product.key,
        Policy.premium,
        Policy.starts_on,
        Policy.ends_on,
        Policy.sales_type,
        Policy.status,
        Policy.created_at,
        Policy.client_id,
    )
    renewed = (
        select(RenewalStart.instance_id, *columns)
        .join(Policy, Policy.id == RenewalStart.policy_id)
        .join(Product, Product.id == Policy.product_id)
        .where(RenewalStart.instance_id.in_(cases))
    )
    brought = (
        select(Policy.instance_id, *columns)
        .join(Product, Product.id == Policy.product_id)
        .where(Policy.instance_id.in_(cases))
    )
    for statement, role in ((renewed, "renews"), (brought, "brought")):
        for row in _rows(session, statement.order_by(Policy.id)):
            values = {
                "product": row.key,
                "premium": float(row.premium),
                "starts_on": row.starts_on.isoformat(),
                "ends_on": row.ends_on.isoformat(),
                "sales_type": row.sales_type,
                "final_status": row.status,
            }
            since = row.created_at if role == "brought" else None
            parents = [("client", row.client_id, "of")]
            yield row[0], Thing("policy", row.id, role, since, values, parents=parents)


def _leads(session: Session, cases: Sequence[UUID]) -> Found:
    statement = (
        select(DatedLead.taken_up_by, DatedLead.id, Product.key, DatedLead.ends_on)
        .join(Product, Product.id == DatedLead.product_id)
        .where(DatedLead.taken_up_by.in_(cases))
    )
    for row in _rows(session, statement.order_by(DatedLead.id)):
        values = {"product": row.key, "ends_on": row.ends_on.isoformat()}
        yield row[0], Thing("lead", row.id, "takes up", None, values)


def _offers(session: Session, cases: Sequence[UUID]) -> Found:
    statement = (
        select(
            Offer.instance_id,
            Offer.id,
            Offer.version,
            Offer.status,
            Offer.approval_level,
            Offer.prepared_at,
            Offer.approved_at,
            Offer.sent_at,
            Offer.decided_at,
            func.count(OfferLine.id).label("lines"),
            func.sum(OfferLine.premium).label("premium"),
        )
        .outerjoin(OfferLine, OfferLine.offer_id == Offer.id)
        .where(Offer.instance_id.in_(cases))
        .group_by(Offer.id)
    )
    for row in _rows(session, statement.order_by(Offer.version)):
        values = {
            "version": row.version,
            "lines": row.lines,
            "premium": None if row.premium is None else float(row.premium),
            "approval_level": row.approval_level,
            "final_status": row.status,
        }
        decided = row.status if row.status in ("accepted", "refused") else None
        yield (
            row[0],
            Thing("offer", row.id, "offers", row.prepared_at, values, _statuses(row, decided)),
        )


def _contracts(session: Session, cases: Sequence[UUID]) -> Found:
    statement = select(
        Contract.instance_id,
        Contract.id,
        Contract.offer_id,
        Contract.policy_id,
        Contract.version,
        Contract.status,
        Contract.premium,
        Contract.starts_on,
        Contract.ends_on,
        Contract.prepared_at,
        Contract.approved_at,
        Contract.sent_at,
        Contract.signed_at.label("decided_at"),
    ).where(Contract.instance_id.in_(cases))
    for row in _rows(session, statement.order_by(Contract.version)):
        values = {
            "version": row.version,
            "premium": float(row.premium),
            "starts_on": row.starts_on.isoformat() if row.starts_on else None,
            "ends_on": row.ends_on.isoformat() if row.ends_on else None,
            "final_status": row.status,
        }
        parents = [("offer", row.offer_id, "made from")] if row.offer_id else []
        told = _statuses(row, "signed")
        yield (
            row[0],
            Thing("contract", row.id, "contracts", row.prepared_at, values, told, parents),
        )


def _statuses(row: Any, decided: str | None) -> Sequence[tuple[datetime, str]]:
    told = [(row.prepared_at, "draft"), (row.approved_at, "approved"), (row.sent_at, "sent")]
    if decided is not None:
        told.append((row.decided_at, decided))
    return [(at, status) for at, status in told if at is not None]


def _rows(session: Session, statement: Any) -> Iterable[Any]:
    return session.execute(statement)
