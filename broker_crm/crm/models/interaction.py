"""What was said and written: e-mails, calls, meetings, notes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime


class Interaction(Base):
    """An e-mail, call, meeting or note with a client; colleagues read them as notes."""

    __tablename__ = "interaction"
    __table_args__ = (Index(None, "client_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"))
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[UUID | None]
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """'email', 'call', 'meeting', 'note', 'letter'."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    author: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    reaction: Mapped[str | None] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text, default="")
