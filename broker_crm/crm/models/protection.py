"""Protection of personal data: requests of persons, what is due for erasure, the audit trail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime


class DataRequest(Base):
    """A person's request about own data: the register with its one-month clock."""

    __tablename__ = "data_request"
    __table_args__ = (Index(None, "state", "due_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """'access', 'portability', 'rectification', 'erasure', 'restriction' or 'objection'."""
    requester: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(20))
    """'email', 'letter', 'phone', 'visit' or 'web'."""
    identified_by: Mapped[str] = mapped_column(String(200), default="")
    """How the requester's identity was checked."""
    text: Mapped[str] = mapped_column(Text, default="")
    received_on: Mapped[date]
    due_on: Mapped[date]
    extended_reason: Mapped[str | None] = mapped_column(String(500))
    """Why the term was made two months longer."""
    state: Mapped[str] = mapped_column(String(20), default="open")
    """'open', 'done' or 'refused'."""
    answer: Mapped[str | None] = mapped_column(Text)
    """What was done, or why it was refused."""
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_by: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))


class ErasureProposal(Base):
    """A record whose retention is over: compliance erases it, or says why it is kept."""

    __tablename__ = "erasure_proposal"
    __table_args__ = (
        UniqueConstraint("kind", "record_key"),
        Index(None, "decision", "keep_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    """'client', 'case', 'complaint' or 'consent'."""
    record_key: Mapped[str] = mapped_column(String(40))
    """The record's id as text."""
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    retention_class: Mapped[str] = mapped_column(String(40))
    over_on: Mapped[date]
    """The first day on which it need not be kept."""
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decision: Mapped[str | None] = mapped_column(String(20))
    """None while it waits; 'erased' or 'kept'."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    keep_until: Mapped[date | None]
    keep_reason: Mapped[str | None] = mapped_column(String(300))


class AuditEntry(Base):
    """Who looked at, gave out, joined or removed a person's data; append-only, without the data."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "client_id", "at"), Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(String(60))
    """Login; None for the product itself."""
    action: Mapped[str] = mapped_column(String(40))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Numbers, codes and names of fields; never personal data."""
