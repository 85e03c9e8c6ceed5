"""Sends what waits in the outbox: never lost, and never sent twice by itself.

Each letter takes two short transactions around the dialogue with the server. The first says
'sending' and takes a lease; the second writes what came of it. A process that dies in between
leaves a lease that runs out: the letter is then in doubt, and a person decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.crm.campaigns import bounced
from broker_crm.crm.models import Client
from broker_crm.crm.permissions import may_send_marketing
from broker_crm.db import new_id
from broker_crm.engine.transition import EventKind
from broker_crm.outreach import bouncing
from broker_crm.outreach.happenings import failed, happened, needs_a_person, resolve
from broker_crm.outreach.headers import HeaderRefused, address
from broker_crm.outreach.hold import is_held
from broker_crm.outreach.letters import envelope
from broker_crm.outreach.message import MessageUnwritable, serialised
from broker_crm.outreach.models import Letter, LetterAttachment, OutboxEntry, OutboxState
from broker_crm.outreach.smtp import Answer, Fate, hand_over
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.settings import Settings

LEASE = timedelta(minutes=3)
"""Longer than a dialogue with the server can last."""
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""Waits after the first, second, … temporary failure; after the last one the letter has failed."""
MARKETING = "marketing"
NO_PERMISSION = "The client may not be written to with offers any more."
STOPPED = "The program stopped while the letter was being sent; it may have arrived."
LOCAL_OUTBOX = Answer(Fate.SENT, "local outbox")


@dataclass(frozen=True, slots=True)
class _Sending:
    """A letter under a lease."""

    letter_id: UUID
    token: str
    sender: str
    recipient: str
    message: bytes


