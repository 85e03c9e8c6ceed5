"""The register of policies: search and filters, over the clients whom the reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import (
    Client,
    InsuredObject,
    Insurer,
    Policy,
    PolicyStatus,
    Product,
    searchable,
)
from broker_crm.crm.policies import today
from broker_crm.crm.visibility import visible_clients
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.process.plain_text import plain
from broker_crm.process.rights import Person

WORDS = 6
Found = Row[Policy, Client, Product, Insurer, InsuredObject]


@dataclass(frozen=True, slots=True)
class Filter:
    """What the reader looks for; everything may be left out."""

    text: str = ""
    """Words, each in the number, the client's name, or the object's name, plate or VIN."""
    status: str = ""
    insurer_id: int | None = None
    product_id: int | None = None
    ends_within: int | None = None
    """Days from today within which a policy in force ends."""


def policies(
    session: Session, user: Person, wanted: Filter, *, start: int = 0, limit: int = 50
) -> Sequence[Found]:
    """Policies that fit; those in force in front, the first to end first."""
    statement = _visible(user)
    for word in wanted.text.split()[:WORDS]:
        close = searchable(word)
        statement = statement.where(
            or_(
                Policy.search_number.contains(close, autoescape=True),
                InsuredObject.search_text.contains(close, autoescape=True),
                Client.search_name.contains(plain(word), autoescape=True),
                Client.code.contains(plain(word), autoescape=True),
            )
        )
    if wanted.status:
        statement = statement.where(Policy.status == wanted.status)
    if wanted.insurer_id is not None:
        statement = statement.where(Policy.insurer_id == wanted.insurer_id)
    if wanted.product_id is not None:
        statement = statement.where(Policy.product_id == wanted.product_id)
    if wanted.ends_within is not None:
        last = today() + timedelta(days=wanted.ends_within)
        statement = statement.where(
            Policy.status == PolicyStatus.ACTIVE, Policy.ends_on.between(today(), last)
        )
    in_force_first = (Policy.status != PolicyStatus.ACTIVE, Policy.ends_on, Policy.id)
    return session.execute(statement.order_by(*in_force_first).offset(start).limit(limit)).all()


def whole_number(session: Session, user: Person, text: str, limit: int) -> Sequence[Found]:
    """Policies whose number, plate or object holds the whole text, spaces left out."""
    close = searchable(text)
    statement = _visible(user).where(
        or_(
            Policy.search_number.contains(close, autoescape=True),
            InsuredObject.search_text.contains(close, autoescape=True),
        )
    )
    return session.execute(statement.order_by(Policy.ends_on.desc(), Policy.id).limit(limit)).all()


def chain(session: Session, policy: Policy) -> tuple[Policy | None, Policy | None]:
    """The policy that this one replaced, and the one that replaced it."""
    before = session.get(Policy, policy.renewed_from_id) if policy.renewed_from_id else None
    after = session.scalars(select(Policy).where(Policy.renewed_from_id == policy.id)).first()
    return before, after


def _visible(user: Person) -> Select[Policy, Client, Product, Insurer, InsuredObject]:
    return (
        select(Policy, Client, Product, Insurer, InsuredObject)
        .join(Client, Client.id == Policy.client_id)
        .join(Product, Product.id == Policy.product_id)
        .join(Insurer, Insurer.id == Policy.insurer_id)
        .outerjoin(InsuredObject, InsuredObject.id == Policy.object_id)
        .where(visible_clients(user))
    )


def mark_renewable(policy: Policy, *, renewable: bool, reason: str) -> None:
    """Say whether a policy in force is to be renewed; its renewal case reads it (D5).

    Raises:
        FormRejected: the policy is over, or there is no reason why not.
    """
    if policy.status != PolicyStatus.ACTIVE:
        raise FormRejected({"reason": [FieldError("policyOver")]})
    if not renewable and not reason.strip():
        raise FormRejected({"reason": [FieldError("required")]})
    policy.not_renewable = not renewable
    policy.non_renewal_reason = None if renewable else reason.strip()[:300]
