"""Files kept with a case: made from templates, or brought by colleagues; never overwritten."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import Document, DocumentContent

LARGEST = 15 * 1024 * 1024
LONGEST_NAME = 120
ATTACHMENT = "attachment"
SIGNED_CONTRACT = "signed-contract"
KINDS_BROUGHT = (ATTACHMENT, SIGNED_CONTRACT)
ZIPPED = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class FileType:
    media_type: str
    beginning: tuple[bytes, ...] = ()
    """What such files begin with; () for texts."""


OFFICE = "application/vnd.openxmlformats-officedocument."
TYPES: Mapping[str, FileType] = {
    "pdf": FileType("application/pdf", (b"%PDF-",)),
    "docx": FileType(f"{OFFICE}wordprocessingml.document", (ZIPPED,)),
    "xlsx": FileType(f"{OFFICE}spreadsheetml.sheet", (ZIPPED,)),
    "odt": FileType("application/vnd.oasis.opendocument.text", (ZIPPED,)),
    "asice": FileType("application/vnd.etsi.asic-e+zip", (ZIPPED,)),
    "adoc": FileType("application/vnd.etsi.asic-e+zip", (ZIPPED,)),
    "png": FileType("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": FileType("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": FileType("image/jpeg", (b"\xff\xd8\xff",)),
    "txt": FileType("text/plain"),
}
"""By extension. ASiC-E (.asice, .adoc) is the container of qualified electronic signatures."""
MAY_BE_SIGNED = frozenset({"pdf", "asice", "adoc", "png", "jpg", "jpeg"})


class FileRefused(Exception):
    """The file can't be kept; `code` is 'empty', 'large', 'type', 'content' or 'unsigned-type'."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file belongs; evidence of a consent belongs to a client without a case."""

    instance_id: UUID | None
    task_id: UUID | None = None
    client_id: int | None = None


def keep(session: Session, upload: Upload, place: Place, *, kind: str, by: str | None) -> Document:
    """Keep a file; the same content of the same kind in the same case is kept once.

    Args:
        session: the caller commits.
        upload: the file; its name may hold a path of the sender's machine.
        place: the case.
        kind: 'attachment', 'signed-contract', or the template's key.
        by: login.

    Raises:
        FileRefused: when it is empty, too large, or not what its name says.
    """
    name = safe_name(upload.name)
    media_type = checked_type(name, upload.content)
    if kind == SIGNED_CONTRACT and extension(name) not in MAY_BE_SIGNED:
        raise FileRefused("unsigned-type")
    digest = hashlib.sha256(upload.content).hexdigest()
    there = session.scalar(
        select(Document).where(
            Document.instance_id == place.instance_id,
            Document.client_id == place.client_id if place.instance_id is None else true(),
            Document.kind == kind,
            Document.sha256 == digest,
            Document.removed_at.is_(None),
        )
    )
    if there is not None:
        return there
    document = Document(
        client_id=place.client_id,
        instance_id=place.instance_id,
        task_id=place.task_id,
        kind=kind,
        file_name=name,
        media_type=media_type,
        size=len(upload.content),
        sha256=digest,
        created_by=by,
        created_at=clock.now(),
    )
    session.add(document)
    session.flush()
    session.add(DocumentContent(document_id=document.id, content=upload.content))
    session.flush()
    return document


def of_case(session: Session, instance_id: UUID) -> list[Document]:
    """The case's files, the newest first."""
    return list(
        session.scalars(
            select(Document)
            .where(Document.instance_id == instance_id, Document.removed_at.is_(None))
            .order_by(Document.created_at.desc(), Document.id)
        )
    )


def content(session: Session, document: Document) -> bytes:
    """What the file holds."""
    return session.get_one(DocumentContent, document.id).content


def remove(session: Session, document: Document) -> None:
    """Take a file out of the lists; what it holds stays until its retention ends."""
    document.removed_at = clock.now()
    session.flush()


def checked_type(name: str, content: bytes) -> str:
    """The media type of a file whose content is what its name says.

    Raises:
        FileRefused: when it isn't.
    """
    if not content:
        raise FileRefused("empty")
    if len(content) > LARGEST:
        raise FileRefused("large")
    known = TYPES.get(extension(name))
    if known is None:
        raise FileRefused("type")
    if known.beginning and not content.startswith(known.beginning):
        raise FileRefused("content")
    if known.beginning == (ZIPPED,) and not zipfile.is_zipfile(BytesIO(content)):
        raise FileRefused("content")
    if not known.beginning and b"\0" in content:
        raise FileRefused("content")
    return known.media_type


def extension(name: str) -> str:
    return PurePath(name).suffix.removeprefix(".").lower()


def safe_name(written: str) -> str:
    """The last part of a path, without what breaks headers and file systems."""
    last = written.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*')
    path = PurePath(kept.strip(" .") or "file")
    return path.stem[: LONGEST_NAME - len(path.suffix)] + path.suffix
