"""Permission to contact a client: the facts for decision table D7, and withdrawing it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.crm.clients import is_existing, may_be_contacted
from broker_crm.crm.models import Claim, Client, Complaint, Consent
from broker_crm.crm.policies import today
from broker_crm.process.calendars import company_calendar
from broker_crm.process.jobs import JobCall

CONSENT_WITHDRAWN = "consent-withdrawn"
"""Message to the cases of selling to the client: they end."""
QUIET_DAYS = 20
"""Working days without selling after a refused claim."""


def selling_hold(session: Session, client_id: int) -> str:
    """Why nothing is sold to a client now: 'open-complaint', 'refused-claim', or ''."""
    complaint = exists().where(Complaint.client_id == client_id, Complaint.closed_at.is_(None))
    if session.scalar(select(complaint)):
        return "open-complaint"
    since = company_calendar(session).add_working_days(today(), -QUIET_DAYS)
    claim = exists().where(Claim.client_id == client_id, Claim.refused_on >= since)
    return "refused-claim" if session.scalar(select(claim)) else ""


def may_send_marketing(session: Session, client: Client) -> bool:
    """May a marketing letter go to the client at this moment?

    With consent, or to an existing client for similar products; never to who asked not to be
    contacted, nor while selling is on hold (Law on Electronic Communications of Lithuania).
    """
    if client.do_not_contact or client.erased_at is not None or selling_hold(session, client.id):
        return False
    return may_be_contacted(session, client) or is_existing(client)


def check_permission(call: JobCall) -> Mapping[str, object]:
    """The facts on which a permission to contact is decided, as they are now.

    Gives `permission` and `contactFacts`.
    """
    client = call.session.get(Client, call.case.client_id) if call.case.client_id else None
    if client is None:
        facts = {"marketing": False, "doNotContact": True, "existing": False}
        return {"permission": facts, "contactFacts": {"hold": ""}}
    return {
        "permission": {
            "marketing": may_be_contacted(call.session, client),
            "doNotContact": client.do_not_contact,
            "existing": is_existing(client),
        },
        "contactFacts": {"hold": selling_hold(call.session, client.id)},
    }


def withdraw(session: Session, client: Client, *, stop_all: bool = True) -> None:
    """The client withdraws consent to marketing, in all channels; selling to the client ends.

    Args:
        session: the caller commits.
        client: who.
        stop_all: the client also asks not to be contacted with offers at all.
    """
    session.execute(
        update(Consent)
        .where(
            Consent.client_id == client.id,
            Consent.purpose == "marketing",
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    if stop_all:
        client.do_not_contact = True
    process.tell_all(session, CONSENT_WITHDRAWN, str(client.id), {})
    session.flush()


def give(
    session: Session, client: Client, *, channel: str, evidence: str, by: str | None
) -> Consent:
    """Keep a consent to marketing with its evidence; it also lifts a request not to be contacted.

    Args:
        session: the caller commits.
        client: who consents.
        channel: 'email', 'phone' or 'any'.
        evidence: how it is known, such as a signed form and its date.
        by: login of who recorded it; None for the client's own click.
    """
    consent = Consent(
        client_id=client.id,
        purpose="marketing",
        channel=channel,
        given_at=clock.now(),
        evidence=evidence[:300],
        recorded_by=by,
    )
    client.do_not_contact = False
    session.add(consent)
    session.flush()
    return consent
