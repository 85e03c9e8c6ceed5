"""Targeted campaigns and their recipients."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.crm.models.money import Money
from broker_crm.db import Base, UtcDateTime


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    LISTING = "listing"
    """The list of recipients is being made, in pieces."""
    FROZEN = "frozen"
    """The list of recipients is fixed."""
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


class Campaign(Base):
    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    goal: Mapped[str] = mapped_column(String(500), default="")
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    segment: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """The saved query: kind, sector, size band, region, status, holdings."""
    letter_a: Mapped[str] = mapped_column(String(120))
    letter_b: Mapped[str | None] = mapped_column(String(120))
    """Letter template of the second variant, where two are compared."""
    hold_out_percent: Mapped[int] = mapped_column(default=10)
    wave_size: Mapped[int] = mapped_column(default=50)
    """Recipients a working day, sized to calling capacity."""
    calls_per_day: Mapped[int | None]
    """Calls that the salespeople can bear; more waiting ones pause the campaign."""
    wave: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of the latest wave."""
    listed_up_to: Mapped[int | None]
    """The client up to whom a list in the making has come."""
    stop_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=2)
    """Share of unsubscribed or complaining recipients at which sending pauses."""
    budget: Mapped[Decimal | None] = mapped_column(Money)
    material_cost: Mapped[Decimal | None] = mapped_column(Money)
    status: Mapped[str] = mapped_column(String(20), default=CampaignStatus.DRAFT)
    owner: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_wave_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    stopped_reason: Mapped[str | None] = mapped_column(String(300))


class CampaignRecipient(Base):
    """One client of a campaign's frozen list; a small process instance runs for each."""

    __tablename__ = "campaign_recipient"
    __table_args__ = (
        UniqueConstraint("campaign_id", "client_id"),
        Index(None, "campaign_id", "state", "id"),
        Index(None, "campaign_id", "started_at"),
        Index("ix_campaign_recipient_campaign_id_wave", "campaign_id", "wave", "variant"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    """'waiting', 'excluded', 'held-out', 'started', 'responded', 'unsubscribed', 'ended'."""
    reason: Mapped[str | None] = mapped_column(String(200))
    """Why it was excluded."""
    variant: Mapped[str | None] = mapped_column(String(1))
    """'A' or 'B'."""
    wave: Mapped[int | None]
    unsubscribe_token: Mapped[str | None] = mapped_column(String(64), unique=True)
    instance_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("process_instance.id"), index=True, unique=True
    )
    """One recipient has one case, whatever happens to the worker that starts it."""
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    responded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    response: Mapped[str | None] = mapped_column(String(40))
    """'asked' by the letter's link, or 'replied' as somebody noted."""
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the letter came back."""
    unsubscribed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(60))
    sale_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the call led to a sale."""
