"""The complaint register."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.crm.models.money import Money
from broker_crm.db import Base, UtcDateTime


class Complaint(Base):
    __tablename__ = "complaint"
    __table_args__ = (Index(None, "status", "answer_by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    register_number: Mapped[str] = mapped_column(String(20), unique=True)
    """Year and running number, such as '2026-0007'."""
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), unique=True)
    received_on: Mapped[date]
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    channel: Mapped[str] = mapped_column(String(20))
    """'email', 'letter', 'phone', 'visit' or 'web'."""
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    complainant: Mapped[str] = mapped_column(String(200))
    complainant_email: Mapped[str | None] = mapped_column(String(200))
    representation: Mapped[str | None] = mapped_column(String(200))
    """Basis on which the complainant speaks for the client."""
    about: Mapped[str] = mapped_column(String(20), default="us")
    """'us', 'insurer' or 'other'."""
    insurer_id: Mapped[int | None] = mapped_column(ForeignKey("insurer.id"))
    employee: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"), index=True)
    """Whom it is about; never the one who handles it."""
    subject: Mapped[str] = mapped_column(String(40))
    """'delay', 'product-quality' or 'service-quality'."""
    subject_detail: Mapped[str | None] = mapped_column(String(60))
    process_key: Mapped[str | None] = mapped_column(String(120))
    step: Mapped[str | None] = mapped_column(String(120))
    """The step of a process in which the cause was found."""
    cause_version_id: Mapped[int | None] = mapped_column(ForeignKey("process_version.id"))
    """The version, with its forms and templates, that the step was taken in."""
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("policy.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    claimed_amount: Mapped[Decimal | None] = mapped_column(Money)
    description: Mapped[str] = mapped_column(Text, default="")
    search_text: Mapped[str] = mapped_column(Text, default="")
    """Number, complainant and description without accents."""
    language: Mapped[str] = mapped_column(String(2), default="lt")
    consumer: Mapped[bool] = mapped_column(default=True)
    severity: Mapped[str | None] = mapped_column(String(20))
    owner: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    status: Mapped[str] = mapped_column(String(20), default="open")
    """'open', 'forwarded', 'answered', 'closed' or 'not-a-complaint'."""
    acknowledge_by: Mapped[datetime] = mapped_column(UtcDateTime)
    internal_answer_by: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime] = mapped_column(UtcDateTime)
    extended_answer_by: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    forwarded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    forwarded_to: Mapped[str | None] = mapped_column(String(200))
    delay_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    promised_answer_on: Mapped[date | None]
    """The day that the delay letter names, within the extended term."""
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    breached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a term of the law passed without an answer."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_text: Mapped[str | None] = mapped_column(Text)
    """Of the answer that was sent; from whom it was forwarded to, what they answered."""
    decision: Mapped[str | None] = mapped_column(String(20))
    """'upheld', 'partly', 'rejected' or 'settled'."""
    remedy_amount: Mapped[Decimal | None] = mapped_column(Money)
    remedy_text: Mapped[str | None] = mapped_column(String(500))
    remedy_owner: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    reaction: Mapped[str | None] = mapped_column(String(40))
    """'accepts', 'disputes' or 'bank-of-lithuania'."""
    bank_received_on: Mapped[date | None]
    """When the Bank of Lithuania's request came."""
    bank_deadline: Mapped[date | None]
    bank_outcome: Mapped[str | None] = mapped_column(String(20))
    """'for-us', 'against-us', 'settled' or 'withdrawn'."""
    bank_decided_on: Mapped[date | None]
    root_cause: Mapped[str | None] = mapped_column(String(500))
    corrective_action: Mapped[str | None] = mapped_column(String(500))
    action_owner: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    action_due_on: Mapped[date | None]
    action_done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
