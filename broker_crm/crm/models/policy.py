"""Policies with what is insured, their instalments, endorsements and claims."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from broker_crm.crm.models.money import Money, Percent
from broker_crm.db import Base, UtcDateTime
from broker_crm.process.plain_text import plain


class PolicyStatus(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


def searchable(text: str) -> str:
    """As numbers and plates are searched for: lower case, without diacritics and spaces."""
    return "".join(plain(text).split())


class InsuredObject(Base):
    """A vehicle, building, person, cargo or project, over all its policies."""

    __tablename__ = "insured_object"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """'vehicle', 'building', 'person', 'cargo', 'project', 'activity'."""
    name: Mapped[str] = mapped_column(String(200))
    plate: Mapped[str | None] = mapped_column(String(20))
    vin: Mapped[str | None] = mapped_column(String(20))
    built_year: Mapped[int | None]
    value: Mapped[Decimal | None] = mapped_column(Money)
    search_text: Mapped[str] = mapped_column(String(300), default="")
    """Name, plate and VIN in lower case without diacritics and spaces, for search."""

    @validates("name", "plate", "vin")
    def _keep_search_text(self, key: str, value: str | None) -> str | None:
        words = {name: getattr(self, name) for name in ("name", "plate", "vin")} | {key: value}
        self.search_text = " ".join(searchable(word) for word in words.values() if word)
        return value


class Policy(Base):
    __tablename__ = "policy"
    __table_args__ = (
        UniqueConstraint("insurer_id", "number"),
        Index(None, "status", "ends_on"),
        Index(None, "client_id", "ends_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(60))
    search_number: Mapped[str] = mapped_column(String(60), default="")
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"))
    insurer_id: Mapped[int] = mapped_column(ForeignKey("insurer.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    object_id: Mapped[int | None] = mapped_column(ForeignKey("insured_object.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The last day of cover."""
    premium: Mapped[Decimal] = mapped_column(Money)
    """Of the whole period."""
    commission_percent: Mapped[Decimal] = mapped_column(Percent)
    sum_insured: Mapped[Decimal | None] = mapped_column(Money)
    deductible: Mapped[Decimal | None] = mapped_column(Money)
    instalment_count: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(20), default=PolicyStatus.ACTIVE)
    sales_type: Mapped[str] = mapped_column(String(20), default="new")
    """'new' or 'renewal'."""
    renewed_from_id: Mapped[int | None] = mapped_column(ForeignKey("policy.id"), unique=True)
    """The policy that this one replaces: none is renewed twice."""
    not_renewable: Mapped[bool] = mapped_column(default=False)
    non_renewal_reason: Mapped[str | None] = mapped_column(String(300))
    owner: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"))
    """The case in which it was sold or renewed."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    covers: Mapped[list[PolicyCover]] = relationship(
        lazy="select", cascade="all, delete-orphan", order_by="PolicyCover.id"
    )

    @validates("number")
    def _keep_search_number(self, _key: str, value: str) -> str:
        self.search_number = searchable(value)
        return value


class PolicyCover(Base):
    """One cover of a policy with its own sum insured."""

    __tablename__ = "policy_cover"
    __table_args__ = (UniqueConstraint("policy_id", "cover"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    cover: Mapped[str] = mapped_column(String(60))
    """Key such as 'fire' or 'liability'."""
    sum_insured: Mapped[Decimal | None] = mapped_column(Money)
    deductible: Mapped[Decimal | None] = mapped_column(Money)


class RenewalStart(Base):
    """The renewal case of a policy: one policy's end starts one case, once."""

    __tablename__ = "renewal_start"

    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"), primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Instalment(Base):
    """A part of the premium that falls due."""

    __tablename__ = "instalment"
    __table_args__ = (UniqueConstraint("policy_id", "number"), Index(None, "due_on"))

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    number: Mapped[int]
    due_on: Mapped[date]
    amount: Mapped[Decimal] = mapped_column(Money)
    paid_on: Mapped[date | None]
    paid_amount: Mapped[Decimal | None] = mapped_column(Money)
    invoice_number: Mapped[str | None] = mapped_column(String(60))


class Endorsement(Base):
    """A change of a policy within its period."""

    __tablename__ = "endorsement"

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"), index=True)
    effective_on: Mapped[date]
    change: Mapped[str] = mapped_column(String(500))
    premium_delta: Mapped[Decimal] = mapped_column(Money)
    sum_insured_delta: Mapped[Decimal | None] = mapped_column(Money)
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Claim(Base):
    """An insured event reported to the insurer; not a complaint."""

    __tablename__ = "claim"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("policy.id"), index=True)
    insurer_number: Mapped[str | None] = mapped_column(String(60))
    happened_on: Mapped[date]
    reported_on: Mapped[date]
    description: Mapped[str] = mapped_column(String(500), default="")
    reserve: Mapped[Decimal] = mapped_column(Money, default=0)
    paid: Mapped[Decimal] = mapped_column(Money, default=0)
    reduced_by_limit: Mapped[bool] = mapped_column(default=False)
    refused_on: Mapped[date | None]
    closed_on: Mapped[date | None]


class Opportunity(Base):
    """A signal that a client may need more cover or another product, with its evidence."""

    __tablename__ = "opportunity"
    __table_args__ = (UniqueConstraint("client_id", "rule", "evidence_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"))
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("policy.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """'up-sell' or 'cross-sell'."""
    rule: Mapped[str] = mapped_column(String(60))
    evidence_key: Mapped[str] = mapped_column(String(120))
    """What it was found from, such as 'policy:17': the same evidence is not raised twice."""
    argument: Mapped[str] = mapped_column(String(500))
    score: Mapped[float]
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the signal that starts its case was sent: it is sent once."""
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"))
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dismissed_reason: Mapped[str | None] = mapped_column(String(300))
