"""Contact points of insurers: whom to write to about which product, for which purpose."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from broker_crm.crm.contact_details import checked_phone
from broker_crm.crm.models import ContactPurpose, Insurer, InsurerContact, Product
from broker_crm.crm.register_rights import require_keeper
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.process.rights import Person


@dataclass(frozen=True, slots=True)
class PointEntry:
    """What the form of a contact point holds."""

    product_id: int | None
    """None for all products."""
    purpose: str
    name: str = ""
    email: str = ""
    phone: str = ""


def save(
    session: Session,
    insurer: Insurer,
    entry: PointEntry,
    *,
    by: Person,
    point: InsurerContact | None = None,
) -> InsurerContact:
    """Add a contact point, or change one; there is one for each product and purpose.

    Args:
        session: the caller commits; the insurer's row should be locked.
        insurer: whose.
        entry: as typed.
        by: who does it.
        point: the one to change.

    Raises:
        NotAllowed: the person does not keep the registers.
        FormRejected: naming the fields.
    """
    require_keeper(by)
    phone = _checked(session, insurer, entry, point)
    if point is None:
        point = InsurerContact(insurer_id=insurer.id)
        session.add(point)
    point.product_id, point.purpose, point.name = entry.product_id, entry.purpose, entry.name
    point.email, point.phone = entry.email or None, phone
    session.flush()
    return point


def remove(session: Session, point: InsurerContact, *, by: Person) -> None:
    """Take a contact point away; what it was used for goes to the general one.

    Raises:
        NotAllowed: the person does not keep the registers.
    """
    require_keeper(by)
    session.delete(point)
    session.flush()


def of_insurer(session: Session, insurer_id: int) -> list[tuple[InsurerContact, Product | None]]:
    """The insurer's contact points, those for all products in front."""
    statement = (
        select(InsurerContact, Product)
        .outerjoin(Product, Product.id == InsurerContact.product_id)
        .where(InsurerContact.insurer_id == insurer_id)
        .order_by(Product.name.is_not(None), Product.name, InsurerContact.purpose)
    )
    return [(point, product) for point, product in session.execute(statement)]


def email_for(
    session: Session, insurer: Insurer, purpose: ContactPurpose, product_id: int | None
) -> str | None:
    """Where to write: to the product's contact point, to the general one, to the insurer itself."""
    written = InsurerContact.email.is_not(None)
    point = session.scalar(_nearest(insurer, purpose, product_id).where(written))
    return point.email if point is not None else insurer.email


def point_for(
    session: Session, insurer: Insurer, purpose: ContactPurpose, product_id: int | None
) -> InsurerContact | None:
    """The product's contact point for a purpose, or the general one."""
    return session.scalar(_nearest(insurer, purpose, product_id))


def _nearest(
    insurer: Insurer, purpose: ContactPurpose, product_id: int | None
) -> Select[InsurerContact]:
    return (
        select(InsurerContact)
        .where(
            InsurerContact.insurer_id == insurer.id,
            InsurerContact.purpose == purpose,
            or_(InsurerContact.product_id == product_id, InsurerContact.product_id.is_(None)),
        )
        .order_by(InsurerContact.product_id.is_(None), InsurerContact.id)
        .limit(1)
    )


def _checked(
    session: Session, insurer: Insurer, entry: PointEntry, point: InsurerContact | None
) -> str | None:
    wrong: dict[str, list[FieldError]] = {}
    if entry.purpose not in set(ContactPurpose):
        wrong["purpose"] = [FieldError("option")]
    elif _taken(session, insurer, entry, point):
        wrong["purpose"] = [FieldError("contactPointTaken")]
    if entry.product_id is not None and session.get(Product, entry.product_id) is None:
        wrong["product_id"] = [FieldError("option")]
    if not entry.email and not entry.phone:
        wrong["email"] = [FieldError("emailOrPhone")]
    phone = checked_phone(entry.email, entry.phone, wrong)
    if wrong:
        raise FormRejected(wrong)
    return phone


def _taken(
    session: Session, insurer: Insurer, entry: PointEntry, point: InsurerContact | None
) -> bool:
    there = session.scalars(
        select(InsurerContact.id).where(
            InsurerContact.insurer_id == insurer.id,
            InsurerContact.purpose == entry.purpose,
            InsurerContact.product_id.is_not_distinct_from(entry.product_id),
        )
    )
    return any(id_ != (point.id if point is not None else None) for id_ in there)
