"""The table of foreign event logs: what was brought in, by whom, and how its columns are read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime, new_id


class EventLog(Base):
    """A foreign log; it can be looked into once it is known which column holds what."""

    __tablename__ = "event_log"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(120))
    file_name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    """'xes' or 'csv'."""
    by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """None when it was brought in from the command line."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """In the file's order: `name`, and `examples`, the first values that are not empty."""
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Field to the column's place, and how times are written."""
    round_the_clock: Mapped[bool] = mapped_column(default=False)
    """Time counts day and night instead of by the company's calendar."""
    read: Mapped[bool] = mapped_column(default=False)
    """Whether somebody confirmed the mapping, and every row agrees with it."""
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with each mapping."""
    rows: Mapped[int] = mapped_column(default=0)
    """Rows or events of the file."""
    cases: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """Parquet: `line`, the place in the file, and a text column `c0`, `c1` … for each column."""
