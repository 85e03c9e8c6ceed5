"""The client card as the task, case and client pages show it."""

from __future__ import annotations

import phonenumbers
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client, ContactPerson
from broker_crm.web import staff
from broker_crm.web.wording import (
    CLIENT_KIND,
    CLIENT_STATUS,
    CONTACT_ROLE,
    LANGUAGE,
    SECTOR,
    word,
)


def card(session: Session, client: Client) -> dict[str, object]:
    """What colleagues need to know of a client at a glance."""
    return {
        "id": client.id,
        "name": client.name,
        "vip": client.vip,
        "do_not_contact": client.do_not_contact,
        "facts": [(name, value) for name, value in _facts(session, client) if value],
        "phone_address": client.phone or "",
        "phone": phone(client.phone),
        "email": client.email or "",
        "contacts": [_contact(contact) for contact in client.contacts],
    }


def _facts(session: Session, client: Client) -> list[tuple[str, str]]:
    staff_size = (
        ngettext("%(num)s employee", "%(num)s employees", client.staff) if client.staff else ""
    )
    return [
        (_("Kind"), word(CLIENT_KIND, client.kind)),
        (_("State"), word(CLIENT_STATUS, client.status)),
        (_("Company code"), client.code or ""),
        (_("Sector"), word(SECTOR, client.sector) if client.sector else ""),
        (_("Size"), staff_size),
        (_("Region"), client.region or ""),
        (_("Address"), client.address or ""),
        (_("E-mail"), client.email or ""),
        (_("Phone"), phone(client.phone)),
        (_("Language"), word(LANGUAGE, client.language)),
        (_("Salesperson"), staff.name(session, client.owner)),
    ]


def _contact(contact: ContactPerson) -> dict[str, str]:
    return {
        "name": f"{contact.first_name} {contact.surname}",
        "role": word(CONTACT_ROLE, contact.role),
        "email": contact.email or "",
        "phone": phone(contact.phone),
        "phone_address": contact.phone or "",
    }


def phone(number: str | None) -> str:
    """A stored number as people write it, such as “+370 612 34567”."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def kind(client: Client) -> str:
    """Kind of client, and its sector where it has one."""
    words = [word(CLIENT_KIND, client.kind)]
    if client.sector:
        words.append(word(SECTOR, client.sector))
    return ", ".join(words)
