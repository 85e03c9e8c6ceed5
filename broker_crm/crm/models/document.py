"""Documents made from templates, and attachments."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime, new_id


class Document(Base):
    """A file made from a template, or uploaded; its content lies apart."""

    __tablename__ = "document"
    __table_args__ = (Index(None, "instance_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"), index=True)
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"))
    task_id: Mapped[UUID | None]
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"))
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"))
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"))
    kind: Mapped[str] = mapped_column(String(40))
    """'presentation', 'offer', 'contract', 'signed-contract', 'attachment' …"""
    template_key: Mapped[str | None] = mapped_column(String(120))
    template_hash: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str | None] = mapped_column(String(2))
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    retention_class: Mapped[str] = mapped_column(String(40), default="contract")
    created_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DocumentContent(Base):
    __tablename__ = "document_content"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
