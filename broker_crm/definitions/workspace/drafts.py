"""Changes to the workspace: every one notices what others did since the file was read."""

from __future__ import annotations

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.db import insert
from broker_crm.definitions.models import DraftFile, ResourceKind
from broker_crm.definitions.places import FileKey
from broker_crm.definitions.workspace import files
from broker_crm.definitions.workspace.acceptance import check_acceptable, check_name
from broker_crm.definitions.workspace.copying import copied, free_name, renamed
from broker_crm.definitions.workspace.errors import (
    ChangedMeanwhile,
    NameTaken,
    NoSuchFile,
    ProcessInForce,
)
from broker_crm.engine.definition import process_keys
from broker_crm.engine.diagram import read_diagram
from broker_crm.engine.errors import DiagramRefused


def save(
    session: Session, key: FileKey, content: bytes, *, seen: str | None, by: str | None
) -> str | None:
    """Keep a file's new content as its draft.

    Args:
        session: the caller commits.
        key: kind and name.
        content: what to keep.
        seen: SHA-256 of the content that the change began from; None for a file that was not there.
        by: login.

    Returns:
        SHA-256 of what the workspace holds now, to be given as `seen` the next time.

    Raises:
        ChangedMeanwhile: the workspace holds something else than `seen`.
        FileUnacceptable: the content is too large, too deep, or hostile.
        NameUnacceptable: a file can't have this name.
    """
    check_name(key)
    check_acceptable(key, content)
    draft = _expect(session, key, seen)
    digest = files.content_hash(content)
    in_force = files.published(session).get(key)
    if in_force is not None and in_force.hash == digest:
        if draft is not None:
            session.delete(draft)
            session.flush()
        return digest
    if draft is None:
        _begin(session, key, content, in_force.hash if in_force else None, by)
    else:
        draft.content, draft.deleted = content, False
        draft.changed_by, draft.changed_at = by, clock.now()
        session.flush()
    return digest


def create(session: Session, key: FileKey, content: bytes, *, by: str | None) -> None:
    """Add a file.

    Raises:
        NameTaken: there is one of that name.
    """
    try:
        save(session, key, content, seen=None, by=by)
    except ChangedMeanwhile as error:
        raise NameTaken(key[1]) from error


def discard(session: Session, key: FileKey, *, seen: str | None) -> None:
    """Go back to what is published.

    Args:
        seen: as in `save`.

    Raises:
        ChangedMeanwhile: somebody changed the draft.
    """
    draft = _expect(session, key, seen)
    if draft is not None:
        session.delete(draft)
        session.flush()


def delete(session: Session, key: FileKey, *, seen: str | None, by: str) -> None:
    """Take a file out of the workspace; what is published goes with the next version.

    Raises:
        ChangedMeanwhile: as in `save`.
        NoSuchFile: there is none.
        ProcessInForce: it holds the diagram of a published process.
    """
    draft = _expect(session, key, seen)
    content = files.content_of(session, key)
    if content is None:
        raise NoSuchFile(key[1])
    if _holds_process_in_force(session, key):
        raise ProcessInForce(key[1])
    _remove(session, key, content, draft, by)


def rename(session: Session, key: FileKey, name: str, *, seen: str | None, by: str) -> FileKey:
    """Give a file another name; a form's id goes with it.

    Raises:
        ChangedMeanwhile: as in `save`.
        NameTaken: there is a file of that name.
        NameUnacceptable: a file can't have this name.
        NoSuchFile: there is none.
    """
    draft = _expect(session, key, seen)
    content = files.content_of(session, key)
    if content is None:
        raise NoSuchFile(key[1])
    target = (key[0], name)
    if target == key:
        return key
    create(session, target, renamed(target, content), by=by)
    _remove(session, key, content, draft, by)
    return target


def keep_as_copy(session: Session, key: FileKey, content: bytes, *, by: str) -> FileKey:
    """Keep one's own text beside a colleague's, under a name that is free.

    Processes, decisions and forms in it get ids of their own, so that both can stand.
    """
    target = free_name(key, files.workspace_files(session).keys())
    create(session, target, copied(target, content), by=by)
    return target


def keep_mine(session: Session, key: FileKey, *, seen: str | None, by: str) -> None:
    """Say that a draft takes into account what was published since it was begun.

    Raises:
        ChangedMeanwhile: as in `save`.
        NoSuchFile: there is no draft.
    """
    draft = _expect(session, key, seen)
    if draft is None:
        raise NoSuchFile(key[1])
    in_force = files.published(session).get(key)
    draft.base_hash = in_force.hash if in_force else None
    draft.changed_by, draft.changed_at = by, clock.now()
    session.flush()


def _expect(session: Session, key: FileKey, seen: str | None) -> DraftFile | None:
    """The draft, locked, if the workspace still holds what was seen."""
    draft = session.get(DraftFile, key, with_for_update=True, populate_existing=True)
    if draft is not None:
        holds = None if draft.deleted else files.content_hash(draft.content)
        if holds != seen:
            raise ChangedMeanwhile(key, draft.changed_by, draft.changed_at)
        return draft
    in_force = files.published(session).get(key)
    if (in_force.hash if in_force else None) != seen:
        by, at = (in_force.author, in_force.published_at) if in_force else (None, None)
        raise ChangedMeanwhile(key, by, at)
    return None


def _begin(
    session: Session, key: FileKey, content: bytes, base: str | None, by: str | None
) -> None:
    now = clock.now()
    values = {
        "kind": key[0].value,
        "name": key[1],
        "content": content,
        "deleted": False,
        "base_hash": base,
        "row_version": 1,
        "created_by": by,
        "created_at": now,
        "changed_by": by,
        "changed_at": now,
    }
    added = session.execute(
        insert(session, DraftFile)
        .values(**values)
        .on_conflict_do_nothing()
        .returning(DraftFile.name)
    ).scalar_one_or_none()
    if added is None:
        other = session.get_one(DraftFile, key)
        raise ChangedMeanwhile(key, other.changed_by, other.changed_at)


def _remove(
    session: Session, key: FileKey, content: bytes, draft: DraftFile | None, by: str
) -> None:
    in_force = files.published(session).get(key)
    if in_force is None:
        if draft is not None:
            session.delete(draft)
    elif draft is None:
        _begin(session, key, content, in_force.hash, by)
        session.get_one(DraftFile, key).deleted = True
    else:
        draft.deleted, draft.changed_by, draft.changed_at = True, by, clock.now()
    session.flush()


def _holds_process_in_force(session: Session, key: FileKey) -> bool:
    if key[0] is not ResourceKind.DIAGRAM:
        return False
    content = files.published_content(session, key)
    if content is None:
        return False
    try:
        keys = set(process_keys(read_diagram(content, key[1])))
    except DiagramRefused:
        return False
    return bool(keys & {each.process_key for each in files.published(session).values()})
