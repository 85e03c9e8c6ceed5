"""Migrations of many cases: rehearsed, chosen, moved, and taken back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime, new_id


class Phase(StrEnum):
    REHEARSING = "rehearsing"
    """Each case is moved and put back at once, to see what would happen."""
    REHEARSED = "rehearsed"
    """Waits for somebody to choose cases."""
    MOVING = "moving"
    MOVED = "moved"
    UNDOING = "undoing"
    UNDONE = "undone"
    GIVEN_UP = "given-up"
    """Nothing was moved."""


class ItemState(StrEnum):
    NEW = "new"
    FITS = "fits"
    """The rehearsal went well."""
    STAYS = "stays"
    """It can't be moved; the reason says why."""
    CHOSEN = "chosen"
    MOVED = "moved"
    UNDOING = "undoing"
    UNDONE = "undone"
    """Back on the version it came from."""
    KEPT = "kept"
    """It could not be taken back; the reason says why."""


PENDING = {
    Phase.REHEARSING: ItemState.NEW,
    Phase.MOVING: ItemState.CHOSEN,
    Phase.UNDOING: ItemState.UNDOING,
}
"""What a worker still has to do in a phase."""
FOLLOWING = {
    Phase.REHEARSING: Phase.REHEARSED,
    Phase.MOVING: Phase.MOVED,
    Phase.UNDOING: Phase.UNDONE,
}


class Migration(Base):
    """One order to move the running cases of a version to another."""

    __tablename__ = "migration"
    __table_args__ = (Index(None, "phase"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    process_key: Mapped[str] = mapped_column(String(120))
    from_version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    to_version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    phase: Mapped[str] = mapped_column(String(20), default=Phase.REHEARSING)
    note: Mapped[str] = mapped_column(String(1000), default="")
    created_by: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ordered_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """Who chose the cases and let them be moved, or taken back."""
    ordered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MigrationItem(Base):
    """One case of a migration."""

    __tablename__ = "migration_item"
    __table_args__ = (Index(None, "migration_id", "state"),)

    migration_id: Mapped[UUID] = mapped_column(ForeignKey("migration.id"), primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), default=ItemState.NEW)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Why it stays or is kept: `code`, `text`, and `obstacles` with element, name, why, source."""
    changes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    """What becomes otherwise for people: per open step, assignee, property before and after."""
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
