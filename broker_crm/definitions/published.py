"""Published versions as the product uses them: compiled processes, forms, texts, names.

Versions never change, so all of it is kept in memory once read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import Bundle, BundledFile
from broker_crm.definitions.forms import Form, read_form
from broker_crm.definitions.models import (
    ProcessVersion,
    ProcessVersionResource,
    Resource,
    ResourceKind,
)
from broker_crm.definitions.translations import read_catalogue
from broker_crm.engine.definition import CompiledProcess, Source, compile_process

Kept = TypeVar("Kept")
_kept: dict[tuple[object, ...], object] = {}
_hashes: WeakKeyDictionary[Engine, dict[int, str]] = WeakKeyDictionary()
_lock = Lock()


class NotPublished(Exception):
    """There is no such process, version or file."""


class VersionDamaged(Exception):
    """The stored files of a version differ from those that were published."""


def latest_version(session: Session, process_key: str) -> ProcessVersion:
    """The version that new instances run on.

    Raises:
        NotPublished: when the process has none.
    """
    version = session.scalar(
        select(ProcessVersion)
        .where(ProcessVersion.process_key == process_key)
        .order_by(ProcessVersion.number.desc())
        .limit(1)
    )
    if version is None:
        raise NotPublished(f"The process “{process_key}” is not published.")
    return version


def latest_versions(session: Session) -> list[ProcessVersion]:
    """The latest version of every process, by name."""
    newest: dict[str, ProcessVersion] = {}
    for version in session.scalars(select(ProcessVersion).order_by(ProcessVersion.number)):
        newest[version.process_key] = version
    return sorted(newest.values(), key=lambda version: version.name)


def version_hash(session: Session, version_id: int) -> str:
    """Content hash of a version: names the same content in every database.

    Raises:
        NotPublished: when there is no such version.
    """

    known = _hashes.setdefault(session.get_bind().engine, {})
    if version_id not in known:
        found = session.scalar(
            select(ProcessVersion.content_hash).where(ProcessVersion.id == version_id)
        )
        if found is None:
            raise NotPublished(f"There is no process version {version_id}.")
        known[version_id] = found
    return known[version_id]


def resource(session: Session, version_id: int, kind: ResourceKind, name: str) -> bytes:
    """One file of a version.

    Raises:
        NotPublished: when the version has no such file.
    """
    files = resources(session, version_id, kind)
    if name not in files:
        raise NotPublished(f"Version {version_id} has no {kind} “{name}”.")
    return files[name]


def resources(session: Session, version_id: int, kind: ResourceKind) -> Mapping[str, bytes]:
    """All files of one kind of a version, by name.

    Raises:
        NotPublished: when there is no such version.
        VersionDamaged: when a file is not as it was published.
    """
    content_hash = version_hash(session, version_id)
    files = _keep((content_hash, "files"), lambda: _read(session, version_id))
    return {file.name: file.content for file in files if file.kind == kind}


def _read(session: Session, version_id: int) -> tuple[BundledFile, ...]:
    version = session.get_one(ProcessVersion, version_id)
    rows = session.execute(
        select(ProcessVersionResource.kind, ProcessVersionResource.name, Resource.content)
        .join(Resource, Resource.hash == ProcessVersionResource.resource_hash)
        .where(ProcessVersionResource.version_id == version_id)
    )
    files = tuple(BundledFile(ResourceKind(kind), name, content) for kind, name, content in rows)
    if Bundle(version.process_key, version.name, files).content_hash != version.content_hash:
        raise VersionDamaged(
            f"Version {version.number} of the process “{version.process_key}” is not as it was"
            " published: its files have another hash. Restore them from a backup."
        )
    return files


def compiled(session: Session, version_id: int) -> CompiledProcess:
    """The version, ready for the engine."""

    def read() -> CompiledProcess:
        version = session.get_one(ProcessVersion, version_id)
        return compile_process(
            Source(
                version.process_key,
                resources(session, version_id, ResourceKind.DIAGRAM),
                resources(session, version_id, ResourceKind.DECISION),
            )
        )

    return _keep((version_hash(session, version_id), "compiled"), read)


def form(session: Session, version_id: int, form_key: str) -> Form:
    """A form of a version."""

    def read() -> Form:
        return read_form(resource(session, version_id, ResourceKind.FORM, form_key).decode())

    return _keep((version_hash(session, version_id), "form", form_key), read)


def catalogue(session: Session, version_id: int, language: str) -> Mapping[str, str]:
    """Translations of a version's names and texts; empty for the language they are written in."""

    def read() -> Mapping[str, str]:
        files = resources(session, version_id, ResourceKind.TRANSLATION)
        return read_catalogue(files[language]) if language in files else {}

    return _keep((version_hash(session, version_id), "catalogue", language), read)


def _keep(key: tuple[object, ...], read: Callable[[], Kept]) -> Kept:
    found = _kept.get(key)
    if found is None:
        found = read()
        with _lock:
            _kept[key] = found
    return found  # type: ignore[return-value]
