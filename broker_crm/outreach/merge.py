"""What merge fields may name: the case's variables, client, contact, product, salesperson, date."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm.models import Client, ContactPerson, Product
from broker_crm.crm.vocative import greeting
from broker_crm.outreach.values import day_in_words
from broker_crm.people.models import User
from broker_crm.process.jobs import Case
from broker_crm.process.models import ProcessInstance


def merge_context(
    session: Session,
    case: Case | ProcessInstance,
    variables: Mapping[str, object],
    language: str,
) -> dict[str, object]:
    """Everything a template may name, as JSON values.

    The records of the database win over the copies that the variables took at the start of the
    case, so that a corrected name or telephone is used at once.

    Args:
        session: only read.
        case: whose client, product and owner.
        variables: of the case.
        language: of the text, 'lt' or 'en'.
    """
    client = session.get(Client, case.client_id) if case.client_id is not None else None
    product = session.get(Product, case.product_id) if case.product_id is not None else None
    owner = session.get(User, case.owner) if case.owner is not None else None
    return context_of(variables, language, client=client, product=product, owner=owner)


def context_of(
    variables: Mapping[str, object],
    language: str,
    *,
    client: Client | None = None,
    product: Product | None = None,
    owner: User | None = None,
) -> dict[str, object]:
    """The same from records at hand; those that are None leave what the variables say.

    Args:
        variables: of a case.
        language: of the text, 'lt' or 'en'.
        client: who is written to.
        product: what it is about.
        owner: the salesperson.
    """
    context = dict(variables)
    if client is not None:
        contact = contact_of(client, variables.get("recipientEmail"))
        context["client"] = {**_kept(variables, "client"), **_client(client)}
        context["contact"] = _contact(contact)
        context["greeting"] = greeting(contact, client, language)
    if product is not None:
        context["product"] = {
            **_kept(variables, "product"),
            "key": product.key,
            "name": product.name,
            "nameEn": product.name_en or None,
        }
    if owner is not None:
        context["salesperson"] = {"name": owner.name, "email": owner.email, "phone": owner.phone}
    today = clock.now().astimezone(OFFICE).date()
    context["today"] = day_in_words(today, language)
    return context


def contact_of(client: Client, email: object = None) -> ContactPerson | None:
    """The contact person who is written to: by address, else the first whose mail arrives."""
    for contact in client.contacts:
        if email and contact.email and contact.email.casefold() == str(email).casefold():
            return contact
    reachable = [contact for contact in client.contacts if contact.bounced_at is None]
    return next(iter(reachable or client.contacts), None)


def address_of(client: Client) -> str | None:
    """The address that letters to the client go to by default."""
    contact = contact_of(client)
    return (contact.email if contact else None) or client.email


def _kept(variables: Mapping[str, object], name: str) -> Mapping[str, object]:
    kept = variables.get(name)
    return kept if isinstance(kept, Mapping) else {}


def _client(client: Client) -> dict[str, object]:
    return {
        "id": client.id,
        "kind": client.kind,
        "name": client.name,
        "vip": client.vip,
        "code": client.code,
        "address": client.address,
        "language": client.language,
        "email": client.email,
        "phone": client.phone,
    }


def _contact(contact: ContactPerson | None) -> dict[str, object]:
    if contact is None:
        return dict.fromkeys(("firstName", "surname", "name", "role", "email", "phone"))
    return {
        "firstName": contact.first_name,
        "surname": contact.surname,
        "name": f"{contact.first_name} {contact.surname}",
        "role": contact.role,
        "email": contact.email,
        "phone": contact.phone,
    }
