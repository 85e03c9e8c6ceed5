"""Tables of what people want to be told, limits and reports, and of what they simulated."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
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


class SimulationRun(Base):
    """A simulation that somebody asked for, or the check of a version's model against its past."""

    __tablename__ = "simulation_run"
    __table_args__ = (Index(None, "status"), Index(None, "process_key", "kind"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    """'what-if' or 'check'."""
    owner: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """Who asked."""
    process_key: Mapped[str] = mapped_column(String(120))
    version: Mapped[int]
    """Number of the version that is simulated as things are."""
    query: Mapped[str] = mapped_column(String(LONGEST_QUERY))
    """The settings as they stand in an address."""
    status: Mapped[str] = mapped_column(String(20))
    """'waiting', 'running', 'done' or 'failed'."""
    progress: Mapped[float] = mapped_column(default=0.0)
    """From 0 to 1."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until then one worker has it; after that, another may."""
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(500), default="")
    """Why it failed, as a code and what it is about."""
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
