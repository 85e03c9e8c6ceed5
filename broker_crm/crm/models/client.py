"""Clients, their contact persons, groups, permissions to contact, and merged duplicates."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from broker_crm.crm.likeness import company_name
from broker_crm.db import Base, UtcDateTime
from broker_crm.process.plain_text import sort_key


class ClientKind(StrEnum):
    NATURAL = "natural"
    LEGAL = "legal"
    FOREIGN = "foreign"


class ClientStatus(StrEnum):
    PROSPECT = "prospect"
    ACTIVE = "active"
    FORMER = "former"
    BLOCKED = "blocked"


def _match_name(context: DefaultExecutionContext) -> str:
    parameters: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return company_name(str(parameters.get("name") or ""))[:200]


def _sort_name(context: DefaultExecutionContext) -> str:
    parameters: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return sort_key(str(parameters.get("name") or ""))


class Client(Base):
    __tablename__ = "client"
    __table_args__ = (
        Index(None, "search_name"),
        Index(None, "owner"),
        Index(None, "match_name"),
        Index(None, "sort_name"),
        Index(None, "email"),
        Index(None, "phone"),
        Index(None, "vat_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    """Company name in full, or first name and surname."""
    search_name: Mapped[str] = mapped_column(String(200))
    """Lower case without diacritics, for search."""
    match_name: Mapped[str] = mapped_column(String(200), default=_match_name)
    """The name as `likeness.company_name` compares it; follows the name by itself."""
    sort_name: Mapped[str] = mapped_column(String(200), default=_sort_name)
    """The name's place in the Lithuanian alphabet; follows the name by itself."""
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
    deputy: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """The salesperson who stands in for the owner."""
    group_id: Mapped[int | None] = mapped_column(ForeignKey("client_group.id"), index=True)
    turnover_band: Mapped[str | None] = mapped_column(String(20))
    risk_class: Mapped[str | None] = mapped_column(String(20))
    """'low', 'medium' or 'high'."""
    bank_account: Mapped[str | None] = mapped_column(String(34))
    """IBAN."""
    personal_code_sealed: Mapped[str | None] = mapped_column(String(400))
    """Encrypted; only shown to those who may see personal codes."""
    personal_code_mark: Mapped[str | None] = mapped_column(String(64), index=True, unique=True)
    """Keyed hash of the personal code: finds duplicates without opening it."""
    foreign_id: Mapped[str | None] = mapped_column(String(60))
    """Passport or register number of a foreign client."""
    import_code: Mapped[str | None] = mapped_column(String(60), index=True)
    """The client's code in the system that it was imported from."""
    retention_class: Mapped[str] = mapped_column(String(40), default="client")
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    """Set on a duplicate: the client that took over its history."""
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When personal data was removed: at the person's request, or because its term was over."""
    restricted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when the data is only kept, and used for nothing but what law or claims require."""
    restricted_reason: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    contacts: Mapped[list[ContactPerson]] = relationship(
        primaryjoin="and_(Client.id == ContactPerson.client_id, ContactPerson.ended_at.is_(None))",
        lazy="selectin",
        cascade="all, delete-orphan",
        order_by="ContactPerson.id",
    )
    """Those who speak for the client now."""

    @validates("name")
    def _follow_name(self, _key: str, name: str) -> str:
        self.match_name = company_name(name)[:200]
        self.sort_name = sort_key(name)
        return name


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
    authority: Mapped[str | None] = mapped_column(String(120))
    """Basis on which the person signs, such as 'director' or a power of attorney."""
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a letter to the address came back."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the person ceased to speak for the client."""


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
    text_version: Mapped[str | None] = mapped_column(String(40))
    """Version of the text that the client agreed to."""
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    """The file that proves it."""
    withdrawn_evidence: Mapped[str | None] = mapped_column(String(300))
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """Who recorded the withdrawal; None for the client's own click."""
    recorded_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))


class ClientGroup(Base):
    """A household or a group of companies."""

    __tablename__ = "client_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    """'household' or 'companies'."""
    name: Mapped[str] = mapped_column(String(200))


class ClientMerge(Base):
    """Two records of one client were made one; what moved is kept, so that it can be undone."""

    __tablename__ = "client_merge"

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    moved: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Table to the ids of the rows that moved; under 'client' the fields as they were before."""
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))


class RetentionPeriod(Base):
    """How long records of a class are kept."""

    __tablename__ = "retention_period"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    """'client', 'contract', 'unsuccessful-offer', 'complaint', 'consent', 'kyc' …"""
    years: Mapped[int]
    counted_from: Mapped[str] = mapped_column(String(40))
    """What the years are counted from, such as 'contract-end'."""
    source: Mapped[str] = mapped_column(String(300), default="")
    by_law: Mapped[bool] = mapped_column(default=False)
    """Kept for so long even when the person asks for erasure."""
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))


class ClientDistinction(Base):
    """Two records that look alike and are known to be two clients."""

    __tablename__ = "client_distinction"

    first_id: Mapped[int] = mapped_column(ForeignKey("client.id"), primary_key=True)
    """The lower id."""
    second_id: Mapped[int] = mapped_column(ForeignKey("client.id"), primary_key=True, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(ForeignKey("user_account.login"))


class DatedLead(Base):
    """A client has the product elsewhere until a date: the cheapest lead that a broker has."""

    __tablename__ = "dated_lead"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    insurer_name: Mapped[str | None] = mapped_column(String(120))
    ends_on: Mapped[date]
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"))
    """Where it was learnt."""
    taken_up_by: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"))
    """The process started from it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
