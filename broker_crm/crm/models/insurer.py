"""Insurers: whom to write to there, and what commission is agreed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column, validates

from broker_crm.db import Base, UtcDateTime
from broker_crm.process.plain_text import plain


class InsurerKind(StrEnum):
    COMPANY = "company"
    """A Lithuanian insurance company."""
    BRANCH = "branch"
    """The Lithuanian branch of a foreign insurer."""


class ContactPurpose(StrEnum):
    QUOTES = "quotes"
    CLAIMS = "claims"
    COMPLAINTS = "complaints"
    ACCOUNTING = "accounting"


class Insurer(Base):
    __tablename__ = "insurer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    search_name: Mapped[str] = mapped_column(String(120), default="")
    """Name in lower case without diacritics."""
    kind: Mapped[str] = mapped_column(String(20), default=InsurerKind.COMPANY)
    on_panel: Mapped[bool] = mapped_column(default=True)
    """Is the brokerage asking it for quotes and offering its products?"""
    licence: Mapped[str | None] = mapped_column(String(120))
    """Number of the supervisor's licence, or that by which a branch works."""
    website: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(200))
    """Where to write when no contact point fits."""
    phone: Mapped[str | None] = mapped_column(String(40))
    notes: Mapped[str] = mapped_column(Text, default="")

    @validates("name")
    def _keep_search_name(self, _key: str, value: str) -> str:
        self.search_name = plain(value)[:120]
        return value


class InsurerFormerName(Base):
    """A name that the insurer had: running cases go on naming it."""

    __tablename__ = "insurer_former_name"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    insurer_id: Mapped[int] = mapped_column(ForeignKey("insurer.id"), index=True)


class InsurerContact(Base):
    """A contact point: whom to write to about one product, or about all, for one purpose."""

    __tablename__ = "insurer_contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    insurer_id: Mapped[int] = mapped_column(ForeignKey("insurer.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    """None: all products that have no contact point of their own."""
    purpose: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))


class CommissionAgreement(Base):
    """Commission agreed with an insurer for one product, or for all, over a period.

    Rows are added and ended, never rewritten.
    """

    __tablename__ = "commission_agreement"
    __table_args__ = (Index(None, "insurer_id", "product_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    insurer_id: Mapped[int] = mapped_column(ForeignKey("insurer.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    """None: all products that have no agreement of their own."""
    percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