def deliver_due(
    factory: sessionmaker[Session],
    settings: Settings,
    limit: int = 200,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due, one letter after the other; stop when the server can't be reached.

    While outgoing mail is held, nothing is due.

    Args:
        factory: makes sessions.
        settings: `smtp_url` names the server; without one, letters stay in the local outbox and
            count as sent.
        limit: letters in one sweep.
        stopping: asked before each letter; when true, the rest stays queued.

    Returns:
        How many were sent.
    """
    doubt_expired(factory)
    sent = 0
    for letter_id in _due(factory, limit):
        if stopping():
            break
        try:
            sending = _claim(factory, letter_id)
        except (HeaderRefused, MessageUnwritable) as error:
            _refuse(factory, letter_id, error)
            continue
        if sending is None:
            continue
        answer = LOCAL_OUTBOX
        if settings.smtp_url:
            answer = hand_over(
                settings.smtp_url, sending.sender, sending.recipient, sending.message
            )
        with factory.begin() as session:
            sent += _settle(session, sending.letter_id, sending.token, answer)
        if answer.fate == Fate.UNREACHABLE:
            break
    return sent


def doubt_expired(factory: sessionmaker[Session]) -> int:
    """Letters whose sender died while sending become doubtful; they are never sent again alone.

    Returns:
        How many.
    """
    expired = select(OutboxEntry).where(
        OutboxEntry.state == OutboxState.SENDING, OutboxEntry.lease_until < clock.now()
    )
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        found = session.scalars(expired).all()
    for entry in found:
        with factory.begin() as session:
            _doubt(session, entry.letter_id, entry.lease_token)
    return len(found)


def _doubt(session: Session, letter_id: UUID, token: str | None) -> None:
    entry = session.get_one(OutboxEntry, letter_id, with_for_update=True)
    if entry.state == OutboxState.SENDING and entry.lease_token == token:
        entry.state = OutboxState.IN_DOUBT
        entry.last_error = STOPPED
        needs_a_person(session, letter_id, STOPPED)


def _due(factory: sessionmaker[Session], limit: int) -> list[UUID]:
    statement = (
        select(OutboxEntry.letter_id)
        .where(
            OutboxEntry.state == OutboxState.QUEUED,
            OutboxEntry.next_attempt_at <= clock.now(),
            ~is_held(),
        )
        .order_by(OutboxEntry.next_attempt_at)
        .limit(limit)
    )
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        return list(session.scalars(statement))


def _claim(factory: sessionmaker[Session], letter_id: UUID) -> _Sending | None:
    """Say that the letter is being sent; None when another worker was faster, or mail is held."""
    token = str(new_id())
    with factory.begin() as session:
        taken = cast(
            CursorResult[Any],
            session.execute(
                update(OutboxEntry)
                .where(
                    OutboxEntry.letter_id == letter_id,
                    OutboxEntry.state == OutboxState.QUEUED,
                    ~is_held(),
                )
                .values(
                    state=OutboxState.SENDING,
                    lease_token=token,
                    lease_until=clock.now() + LEASE,
                    attempts=OutboxEntry.attempts + 1,
                )
                .execution_options(synchronize_session=False)
            ),
        )
        if taken.rowcount != 1:
            return None
        letter = session.get_one(Letter, letter_id)
        entry = session.get_one(OutboxEntry, letter_id)
        if _lacks_permission(session, letter):
            entry.state, entry.lease_token, entry.lease_until = OutboxState.FAILED, None, None
            entry.attempts -= 1
            entry.last_error = NO_PERMISSION
            happened(session, letter_id, EventKind.LETTER_FAILED, reason=NO_PERMISSION)
            return None
        files = session.scalars(
            select(LetterAttachment)
            .where(LetterAttachment.letter_id == letter_id)
            .order_by(LetterAttachment.id)
        ).all()
        return _Sending(
            letter_id,
            token,
            envelope(letter.sender),
            envelope(letter.recipient),
            serialised(letter, files, entry.message_id, _reply_to(session, letter)),
        )


def _lacks_permission(session: Session, letter: Letter) -> bool:
    """A marketing letter whose client may not be written to now, whatever held when it was made."""
    if letter.purpose != MARKETING or letter.client_id is None:
        return False
    client = session.get(Client, letter.client_id)
    return client is None or not may_send_marketing(session, client)


def _reply_to(session: Session, letter: Letter) -> str | None:
    """The address of the salesperson whose case it is.

    Raises:
        HeaderRefused: when it is not an address.
    """
    instance = session.get(ProcessInstance, letter.instance_id) if letter.instance_id else None
    login = (instance.owner if instance else None) or letter.author
    mail = session.scalar(select(User.email).where(User.login == login)) if login else None
    return address(mail, f"address of the salesperson {login}") if mail else None


def _refuse(
    factory: sessionmaker[Session], letter_id: UUID, error: HeaderRefused | MessageUnwritable
) -> None:
    with factory.begin() as session:
        entry = session.get_one(OutboxEntry, letter_id, with_for_update=True)
        if entry.state == OutboxState.QUEUED:
            entry.state = OutboxState.FAILED
            entry.last_error = str(error)[:500]
            failed(session, letter_id, str(error))


def _settle(session: Session, letter_id: UUID, token: str, answer: Answer) -> bool:
    """Write what came of it; true when the letter was sent.

    An answer that comes after the lease ran out still settles the doubt, unless a person did.
    """
    entry = session.get_one(OutboxEntry, letter_id, with_for_update=True)
    if entry.lease_token != token:
        return False
    entry.lease_until = None
    entry.server_reply = answer.text[:500]
    if answer.fate == Fate.SENT:
        entry.state = OutboxState.SENT
        entry.sent_at = clock.now()
        entry.last_error = None
        happened(session, letter_id, EventKind.LETTER_SENT)
        resolve(session, letter_id, "dismissed", None)
        return True
    entry.last_error = answer.text[:500]
    if answer.fate == Fate.IN_DOUBT:
        entry.state = OutboxState.IN_DOUBT
        needs_a_person(session, letter_id, answer.text)
    elif answer.fate == Fate.UNREACHABLE:
        entry.state = OutboxState.QUEUED
        entry.attempts -= 1
        entry.next_attempt_at = clock.now() + BACK_OFF[0]
    elif answer.fate == Fate.TEMPORARY and entry.attempts <= len(BACK_OFF):
        entry.state = OutboxState.QUEUED
        entry.next_attempt_at = clock.now() + BACK_OFF[entry.attempts - 1]
    else:
        entry.state = OutboxState.FAILED
        permanent = answer.fate == Fate.PERMANENT
        if not (permanent and _came_back(session, letter_id, answer.text)):
            failed(session, letter_id, answer.text)
        if permanent:
            bouncing.mark(session, session.get_one(Letter, letter_id), answer.text)
    return False


def _came_back(session: Session, letter_id: UUID, reason: str) -> bool:
    """The server refused a campaign's letter for good: the recipient's case ends, nobody is asked.

    Returns:
        False for a letter that somebody has to deal with.
    """
    letter = session.get_one(Letter, letter_id)
    if letter.purpose != MARKETING or letter.instance_id is None:
        return False
    if not bounced(session, letter.client_id, letter.instance_id, letter.recipient):
        return False
    happened(session, letter_id, EventKind.LETTER_FAILED, reason=reason)
    return True
