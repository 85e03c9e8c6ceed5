"""Products with their dated documents and standard terms."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from broker_crm.crm.models.money import Money
from broker_crm.db import Base, UtcDateTime
from broker_crm.process.plain_text import plain


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
    target_market: Mapped[str] = mapped_column(Text, default="")
    """For whom the product is made, and for whom it is not."""
    search_name: Mapped[str] = mapped_column(String(250), default="")
    """Both names in lower case without diacritics."""

    @validates("name", "name_en")
    def _keep_search_name(self, key: str, value: str) -> str:
        names = {name: getattr(self, name) for name in ("name", "name_en")} | {key: value}
        self.search_name = plain(" ".join(filter(None, names.values())))[:250]
        return value


class ProductDocumentKind(StrEnum):
    IPID = "ipid"
    """Insurance product information document."""
    KID = "kid"
    """Key information document of a product with an investment."""


class ProductDocument(Base):
    """A document of a product, in force from a day until a later one of its kind and insurer."""

    __tablename__ = "product_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    insurer_id: Mapped[int | None] = mapped_column(ForeignKey("insurer.id"))
    """Whose product it describes; None where one document serves all insurers."""
    kind: Mapped[str] = mapped_column(String(10))
    valid_from: Mapped[date]
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))


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
