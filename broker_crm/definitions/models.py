"""Tables of published process versions and the files that they bundle."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime


class ResourceKind(StrEnum):
    """What a file of a bundle is."""

    DIAGRAM = "bpmn"
    DECISION = "dmn"
    FORM = "form"
    LETTER = "letter"
    SCRIPT = "script"
    DOCUMENT = "document"
    TRANSLATION = "translation"


class Resource(Base):
    """The content of one file, stored once however many versions bundle it."""

    __tablename__ = "resource"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the content, hex."""
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ProcessVersion(Base):
    """One published, immutable version of a process definition."""

    __tablename__ = "process_version"
    __table_args__ = (UniqueConstraint("process_key", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    process_key: Mapped[str] = mapped_column(String(120))
    """The id of the BPMN process."""
    number: Mapped[int]
    """1, 2, 3 … within a process."""
    name: Mapped[str] = mapped_column(String(200))
    content_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 over the names and hashes of all bundled files; going back to what an earlier
    version said makes a new version with that version's hash."""
    note: Mapped[str] = mapped_column(String(1000), default="")
    author: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProcessVersionResource(Base):
    """One file of a version's bundle."""

    __tablename__ = "process_version_resource"

    version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    """File name for diagrams and decisions; form id; template key with language, 'intro.lt'."""
    resource_hash: Mapped[str] = mapped_column(ForeignKey("resource.hash"))
