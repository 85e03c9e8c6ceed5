"""To whom a letter step can write: persons by role, with addresses that do not work marked."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client
from broker_crm.definitions.published import form
from broker_crm.outreach import merge
from broker_crm.outreach.models import Letter, OutboxEntry, OutboxState
from broker_crm.process.models import UserTask
from broker_crm.web import times
from broker_crm.web.wording import CONTACT_ROLE, word

FIELD = "recipientEmail"


def beside(session: Session, task: UserTask) -> dict[str, Any] | None:
    """Who may be written to; None where no letter goes to an address that the form asks for."""
    client = session.get(Client, task.client_id) if task.client_id else None
    if client is None or "letter" not in task.help or not _asks(session, task):
        return None
    lines = [
        _line(
            session,
            client,
            f"{each.first_name} {each.surname}",
            word(CONTACT_ROLE, each.role),
            each.email,
            _("A letter came back on %(day)s.", day=times.day(each.bounced_at))
            if each.bounced_at
            else "",
        )
        for each in client.contacts
    ]
    addresses = {line["email"].casefold() for line in lines if line["email"]}
    if client.email and client.email.casefold() not in addresses:
        lines.append(_line(session, client, client.name, _("Common address"), client.email, ""))
    return {
        "lines": lines,
        "nobody": merge.address_of(client) is None,
        "refused": client.do_not_contact,
    }


def _asks(session: Session, task: UserTask) -> bool:
    if task.form_key is None:
        return False
    fields = form(session, task.version_id, task.form_key).fields
    return any(each.path == (FIELD,) for each in fields)


def _line(
    session: Session, client: Client, name: str, role: str, email: str | None, trouble: str
) -> dict[str, Any]:
    if not email:
        trouble = _("No e-mail address.")
    elif not trouble and _failed(session, client, email):
        trouble = _("The last letter to this address could not be delivered.")
    return {"name": name, "role": role, "email": email or "", "trouble": trouble}


def _failed(session: Session, client: Client, email: str) -> bool:
    state = session.scalar(
        select(OutboxEntry.state)
        .join(Letter, Letter.id == OutboxEntry.letter_id)
        .where(
            Letter.client_id == client.id,
            Letter.recipient.icontains(email, autoescape=True),
            OutboxEntry.state.in_((OutboxState.SENT, OutboxState.FAILED)),
        )
        .order_by(Letter.created_at.desc())
        .limit(1)
    )
    return state == OutboxState.FAILED
