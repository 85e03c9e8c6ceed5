"""Tables of letters, their outbox and its hold, and people's notifications."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime, new_id


class OutboxState(StrEnum):
    """Where a letter stands on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    """Committed before the SMTP dialogue begins."""
    SENT = "sent"
    IN_DOUBT = "in-doubt"
    """The process died while sending; a person decides, it is never resent by itself."""
    FAILED = "failed"


class Letter(Base):
    """The copy of a letter, kept in the history."""

    __tablename__ = "letter"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    element_id: Mapped[str | None] = mapped_column(String(120))
    template_key: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2))
    sender: Mapped[str] = mapped_column(String(200))
    recipient: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str | None] = mapped_column(String(20))
    """'marketing' when it needs the client's permission at the moment of sending."""
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    """Markdown with every field filled in."""
    author: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dedup_key: Mapped[str] = mapped_column(String(200), unique=True)
    """Instance, element and loop: the same step never queues the same letter twice."""


class LetterAttachment(Base):
    __tablename__ = "letter_attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[UUID] = mapped_column(ForeignKey("letter.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class OutboxEntry(Base):
    """The way of one letter to the SMTP server."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "state", "next_attempt_at"),)

    letter_id: Mapped[UUID] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), default=OutboxState.QUEUED)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    """RFC 5322 Message-ID, made from the letter's id, the same at every attempt."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(40))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    server_reply: Mapped[str | None] = mapped_column(String(500))
    last_error: Mapped[str | None] = mapped_column(String(500))


class MailHold(Base):
    """While one is not released, no letter leaves the house."""

    __tablename__ = "mail_hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    """Letters written before it may have been sent by the system that the copy was taken from."""
    reason: Mapped[str] = mapped_column(String(500))
    held_by: Mapped[str | None] = mapped_column(String(60))
    """Login; None for the product itself."""
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_by: Mapped[str | None] = mapped_column(String(60))


class Notification(Base):
    """A reminder or escalation shown to one person."""

    __tablename__ = "notification"
    __table_args__ = (Index(None, "login", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    kind: Mapped[str] = mapped_column(String(40))
    """'reminder', 'escalation', 'alert', 'offer-opened', or what `announce` tells."""
    task_id: Mapped[UUID | None]
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"))
    task_name: Mapped[str] = mapped_column(String(300), default="")
    case_title: Mapped[str] = mapped_column(String(300), default="")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dedup_key: Mapped[str] = mapped_column(String(200), unique=True)
