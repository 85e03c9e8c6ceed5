"""Addresses that a mail server says do not exist: marked at the contact persons who have them."""

from __future__ import annotations

import re

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import ContactPerson
from broker_crm.outreach.letters import envelope
from broker_crm.outreach.models import Letter

NO_SUCH_ADDRESS = re.compile(r"^5\d\d[ -]5\.1\.\d|^(?:550|551|553)\b(?![ -]5\.)")
"""Bad mailbox (RFC 3463, class 5.1), or a reply that names it without an enhanced code."""


def mark(session: Session, letter: Letter, reply: str) -> bool:
    """Note that a letter's address does not work, when the server's reply says so.

    Args:
        session: the caller commits.
        letter: that was refused for good.
        reply: of the server, beginning with its code.

    Returns:
        True when the reply is about the address.
    """
    if not NO_SUCH_ADDRESS.match(reply):
        return False
    address = envelope(letter.recipient).casefold()
    session.execute(
        update(ContactPerson)
        .where(
            func.lower(ContactPerson.email) == address,
            ContactPerson.client_id == letter.client_id,
            ContactPerson.bounced_at.is_(None),
        )
        .values(bounced_at=clock.now())
    )
    return True
