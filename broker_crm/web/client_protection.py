"""What the client's page shows besides cases and records: people, group, permissions."""

from __future__ import annotations

from sqlalchemy.orm import Session

from broker_crm.crm import duplicates
from broker_crm.crm.models import Client
from broker_crm.people.models import User
from broker_crm.web import (
    consents,
    contact_persons,
    data_requests,
    groups,
    personal_codes,
    times,
)
from broker_crm.web.access import may_visit
from broker_crm.web.duplicates import pair_row

ALIKE = 5


def view(session: Session, user: User, client: Client) -> dict[str, object]:
    """The parts of the page that this and its neighbour modules draw."""
    is_open = client.erased_at is None
    merges = is_open and may_visit(user, "duplicates.prepare")
    alike = duplicates.likely_pairs(session, client.id, ALIKE) if merges else []
    return {
        "open": is_open,
        "erased": times.day(client.erased_at) if client.erased_at else "",
        "alike": [pair_row(pair) for pair in alike],
        "people": contact_persons.rows(client),
        "group": groups.view(session, user, client),
        "permissions": consents.view(session, client),
        "code": personal_codes.view(user, client),
        "restricted": {
            "since": times.day(client.restricted_at),
            "reason": client.restricted_reason or "–",
        }
        if client.restricted_at
        else None,
        "requests": data_requests.rows_of(session, client.id),
    }
