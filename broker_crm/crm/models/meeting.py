"""Meetings with clients, and the calendars that show them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime, new_id


class Meeting(Base):
    """A meeting with a client: the source of invitations and of the calendar feed."""

    __tablename__ = "meeting"
    __table_args__ = (Index(None, "organiser", "starts_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[UUID | None]
    """The step in which it takes place."""
    organiser: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    title: Mapped[str] = mapped_column(String(300))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    minutes: Mapped[int] = mapped_column(default=60)
    place: Mapped[str] = mapped_column(String(300), default="")
    status: Mapped[str] = mapped_column(String(20), default="planned")
    """'planned', 'held', 'no-show' or 'cancelled'."""
    sequence: Mapped[int] = mapped_column(default=0)
    """Raised at every change, as calendars expect it (RFC 5545)."""
    invited_email: Mapped[str | None] = mapped_column(String(200))
    """Where the client's invitation went; changes and the cancellation go there, too."""
    reminded_sequence: Mapped[int | None]
    """For which state of the meeting the client was reminded."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalendarFeed(Base):
    """The secret address of a person's calendar feed."""

    __tablename__ = "calendar_feed"

    login: Mapped[str] = mapped_column(ForeignKey("user_account.login"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 in hex; the address itself is shown once."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
