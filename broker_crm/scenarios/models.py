"""The table of scenarios, each beside the process that it tries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime


class SavedScenario(Base):
    __tablename__ = "scenario"
    __table_args__ = (UniqueConstraint("process_key", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    process_key: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(120))
    content: Mapped[str] = mapped_column(Text)
    """JSON as `scenarios.reading` reads it; no person's data."""
    author: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    row_version: Mapped[int] = mapped_column(default=1)
    file_hash: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the file that it was last taken in from."""
