"""Contact persons of a client: added, changed, ended; their letters that came back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.contact_details import checked_phone
from broker_crm.crm.models import Client, ContactPerson, Interaction
from broker_crm.definitions.forms import FieldError, FormRejected

ROLES = (
    "director",
    "insurance-contact",
    "accountant",
    "fleet-manager",
    "administrator",
    "self",
    "other",
)


@dataclass(frozen=True, slots=True)
class ContactEntry:
    """What the form of a contact person holds; an empty text is None."""

    first_name: str | None
    surname: str | None
    role: str
    email: str | None = None
    phone: str | None = None
    vocative: str | None = None
    """How letters address the person, where the derived form is wrong."""
    authority: str | None = None
    """Basis on which the person signs."""
    bounced: bool = False
    """Letters to the address come back."""


def save(
    session: Session,
    client: Client,
    entry: ContactEntry,
    *,
    by: str,
    contact: ContactPerson | None = None,
) -> ContactPerson:
    """Add a contact person, or change one; the client's history tells of it.

    Args:
        session: the caller commits.
        client: whose.
        entry: as typed.
        by: login.
        contact: the one to change.

    Raises:
        FormRejected: naming the fields.
    """
    phone = _checked(entry)
    is_new = contact is None
    if contact is None:
        contact = ContactPerson(client_id=client.id)
        session.add(contact)
    if contact.email != entry.email or not entry.bounced:
        contact.bounced_at = None
    contact.first_name, contact.surname = entry.first_name or "", entry.surname or ""
    contact.role, contact.email, contact.phone = entry.role, entry.email, phone
    contact.vocative, contact.authority = entry.vocative, entry.authority
    if entry.bounced and contact.bounced_at is None:
        contact.bounced_at = clock.now()
    session.flush()
    _note(session, client, contact, "+" if is_new else "±", by)
    session.refresh(client, ["contacts"])
    return contact


def end(session: Session, client: Client, contact: ContactPerson, *, by: str) -> None:
    """The person no longer speaks for the client; letters go to others. Safe to repeat."""
    if contact.ended_at is None:
        contact.ended_at = clock.now()
        session.flush()
        _note(session, client, contact, "-", by)
        session.refresh(client, ["contacts"])


def of_client(session: Session, client: Client, contact_id: int) -> ContactPerson | None:
    """The client's contact person; None for another's, or one who ended."""
    contact = session.get(ContactPerson, contact_id)
    if contact is None or contact.client_id != client.id or contact.ended_at is not None:
        return None
    return contact


def _checked(entry: ContactEntry) -> str | None:
    wrong: dict[str, list[FieldError]] = {}
    for name in ("first_name", "surname"):
        if not getattr(entry, name):
            wrong[name] = [FieldError("required")]
    if entry.role not in ROLES:
        wrong["role"] = [FieldError("option")]
    phone = checked_phone(entry.email, entry.phone, wrong)
    if wrong:
        raise FormRejected(wrong)
    return phone


def _note(session: Session, client: Client, contact: ContactPerson, sign: str, by: str) -> None:
    text = f"{sign} {contact.first_name} {contact.surname}"
    session.add(
        Interaction(client_id=client.id, kind="contact", at=clock.now(), author=by, text=text)
    )
    session.flush()
