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


class DraftFile(Base):
    """A file that designers have begun to change and nobody has published yet; one for all."""

    __tablename__ = "draft_file"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    deleted: Mapped[bool] = mapped_column(default=False)
    """True when the draft says that the file goes."""
    base_hash: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the published content that it was begun from; None for a new file."""
    row_version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """None when the product laid it here, because folder and designers changed the same file."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012


class FolderFile(Base):
    """A file of the product's folder as it was when it was last taken from there."""

    __tablename__ = "folder_file"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the content."""
