"""Insurers, products and their dated standard terms."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.crm.models.money import Money
from broker_crm.db import Base, UtcDateTime


class Insurer(Base):
    __tablename__ = "insurer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    on_panel: Mapped[bool] = mapped_column(default=True)
    """Is the brokerage asking it for quotes and offering its products?"""
    licence: Mapped[str | None] = mapped_column(String(120))
    """Licence or branch, such as 'Licencija 000123, Lietuvos filialas'."""
    email: Mapped[str | None] = mapped_column(String(200))
    """Where quotes are asked for."""
    phone: Mapped[str | None] = mapped_column(String(40))


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
    """Terms of one insurer for one product, in force over a period.

    Rows are added and ended, never rewritten: offers keep naming the row that they were compared
    with.
    """

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
    instalments: Mapped[int] = mapped_column(default=1)
    """Into how many parts the premium may be divided at no extra charge."""
    term_months: Mapped[int] = mapped_column(default=12)
    covers: Mapped[str] = mapped_column(String(300), default="")
    """Covers that are included, with commas between; '' where any may be chosen."""
    sum_insured_limit: Mapped[Decimal | None] = mapped_column(Money)
    """The largest sum insured at these terms; None where there is no limit."""
    note: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
