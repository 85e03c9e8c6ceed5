"""Needs records, quotes of insurers, offers with their lines, and contracts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from broker_crm.crm.models.money import Money, Percent
from broker_crm.crm.models.policy import searchable
from broker_crm.db import Base, UtcDateTime, new_id


class OfferStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    REPLACED = "replaced"
    """A later version took its place."""


class ContractStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    SIGNED = "signed"
    REFUSED = "refused"
    EXPIRED = "expired"


class NeedsRecord(Base):
    """The client's demands and needs before an offer (Directive (EU) 2016/97, art. 20)."""

    __tablename__ = "needs_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[UUID | None] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_how: Mapped[str | None] = mapped_column(String(120))
    recorded_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Quote(Base):
    """One insurer asked for terms, and its answer."""

    __tablename__ = "quote"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[UUID | None] = mapped_column(unique=True)
    insurer_id: Mapped[int] = mapped_column(ForeignKey("insurer.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(20), default="asked")
    """'asked', 'quoted', 'declined' or 'no-reply'."""
    premium: Mapped[Decimal | None] = mapped_column(Money)
    sum_insured: Mapped[Decimal | None] = mapped_column(Money)
    deductible: Mapped[Decimal | None] = mapped_column(Money)
    commission_percent: Mapped[Decimal | None] = mapped_column(Percent)
    valid_until: Mapped[date | None]
    decline_reason: Mapped[str | None] = mapped_column(String(300))


class Offer(Base):
    __tablename__ = "offer"
    __table_args__ = (UniqueConstraint("instance_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"))
    version: Mapped[int]
    """1 for the first of the case."""
    status: Mapped[str] = mapped_column(String(20), default=OfferStatus.DRAFT, index=True)
    valid_until: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")
    corrections: Mapped[str] = mapped_column(Text, default="")
    """Agreed at the meeting or asked for in negotiations."""
    deviation_reason: Mapped[str] = mapped_column(Text, default="")
    """Why it differs from the standard, as the salesperson says."""
    prepared_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    prepared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approval_level: Mapped[str | None] = mapped_column(String(40))
    """Who had to approve it, as the decision table said; 'none' when nobody."""
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the client accepted or refused."""
    link_hash: Mapped[str | None] = mapped_column(String(64), unique=True, index=True)
    """SHA-256 in hex of the secret in the letter's link; the secret itself is stored in no table
    of offers."""
    letter_id: Mapped[UUID | None]
    """The letter that carries the link."""
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the client first opened it by the link."""

    lines: Mapped[list[OfferLine]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="OfferLine.id"
    )


class OfferLine(Base):
    """One product of one insurer in an offer, against the standard terms in force that day."""

    __tablename__ = "offer_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    insurer_id: Mapped[int | None] = mapped_column(ForeignKey("insurer.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    cover: Mapped[str] = mapped_column(String(300), default="")
    extra_covers: Mapped[str] = mapped_column(String(300), default="")
    sum_insured: Mapped[Decimal | None] = mapped_column(Money)
    deductible: Mapped[Decimal | None] = mapped_column(Money)
    premium: Mapped[Decimal] = mapped_column(Money)
    instalments: Mapped[int] = mapped_column(default=1)
    term_months: Mapped[int] = mapped_column(default=12)
    commission_percent: Mapped[Decimal] = mapped_column(Percent)
    standard_terms_id: Mapped[int | None] = mapped_column(ForeignKey("standard_terms.id"))
    standard_premium: Mapped[Decimal | None] = mapped_column(Money)
    standard_commission_percent: Mapped[Decimal | None] = mapped_column(Percent)
    standard_deductible: Mapped[Decimal | None] = mapped_column(Money)
    premium_deviation_percent: Mapped[Decimal | None] = mapped_column(Percent)
    """(standard − offered) / standard × 100: positive when the client pays less."""
    commission_deviation: Mapped[Decimal | None] = mapped_column(Percent)
    """Percentage points below the standard commission."""
    premium_effect: Mapped[Decimal | None] = mapped_column(Money)
    """Standard less offered premium: the client's gain."""
    commission_effect: Mapped[Decimal | None] = mapped_column(Money)
    """Standard less agreed commission in EUR: the broker's own money given away."""
    other_premium_effect: Mapped[Decimal | None] = mapped_column(Money)
    """What the deviations other than price are worth to the client, EUR."""
    other_commission_effect: Mapped[Decimal | None] = mapped_column(Money)
    """Commission on that, which is not earned, EUR."""

    deviations: Mapped[list[OfferDeviation]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="OfferDeviation.id"
    )


class OfferDeviation(Base):
    """One way in which an offer line differs from the standard of its day; equal ones have none."""

    __tablename__ = "offer_deviation"
    __table_args__ = (UniqueConstraint("line_id", "kind", "cover"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("offer_line.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """'premium' (EUR), 'commission' (percent of the premium), 'deductible' (EUR), 'sum-insured'
    (EUR above the limit), 'instalments' (parts), 'term' (months) or 'extra-cover'."""
    cover: Mapped[str] = mapped_column(String(60), default="")
    """Which one, for an extra cover."""
    standard: Mapped[Decimal] = mapped_column(Money)
    offered: Mapped[Decimal] = mapped_column(Money)
    difference: Mapped[Decimal] = mapped_column(Money)
    """Offered less standard, in the unit of the kind."""
    price_percent: Mapped[Decimal | None] = mapped_column(Percent)
    """Price of a deviation other than price, in percent of the standard premium; positive when
    the client gains."""
    premium_effect: Mapped[Decimal] = mapped_column(Money)
    """EUR; positive when the client gains."""
    commission_effect: Mapped[Decimal] = mapped_column(Money)
    """EUR; positive when the broker gives commission away."""
    reason: Mapped[str] = mapped_column(String(200), default="")
    """The row of the price table, in words."""


class Contract(Base):
    __tablename__ = "contract"
    __table_args__ = (UniqueConstraint("instance_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"))
    """The accepted offer that it was made from."""
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("policy.id"))
    """The policy that came of it."""
    version: Mapped[int]
    number: Mapped[str | None] = mapped_column(String(60))
    search_number: Mapped[str] = mapped_column(String(60), default="")
    """Number in lower case without diacritics and spaces, for search."""
    status: Mapped[str] = mapped_column(String(20), default=ContractStatus.DRAFT, index=True)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    premium: Mapped[Decimal] = mapped_column(Money)
    sum_insured: Mapped[Decimal | None] = mapped_column(Money)
    deductible: Mapped[Decimal | None] = mapped_column(Money)
    commission_percent: Mapped[Decimal | None] = mapped_column(Percent)
    instalments: Mapped[int] = mapped_column(default=1)
    differences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Field to [accepted offer, contract], where they differ."""
    prepared_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    prepared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signing_method: Mapped[str | None] = mapped_column(String(40))
    refusal_reason: Mapped[str | None] = mapped_column(String(300))

    @validates("number")
    def _keep_search_number(self, _key: str, value: str | None) -> str | None:
        self.search_number = searchable(value or "")[:60]
        return value


class SignatureRequest(Base):
    """A document on its way through an e-signature provider."""

    __tablename__ = "signature_request"
    __table_args__ = (UniqueConstraint("provider", "reference"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    provider: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(120))
    """The provider's own id."""
    signer_name: Mapped[str] = mapped_column(String(200))
    signer_email: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), default="prepared")
    """'prepared', 'sent', 'signed', 'refused', 'expired' or 'withdrawn'."""
    prepared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_document_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    attempts: Mapped[int] = mapped_column(default=0)
    """How often the provider failed since it last answered."""
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the provider is called again: to send it, or to ask what became of it."""
    last_error: Mapped[str | None] = mapped_column(String(500))
