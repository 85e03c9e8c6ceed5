"""What a person decides about a letter that did not get through: send it again, or give it up."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.engine.transition import EventKind
from broker_crm.outreach.happenings import happened, resolve
from broker_crm.outreach.models import OutboxEntry, OutboxState
from broker_crm.process.errors import CommandRefused
from broker_crm.process.rights import acting_user, require_steering

SENDABLE = frozenset({OutboxState.QUEUED, OutboxState.IN_DOUBT, OutboxState.FAILED})


class LetterNotWaiting(CommandRefused):
    """The letter is on its way or has been sent."""


def resend(session: Session, letter_id: UUID, *, by: str) -> None:
    """Queue a failed or doubtful letter again, with the same Message-ID.

    Args:
        session: the caller commits.
        letter_id: of the letter.
        by: login of the person who decides.

    Raises:
        NotAllowed: only those who steer may.
        LetterNotWaiting: when it is being sent, or was.
    """
    entry = _decided(session, letter_id, by)
    entry.state = OutboxState.QUEUED
    entry.attempts = 0
    entry.next_attempt_at = clock.now()
    resolve(session, letter_id, "retried", by)
    session.flush()


def give_up(session: Session, letter_id: UUID, *, by: str) -> None:
    """Never send a queued, failed or doubtful letter.

    Args:
        session: the caller commits.
        letter_id: of the letter.
        by: login of the person who decides.

    Raises:
        NotAllowed: only those who steer may.
        LetterNotWaiting: when it is being sent, or was.
    """
    entry = _decided(session, letter_id, by)
    if entry.state != OutboxState.FAILED:
        entry.state = OutboxState.FAILED
        happened(session, letter_id, EventKind.LETTER_FAILED, reason=entry.last_error, by=by)
    resolve(session, letter_id, "dismissed", by)
    session.flush()


def _decided(session: Session, letter_id: UUID, by: str) -> OutboxEntry:
    require_steering(acting_user(session, by))
    entry = session.get(OutboxEntry, letter_id, with_for_update=True)
    if entry is None or entry.state not in SENDABLE:
        raise LetterNotWaiting("The letter is being sent, or has been sent already.")
    entry.lease_token = None
    entry.lease_until = None
    return entry
