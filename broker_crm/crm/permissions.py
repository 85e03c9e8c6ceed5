"""Permission to contact a client: the facts for decision table D7, and withdrawing it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, exists, func, select, true, update
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.crm.clients import is_existing, may_be_contacted
from broker_crm.crm.models import CampaignRecipient, Claim, Client, Complaint, Consent
from broker_crm.crm.policies import today
from broker_crm.process.calendars import company_calendar
from broker_crm.process.jobs import JobCall

MARKETING = "marketing"
ANY = "any"
"""Of a consent: every channel."""
WITHDRAWN = "consent-withdrawn"
"""Message for cases that sell; its correlation key is the client's id."""
UNSUBSCRIBED = "campaign-unsubscribed"
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
    """May a marketing letter go to the client by e-mail at this moment?

    With consent, or to an existing client for similar products; never to who asked not to be
    contacted, nor while selling is on hold (Law on Electronic Communications of Lithuania).
    """
    if client.do_not_contact or client.restricted_at or client.erased_at or client.merged_into:
        return False
    if selling_hold(session, client.id):
        return False
    return may_be_contacted(session, client, "email") or is_existing(client)


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
            "doNotContact": client.do_not_contact or client.restricted_at is not None,
            "existing": is_existing(client),
        },
        "contactFacts": {"hold": selling_hold(call.session, client.id)},
    }


def withdraw(
    session: Session,
    client: Client,
    *,
    channel: str = ANY,
    stop_all: bool = True,
    evidence: str | None = None,
    by: str | None = None,
) -> None:
    """The client withdraws consent to marketing; it takes effect at once, everywhere.

    Letters that wait are not sent, because permission is asked for when they leave; campaign
    letters' cases end as unsubscribed, and cases that wait for `consent-withdrawn` get it.

    Args:
        session: the caller commits.
        client: who.
        channel: 'email', 'phone' or 'any'; a consent for any channel ends with either.
        stop_all: the client also asks not to be contacted with offers at all.
        evidence: how it is known.
        by: login of who recorded it; None for the client's own click.
    """
    now = clock.now()
    session.execute(
        update(Consent)
        .where(
            Consent.client_id == client.id,
            Consent.purpose == MARKETING,
            Consent.withdrawn_at.is_(None),
            true() if channel == ANY else Consent.channel.in_((channel, ANY)),
        )
        .values(
            withdrawn_at=case((Consent.given_at > now, Consent.given_at), else_=now),
            withdrawn_evidence=evidence and evidence[:300],
            withdrawn_by=by,
        )
        .execution_options(synchronize_session="fetch")
    )
    if stop_all:
        client.do_not_contact = True
    session.flush()
    if stop_all or not may_be_contacted(session, client, channel):
        _stop_campaigns(session, client)
        for own in (client.id, *_duplicates(session, client.id)):
            process.queue_messages(session, WITHDRAWN, str(own), {"channel": channel})


def give(
    session: Session,
    client: Client,
    *,
    channel: str,
    evidence: str,
    by: str | None,
    text_version: str | None = None,
    given_at: datetime | None = None,
    document_id: UUID | None = None,
) -> Consent:
    """Keep a consent to marketing with its evidence; it also lifts a request not to be contacted.

    One that is older than what the client withdrew since is kept as withdrawn, and lifts nothing.

    Args:
        session: the caller commits.
        client: who consents.
        channel: 'email', 'phone' or 'any'.
        evidence: how it is known, such as a signed form and its date.
        by: login of who recorded it; None for the client's own click.
        text_version: of the text that the client agreed to.
        given_at: aware; now by default.
        document_id: of the file that proves it.
    """
    revoked = session.scalar(
        select(func.max(Consent.withdrawn_at)).where(
            Consent.client_id == client.id,
            Consent.purpose == MARKETING,
            true() if channel == ANY else Consent.channel.in_((channel, ANY)),
        )
    )
    since = revoked if given_at is not None and revoked and revoked > given_at else None
    consent = Consent(
        client_id=client.id,
        purpose=MARKETING,
        channel=channel,
        given_at=given_at or clock.now(),
        evidence=evidence[:300],
        text_version=text_version,
        document_id=document_id,
        recorded_by=by,
        withdrawn_at=since,
    )
    if given_at is None or (revoked is not None and since is None):
        client.do_not_contact = False
    session.add(consent)
    session.flush()
    return consent


def _stop_campaigns(session: Session, client: Client) -> None:
    """Running campaigns hear that the client wants no more letters."""
    found = session.scalars(
        select(CampaignRecipient).where(
            CampaignRecipient.client_id == client.id,
            CampaignRecipient.unsubscribed_at.is_(None),
            CampaignRecipient.unsubscribe_token.is_not(None),
            CampaignRecipient.state.in_(("started", "responded")),
        )
    )
    for recipient in found:
        recipient.unsubscribed_at = clock.now()
        process.queue_messages(session, UNSUBSCRIBED, recipient.unsubscribe_token, {})
    session.flush()


def _duplicates(session: Session, client_id: int) -> list[int]:
    return list(session.scalars(select(Client.id).where(Client.merged_into == client_id)))
