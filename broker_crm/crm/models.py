"""Tables of the brokerage: clients, contact persons, consents, products, insurers, interactions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from broker_crm.db import Base, UtcDateTime

Money = Numeric(12, 2)


class ClientKind(StrEnum):
    NATURAL = "natural"
    LEGAL = "legal"
    FOREIGN = "foreign"


class ClientStatus(StrEnum):
    PROSPECT = "prospect"
    ACTIVE = "active"
    FORMER = "former"
    BLOCKED = "blocked"


class Client(Base):
    __tablename__ = "client"
    __table_args__ = (Index(None, "search_name"), Index(None, "owner"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    """Company name in full, or first name and surname."""
    search_name: Mapped[str] = mapped_column(String(200))
    """Lower case without diacritics, for search."""
    vip: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(20), default=ClientStatus.PROSPECT)
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    """Company code (nine digits); natural persons have none here."""
    vat_code: Mapped[str | None] = mapped_column(String(20))
    sector: Mapped[str | None] = mapped_column(String(40))
    """Short key such as 'transport'."""
    sector_code: Mapped[str | None] = mapped_column(String(10))
    """EVRK 2.1."""
    staff: Mapped[int | None]
    size_band: Mapped[str] = mapped_column(String(20), default="")
    """'micro', 'small', 'medium', 'large', or '' for natural persons."""
    region: Mapped[str | None] = mapped_column(String(60))
    address: Mapped[str | None] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2), default="LT")
    language: Mapped[str] = mapped_column(String(2), default="lt")
    email: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    """E.164."""
    birth_date: Mapped[date | None]
    owner: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """The salesperson."""
    source: Mapped[str | None] = mapped_column(String(60))
    do_not_contact: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    contacts: Mapped[list[ContactPerson]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="ContactPerson.id"
    )


class ContactPerson(Base):
    __tablename__ = "contact_person"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    first_name: Mapped[str] = mapped_column(String(80))
    surname: Mapped[str] = mapped_column(String(80))
    vocative: Mapped[str | None] = mapped_column(String(80))
    """Override of the derived vocative, such as 'Jonai'."""
    role: Mapped[str] = mapped_column(String(40), default="director")
    email: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Consent(Base):
    """A permission to contact for marketing, given or withdrawn, with evidence."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(40), default="marketing")
    channel: Mapped[str] = mapped_column(String(20))
    """'email', 'phone' or 'any'."""
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    evidence: Mapped[str] = mapped_column(String(300))


class Insurer(Base):
    __tablename__ = "insurer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    on_panel: Mapped[bool] = mapped_column(default=True)


class Product(Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    complexity: Mapped[str] = mapped_column(String(1))
    """Complexity class A simple, B standard, C complex."""
    insurance_group: Mapped[str] = mapped_column(String(40), default="")
    product_manager: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))


class StandardTerms(Base):
    """Terms of one insurer for one product, in force over a period."""

    __tablename__ = "standard_terms"
    __table_args__ = (UniqueConstraint("insurer_id", "product_id", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    insurer_id: Mapped[int] = mapped_column(ForeignKey("insurer.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    premium_rate: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    """Share of the sum insured."""
    minimum_premium: Mapped[Decimal] = mapped_column(Money)
    deductible: Mapped[Decimal] = mapped_column(Money)
    commission_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    maximum_discount_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))


class Interaction(Base):
    """An e-mail, call, meeting or note with a client; colleagues read them as notes."""

    __tablename__ = "interaction"
    __table_args__ = (Index(None, "client_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"))
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[UUID | None]
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """'email', 'call', 'meeting', 'note', 'letter'."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    author: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    reaction: Mapped[str | None] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text, default="")
