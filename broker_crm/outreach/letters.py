"""Queues a letter: its copy for the history and its place in the outbox, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parseaddr
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.db import new_id
from broker_crm.outreach import headers
from broker_crm.outreach.models import Letter, LetterAttachment, OutboxEntry, OutboxState


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter as it is to be sent; every field is filled in."""

    template_key: str
    language: str
    sender: str
    """Address that the server sends from."""
    sender_name: str
    recipient: str
    recipient_name: str
    subject: str
    body: str
    """Markdown."""
    purpose: str | None = None
    """'marketing' when it needs the client's permission at the moment of sending."""


@dataclass(frozen=True, slots=True)
class Attachment:
    file_name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Origin:
    """The step that writes the letter."""

    instance_id: UUID
    element_id: str
    loop: int
    """Which letter of this element in this instance, from 1."""
    client_id: int | None
    author: str | None
    """Login."""

    @property
    def dedup_key(self) -> str:
        return f"{self.instance_id}:{self.element_id}:{self.loop}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What writes a letter outside of any case, such as a message to a colleague."""

    dedup_key: str
    """The same key never queues a second letter."""
    author: str | None
    """Login of who may read it."""
    instance_id: None = None
    element_id: None = None
    client_id: None = None


def next_loop(session: Session, instance_id: UUID, element_id: str) -> int:
    """The number of the next letter of an element, from 1.

    The instance is locked while a command runs, so no other transaction takes the same number.
    """
    written = select(func.count()).where(
        Letter.instance_id == instance_id, Letter.element_id == element_id
    )
    return (session.scalar(written) or 0) + 1


def queue_letter(
    session: Session, origin: Origin | Notice, draft: Draft, attachments: Iterable[Attachment] = ()
) -> Letter:
    """Write a letter into the outbox; it is sent after the caller's commit.

    A step whose letter is already there gets that one back, and nothing is written.

    Args:
        session: the caller commits.
        origin: the step, or what else writes it.
        draft: the letter.
        attachments: files.

    Raises:
        HeaderRefused: when the subject, a name or an address can't stand in a header.
    """
    there = session.scalar(select(Letter).where(Letter.dedup_key == origin.dedup_key))
    if there is not None:
        return there
    now = clock.now()
    letter = Letter(
        id=new_id(),
        instance_id=origin.instance_id,
        client_id=origin.client_id,
        element_id=origin.element_id,
        template_key=draft.template_key,
        language=draft.language,
        sender=headers.mailbox(draft.sender_name, draft.sender, "sender"),
        recipient=headers.mailbox(draft.recipient_name, draft.recipient, "recipient"),
        subject=headers.one_line(draft.subject, "subject"),
        body=draft.body,
        purpose=draft.purpose,
        author=origin.author,
        created_at=now,
        dedup_key=origin.dedup_key,
    )
    session.add(letter)
    session.flush()
    session.add(
        OutboxEntry(
            letter_id=letter.id,
            state=OutboxState.QUEUED,
            message_id=f"<{letter.id}@{envelope(letter.sender).rpartition('@')[2]}>",
            next_attempt_at=now,
        )
    )
    session.add_all(
        LetterAttachment(
            letter_id=letter.id,
            file_name=headers.one_line(attachment.file_name, "file name"),
            media_type=attachment.media_type,
            content=attachment.content,
        )
        for attachment in attachments
    )
    session.flush()
    return letter


def envelope(mailbox: str) -> str:
    """The bare address of a stored sender or recipient."""
    return parseaddr(mailbox)[1]
