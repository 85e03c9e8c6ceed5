"""Outgoing mail on hold: a restored copy sends nothing until an administrator releases it.

People go on working meanwhile, and letters queue. What waited already when the copy was taken may
have been sent by the original system, so whoever releases says what becomes of those letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.engine.transition import EventKind
from broker_crm.outreach.happenings import happened, needs_a_person, resolve
from broker_crm.outreach.models import Letter, MailHold, OutboxEntry, OutboxState
from broker_crm.people.models import Role
from broker_crm.process.errors import CommandRefused, NotAllowed
from broker_crm.process.rights import acting_user

MAYBE_SENT = "The letter waited when the backup was made; the original system may have sent it."
WAS_SENDING = "The letter was being sent when the backup was made; it may have arrived."
LEFT_TO_THE_ORIGINAL = "Left to the system from which this copy was taken."


class Copied(StrEnum):
    """What becomes of letters that waited already when the copy was taken."""

    SEND = "send"
    ASK = "ask"
    """Each becomes doubtful: a manager decides."""
    GIVE_UP = "give-up"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Letters that a hold keeps back."""

    copied: int
    """Written before the hold."""
    new: int
    """Written under the hold."""


class MailNotHeld(CommandRefused):
    """There is nothing to release."""


class ChoiceNeeded(CommandRefused):
    """Letters from the backup wait, and nobody said what becomes of them."""


def is_held() -> ColumnElement[bool]:
    """Outgoing mail is on hold."""
    return exists().where(MailHold.released_at.is_(None))


def open_hold(session: Session) -> MailHold | None:
    """The hold that keeps mail back, or None."""
    held = select(MailHold).where(MailHold.released_at.is_(None)).order_by(MailHold.id.desc())
    return session.scalars(held.limit(1)).first()


def hold_mail(session: Session, reason: str, *, since: datetime, by: str | None) -> MailHold:
    """Hold all outgoing mail; what is being sent becomes doubtful.

    Args:
        session: the caller commits.
        reason: for people.
        since: letters written before it may have been sent elsewhere.
        by: login, or None for the product itself.
    """
    hold = MailHold(since=since, reason=reason[:500], held_by=by)
    session.add(hold)
    interrupted = select(OutboxEntry).where(OutboxEntry.state == OutboxState.SENDING)
    for entry in session.scalars(interrupted).all():
        _doubt(session, entry, WAS_SENDING)
    session.flush()
    return hold


def waiting(session: Session, hold: MailHold) -> Waiting:
    """How many letters go out when the hold is released."""
    counted = (
        select(func.count())
        .select_from(OutboxEntry)
        .join(Letter, Letter.id == OutboxEntry.letter_id)
        .where(OutboxEntry.state == OutboxState.QUEUED)
    )
    copied = session.scalar(counted.where(Letter.created_at <= hold.since)) or 0
    return Waiting(copied, (session.scalar(counted) or 0) - copied)


def release_mail(session: Session, copied: Copied | None, *, by: str) -> Waiting:
    """Let mail leave the house again.

    Args:
        session: the caller commits.
        copied: what becomes of letters that waited already when the copy was taken; may be None
            when there are none.
        by: login of an administrator.

    Returns:
        What waited.

    Raises:
        NotAllowed: only administrators may.
        MailNotHeld: it is not held.
        ChoiceNeeded: letters from the backup wait, and `copied` is None.
    """
    if Role.ADMINISTRATOR not in acting_user(session, by).roles:
        raise NotAllowed("Only administrators release mail.")
    hold = session.scalars(
        select(MailHold).where(MailHold.released_at.is_(None)).with_for_update()
    ).first()
    if hold is None:
        raise MailNotHeld("Outgoing mail is not held.")
    found = waiting(session, hold)
    if found.copied and copied is None:
        raise ChoiceNeeded(
            f"{found.copied} letters waited already when the backup was made, and the original "
            "system may have sent them. Say what becomes of them (--copied): send, ask or give-up."
        )
    if copied in (Copied.ASK, Copied.GIVE_UP):
        for entry in session.scalars(_copied(hold)).all():
            if copied == Copied.ASK:
                _doubt(session, entry, MAYBE_SENT)
            else:
                _give_up(session, entry, by)
    hold.released_at = clock.now()
    hold.released_by = by
    session.flush()
    return found


def _copied(hold: MailHold) -> Select[OutboxEntry]:
    return (
        select(OutboxEntry)
        .join(Letter, Letter.id == OutboxEntry.letter_id)
        .where(OutboxEntry.state == OutboxState.QUEUED, Letter.created_at <= hold.since)
        .order_by(Letter.created_at)
    )


def _doubt(session: Session, entry: OutboxEntry, why: str) -> None:
    entry.state = OutboxState.IN_DOUBT
    entry.last_error = why
    entry.lease_token = entry.lease_until = None
    needs_a_person(session, entry.letter_id, why)


def _give_up(session: Session, entry: OutboxEntry, by: str) -> None:
    entry.state = OutboxState.FAILED
    entry.last_error = LEFT_TO_THE_ORIGINAL
    happened(session, entry.letter_id, EventKind.LETTER_FAILED, reason=LEFT_TO_THE_ORIGINAL, by=by)
    resolve(session, entry.letter_id, "dismissed", by)
