"""May a client be called or written to with an offer? What decision table D7 says, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broker_crm.crm.clients import is_existing, may_be_contacted
from broker_crm.crm.models import Client
from broker_crm.crm.permissions import selling_hold
from broker_crm.definitions.published import NotPublished, compiled, latest_version
from broker_crm.engine.decisions import decide
from broker_crm.engine.errors import RuleFailed

TABLE = "ContactPermission"
SALE = "new-client-sale"
"""The process that is published with the table."""
CHANNELS = ("phone", "email")


@dataclass(frozen=True, slots=True)
class Permission:
    """What the table decided.

    Attributes:
        channel: 'phone' or 'email'.
        decision: 'allow', 'deny' or 'ask-in-person'.
        basis: key of the legal basis, or of what stands against it.
        reason: for the salesperson, in the table's language.
        version_id: of the process whose table it is, for translations.
    """

    channel: str
    decision: str
    basis: str
    reason: str
    version_id: int


def permissions(session: Session, client: Client) -> list[Permission]:
    """For each channel, whether offers may be made, by the table that is published now.

    Nothing when there is no table, or it asks for something else than these facts.
    """
    try:
        version = latest_version(session, SALE)
    except NotPublished:
        return []
    tables = compiled(session, version.id).decisions
    found = []
    for channel in CHANNELS:
        facts = {
            "purpose": "marketing",
            "sellingHold": selling_hold(session, client.id),
            "clientKind": client.kind,
            "client": {
                "doNotContact": client.do_not_contact or client.restricted_at is not None,
                "consent": {"marketing": may_be_contacted(session, client, channel)},
                "existing": is_existing(client),
            },
        }
        try:
            told = decide(TABLE, tables, facts)
        except RuleFailed:
            return []
        if isinstance(told, Mapping):
            decision, basis, reason = (
                str(told.get(key) or "") for key in ("decision", "basis", "reason")
            )
            found.append(Permission(channel, decision, basis, reason, version.id))
    return found
