"""Greetings: Lithuanian addresses people in the vocative case."""

from __future__ import annotations

from broker_crm.crm.models import Client, ClientKind, ContactPerson

ENDINGS = (("ius", "iau"), ("us", "au"), ("as", "ai"), ("ys", "y"), ("is", "i"), ("ė", "e"))
"""Nominative ending to vocative ending; others, such as -a and foreign names, stay."""


def vocative(name: str) -> str:
    """The vocative of a Lithuanian first name or surname, such as Jonas, Jonai.

    Args:
        name: one name in the nominative.
    """
    for nominative, called in ENDINGS:
        if name.endswith(nominative):
            return name.removesuffix(nominative) + called
    return name


def greeting(contact: ContactPerson | None, client: Client, language: str) -> str:
    """How a letter begins.

    Names of companies are never declined; a foreign client's names neither.

    Args:
        contact: whom the letter goes to, where it is known.
        client: the client.
        language: 'lt' or 'en'.
    """
    if contact is None:
        return "Laba diena," if language == "lt" else "Dear Sir or Madam,"
    if language != "lt":
        return f"Dear {contact.first_name} {contact.surname},"
    if contact.vocative:
        return f"Gerb. {contact.vocative},"
    if client.kind == ClientKind.FOREIGN:
        return f"Gerb. {contact.first_name} {contact.surname},"
    return f"Gerb. {vocative(contact.first_name)},"
