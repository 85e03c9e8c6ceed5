"""Takes changes of the product's folder into force without undoing what designers published.

Each file is remembered as it was when it was last taken. Only a file that differs from that was
changed in the folder; all others stay as the designers have published them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import arrange
from broker_crm.definitions.models import DraftFile, FolderFile, ProcessVersion, ResourceKind
from broker_crm.definitions.places import FileKey, files_under, place_of
from broker_crm.definitions.publish import publish_files, wait_for_others
from broker_crm.definitions.workspace import files
from broker_crm.definitions.workspace.drafts import save
from broker_crm.definitions.workspace.publishing import settle
from broker_crm.engine.definition import process_keys


@dataclass(slots=True)
class Taken:
    """What came of looking at the folder."""

    published: list[ProcessVersion] = field(default_factory=list)
    drafted: list[str] = field(default_factory=list)
    """Files changed in the folder and by designers: the folder's text became a draft, or waits
    while there is another draft."""


def take_folder(session: Session, root: Path) -> Taken:
    """Publish what has changed in the folder since it was last taken.

    Args:
        session: the caller commits.
        root: the folder that holds `bpmn/` and `forms/`.

    Raises:
        DiagramRejected: what would come of it has an error; nothing is published then.
    """
    wait_for_others(session)
    there = files_under(root)
    remembered = _remembered(session)
    hashes = {key: files.content_hash(content) for key, content in there.items()}
    if remembered == hashes:
        return Taken()
    if not remembered:
        taken = Taken(publish_files(session, there))
        _remember(session, hashes)
        return taken
    in_force = files.published(session)
    both = {
        key
        for key, digest in hashes.items()
        if digest != remembered.get(key)
        and key in in_force
        and in_force[key].hash not in (remembered.get(key), digest)
    }
    merged = _merged(session, there, hashes, remembered, both)
    taken = Taken(publish_files(session, merged))
    for key in sorted(both):
        if not _lay_beside(session, key, there[key], remembered.get(key)):
            hashes.pop(key)
            if key in remembered:
                hashes[key] = remembered[key]
        taken.drafted.append(str(place_of(*key)))
    settle(session)
    _remember(session, hashes)
    return taken


def _merged(
    session: Session,
    there: Mapping[FileKey, bytes],
    hashes: Mapping[FileKey, str],
    remembered: Mapping[FileKey, str],
    both: set[FileKey],
) -> dict[FileKey, bytes]:
    in_force = files.published(session)
    found = {
        key: content
        for key, content in files.published_files(session).items()
        if key in there or remembered.get(key) != in_force[key].hash
    }
    running = {each.process_key for each in in_force.values()}
    for key, content in there.items():
        if key in both:
            continue
        if hashes[key] != remembered.get(key) or (
            key not in found and not _given_up(key, content, running)
        ):
            found[key] = content
    return found


def _given_up(key: FileKey, content: bytes, running: set[str]) -> bool:
    """True for a diagram that designers have renamed: its processes run from another file."""
    if key[0] is not ResourceKind.DIAGRAM:
        return False
    diagrams = arrange({key: content}).diagrams
    return any(set(process_keys(diagram)) & running for diagram in diagrams.values())


def _lay_beside(session: Session, key: FileKey, content: bytes, base: str | None) -> bool:
    """Make the folder's text a draft; False when there is another draft."""
    draft = session.get(DraftFile, key)
    if draft is not None:
        return not draft.deleted and draft.content == content
    in_force = files.published(session)[key]
    save(session, key, content, seen=in_force.hash, by=None)
    session.get_one(DraftFile, key).base_hash = base
    session.flush()
    return True


def _remembered(session: Session) -> dict[FileKey, str]:
    rows = session.scalars(select(FolderFile))
    return {(ResourceKind(each.kind), each.name): each.hash for each in rows}


def _remember(session: Session, hashes: Mapping[FileKey, str]) -> None:
    session.execute(delete(FolderFile))
    session.add_all(
        FolderFile(kind=kind.value, name=name, hash=digest)
        for (kind, name), digest in hashes.items()
    )
    session.flush()
