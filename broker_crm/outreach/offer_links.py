"""The personal link in a letter with an offer: what it opens, and that the client opened it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from broker_crm import clock, settings
from broker_crm.calendar import OFFICE
from broker_crm.crm.models import Offer, OfferStatus
from broker_crm.crm.offers import ANSWERED, latest_offer
from broker_crm.engine.transition import EventKind
from broker_crm.outreach import notifications
from broker_crm.outreach.happenings import happened
from broker_crm.outreach.letters import Attachment
from broker_crm.outreach.message import as_sent
from broker_crm.outreach.models import Letter, LetterAttachment
from broker_crm.process.jobs import Case
from broker_crm.process.models import InstanceStatus, ProcessInstance, TaskStatus, UserTask

FIELD = "offerLink"
"""Merge field of a letter; one that reads it gets a link of its own."""
LONGEST_SECRET = 64
TO_COME = "..."
STANDS = frozenset({OfferStatus.SENT, OfferStatus.ACCEPTED})


@dataclass(frozen=True, slots=True)
class OfferLink:
    """A link that no letter carries yet; the secret is kept nowhere but in the letter."""

    offer: Offer
    secret: str

    @property
    def address(self) -> str:
        return address(self.secret)

    def carried_by(self, letter: Letter) -> None:
        """Let the link open what the letter brings; an earlier one of the offer stops working."""
        self.offer.link_hash = _hash(self.secret)
        self.offer.letter_id = letter.id


def made(session: Session, case: Case) -> OfferLink | None:
    """A new link to the newest offer of a case; None when it has no offer."""
    offer = latest_offer(session, case.id)
    return OfferLink(offer, secrets.token_urlsafe(32)) if offer is not None else None


def address(secret: str | None = None) -> str:
    """Where a secret leads; without one, as previews of letters show it."""
    return f"{settings.load().base_url}/offer/{secret or TO_COME}"


def by_secret(session: Session, secret: str) -> Offer | None:
    """The offer that a link belongs to, whether it still stands or not; None when unknown."""
    if len(secret) > LONGEST_SECRET:
        return None
    return session.scalars(select(Offer).where(Offer.link_hash == _hash(secret))).first()


def stands(session: Session, offer: Offer) -> bool:
    """May the client still read the offer by its link?

    Not when it was refused or replaced, its last day (in Vilnius) is over, or its case was
    cancelled.
    """
    if offer.status not in STANDS:
        return False
    today = clock.now().astimezone(OFFICE).date()
    if offer.valid_until is not None and offer.valid_until < today:
        return False
    status = session.scalar(
        select(ProcessInstance.status).where(ProcessInstance.id == offer.instance_id)
    )
    return status != InstanceStatus.CANCELLED


def document(session: Session, offer: Offer) -> Attachment | None:
    """The offer as its letter brought it; None when that is erased."""
    if offer.letter_id is None:
        return None
    first = session.scalars(
        select(LetterAttachment)
        .where(LetterAttachment.letter_id == offer.letter_id)
        .order_by(LetterAttachment.id)
        .limit(1)
    ).first()
    return as_sent(session.get_one(Letter, offer.letter_id), first) if first is not None else None


def opened(session: Session, offer: Offer) -> bool:
    """Write that the client opened the offer, and tell who is to call about it.

    Args:
        session: the caller commits.
        offer: one that `stands`.

    Returns:
        False when it had been opened before; nothing is written then.
    """
    changed = session.execute(
        update(Offer)
        .where(Offer.id == offer.id, Offer.opened_at.is_(None))
        .values(opened_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    if cast(CursorResult[object], changed).rowcount != 1 or offer.letter_id is None:
        return False
    happened(session, offer.letter_id, EventKind.OFFER_OPENED)
    _tell(session, offer)
    return True


def _tell(session: Session, offer: Offer) -> None:
    instance = session.get_one(ProcessInstance, offer.instance_id)
    waiting = select(UserTask).where(
        UserTask.instance_id == instance.id,
        UserTask.status == TaskStatus.OPEN,
        UserTask.step.in_(ANSWERED),
    )
    for task in session.scalars(waiting):
        whom = task.assignee or instance.owner
        if whom:
            notifications.notify(session, notifications.OFFER_OPENED, task, instance.title, [whom])


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
