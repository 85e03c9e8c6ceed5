"""The files of the latest versions, and the same with drafts laid over them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.definitions.models import (
    DraftFile,
    ProcessVersion,
    ProcessVersionResource,
    Resource,
    ResourceKind,
)
from broker_crm.definitions.places import FileKey

MAX_KEPT = 1_000
_contents: dict[str, bytes] = {}
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Published:
    """Where a file stands in what is in force."""

    hash: str
    process_key: str
    number: int
    author: str | None
    published_at: datetime


def content_hash(content: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()


def published(session: Session) -> dict[FileKey, Published]:
    """Files of the latest version of every process; of one in several, the newest version's."""
    newest = select(func.max(ProcessVersion.id)).group_by(ProcessVersion.process_key)
    rows = session.execute(
        select(ProcessVersionResource, ProcessVersion)
        .join(ProcessVersion, ProcessVersion.id == ProcessVersionResource.version_id)
        .where(ProcessVersion.id.in_(newest))
        .order_by(ProcessVersion.id)
    )
    return {
        (ResourceKind(file.kind), file.name): Published(
            file.resource_hash,
            version.process_key,
            version.number,
            version.author,
            version.published_at,
        )
        for file, version in rows
    }


def published_files(session: Session) -> dict[FileKey, bytes]:
    """Content of the same files."""
    found = published(session)
    contents = _read(session, {each.hash for each in found.values()})
    return {key: contents[each.hash] for key, each in found.items()}


def drafts(session: Session) -> dict[FileKey, DraftFile]:
    """All drafts by kind and name."""
    rows = session.scalars(select(DraftFile).order_by(DraftFile.kind, DraftFile.name))
    return {(ResourceKind(draft.kind), draft.name): draft for draft in rows}


def workspace_files(session: Session) -> dict[FileKey, bytes]:
    """What would be in force if all drafts were published."""
    return overlaid(published_files(session), drafts(session))


def overlaid(
    files: Mapping[FileKey, bytes], over: Mapping[FileKey, DraftFile]
) -> dict[FileKey, bytes]:
    """Files with drafts over them."""
    found = dict(files)
    for key, draft in over.items():
        if draft.deleted:
            found.pop(key, None)
        else:
            found[key] = draft.content
    return found


def content_of(session: Session, key: FileKey) -> bytes | None:
    """A file as the workspace has it; None when it has none."""
    draft = session.get(DraftFile, key)
    if draft is not None:
        return None if draft.deleted else draft.content
    return published_content(session, key)


def published_content(session: Session, key: FileKey) -> bytes | None:
    """A file as it is in force."""
    found = published(session).get(key)
    return None if found is None else _read(session, [found.hash])[found.hash]


def _read(session: Session, hashes: Iterable[str]) -> dict[str, bytes]:
    """Contents by hash; they never change, so they are kept."""
    wanted = set(hashes)
    known = {each: _contents[each] for each in wanted if each in _contents}
    missing = wanted - known.keys()
    if missing:
        statement = select(Resource.hash, Resource.content).where(Resource.hash.in_(missing))
        fresh = {row.hash: row.content for row in session.execute(statement)}
        known |= fresh
        with _lock:
            if len(_contents) > MAX_KEPT:
                _contents.clear()
            _contents.update(fresh)
    return known
