"""Tables of what people want to be told: limits on figures, and subscriptions to the report."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime

LONGEST_QUERY = 2_000


class FigureLimit(Base):
    """Somebody wants to be told when a figure passes a bound."""

    __tablename__ = "figure_limit"
    __table_args__ = (Index(None, "last_checked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(ForeignKey("user_account.login"), index=True)
    question: Mapped[str] = mapped_column(String(4))
    """'Q1' to 'Q14'."""
    query: Mapped[str] = mapped_column(String(LONGEST_QUERY))
    """The filters as they stand in an address, sorted, without a period."""
    days: Mapped[int]
    """Length of the rolling period that ends today."""
    measure: Mapped[str] = mapped_column(String(40))
    """Name of a fact of the answer; '' for its own figure."""
    comparison: Mapped[str] = mapped_column(String(10))
    """'above' or 'below'."""
    bound: Mapped[float]
    """In the measure's unit; shares from 0 to 1."""
    least_n: Mapped[int]
    """Smaller samples are not judged."""
    crossed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when the figure is beyond the bound; None while it is not, and the limit is armed."""
    last_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_value: Mapped[float | None]
    last_n: Mapped[int | None]
    checks: Mapped[int] = mapped_column(default=0)
    """Grows with each check and each change, so that of several workers one judges."""


class ReportSubscription(Base):
    """Somebody gets the report of the week by mail."""

    __tablename__ = "report_subscription"

    owner: Mapped[str] = mapped_column(ForeignKey("user_account.login"), primary_key=True)
    query: Mapped[str] = mapped_column(String(LONGEST_QUERY))
    """The filters as they stand in an address, sorted, without a period."""
    weekday: Mapped[int]
    """On which it is sent, 0 for Monday."""
    sent_for: Mapped[date]
    """The last day of sending that is dealt with; at first the one before the subscription."""
