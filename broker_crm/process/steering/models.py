"""What was ordered for many tasks at once, and what came of each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime


class RowState(StrEnum):
    NEW = "new"
    DONE = "done"
    REFUSED = "refused"
    """It could not be done; the reason says why."""
    UNDOING = "undoing"
    UNDONE = "undone"
    KEPT = "kept"
    """It could not be taken back; the reason says why."""


class SteeringBatch(Base):
    """One order for one or many tasks."""

    __tablename__ = "steering_batch"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """The key of the preview from which it was ordered, so that it is ordered once."""
    action: Mapped[str] = mapped_column(String(20))
    """One of `Action`."""
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(String(500))
    created_by: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SteeringRow(Base):
    """One task, or one case, of an order."""

    __tablename__ = "steering_row"
    __table_args__ = (Index(None, "instance_id"),)

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("steering_batch.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Order in which it was chosen, from 0."""
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"))
    subject_id: Mapped[UUID]
    """The task, the waiting event, or the case itself."""
    state: Mapped[str] = mapped_column(String(20), default=RowState.NEW)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("process_event.id"))
    """Tells what was done."""
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Why it was refused or kept: `code`, `text`, and what the words need."""
