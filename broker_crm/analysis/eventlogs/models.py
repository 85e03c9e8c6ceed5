"""Tables of event logs: foreign ones that were brought in, and files of our own being made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String
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
    """Parquet: `place`, the row's number, `line`, on which it stands in the file, and a text column
    `c0`, `c1` … for each column."""


class LogExport(Base):
    """A file that somebody ordered; a worker makes it, and it is kept for some days."""

    __tablename__ = "log_export"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    by: Mapped[str] = mapped_column(ForeignKey("user_account.login"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    form: Mapped[str] = mapped_column(String(20))
    """One of `ordering.FORMS`."""
    process: Mapped[str | None] = mapped_column(String(120))
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    masked: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10), default="ordered", index=True)
    """'ordered', 'made' or 'failed'."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Counted when a worker begins."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until then one worker has it."""
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    events: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes."""


class LogExportPiece(Base):
    """A part of a file that was made, small enough to be held in memory."""

    __tablename__ = "log_export_piece"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("log_export.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
