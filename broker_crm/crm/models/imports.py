"""Files of clients and policies brought in, row by row."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime, new_id


class ImportBatch(Base):
    """One file of clients or policies brought in, which can be undone."""

    __tablename__ = "import_batch"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))
    """'clients' or 'policies'."""
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The file, until it is imported or given up."""
    encoding: Mapped[str] = mapped_column(String(20), default="")
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Column of the file to field."""
    state: Mapped[str] = mapped_column(String(20), default="read")
    """'read', 'imported', 'undone' or 'given-up'."""
    start_process: Mapped[str | None] = mapped_column(String(120))
    """Process to be started for the imported rows, where asked for."""
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    by: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))


class ImportRow(Base):
    """What one row of a file did, and how the record looked before."""

    __tablename__ = "import_row"
    __table_args__ = (UniqueConstraint("batch_id", "row_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("import_batch.id"))
    row_number: Mapped[int]
    action: Mapped[str] = mapped_column(String(20))
    """'created', 'updated' or 'unchanged'."""
    record_id: Mapped[int]
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"))
