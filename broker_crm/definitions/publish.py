"""Publishes processes as immutable, numbered versions: all of a folder, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.definitions.bundle import Bundle, arrange, bundles
from broker_crm.definitions.findings import DiagramRejected, Finding, Severity, refused
from broker_crm.definitions.lint import lint, project_root
from broker_crm.definitions.models import ProcessVersion, ProcessVersionResource, Resource
from broker_crm.definitions.places import FileKey, files_under

PUBLISHING = 7_203_115
"""The lock that PostgreSQL knows publishing by."""


def publish_folder(
    session: Session, root: Path, *, author: str | None = None, note: str = ""
) -> list[ProcessVersion]:
    """Publish every process in a folder whose content differs from its latest version.

    Those who publish at the same time wait for each other until they commit.

    Args:
        session: the caller commits.
        root: the folder that holds `bpmn/` and `forms/`, or a path in it.
        author: login.
        note: what has changed, for those who read the versions.

    Returns:
        The new versions; none when nothing has changed.

    Raises:
        DiagramRejected: when any process has an error; nothing is published then.
    """
    return publish_files(session, files_under(project_root(root)), author=author, note=note)


def publish_files(
    session: Session, files: Mapping[FileKey, bytes], *, author: str | None = None, note: str = ""
) -> list[ProcessVersion]:
    """The same for files that are kept elsewhere.

    Args:
        files: by kind and name.
    """
    folder = arrange(files)
    found: list[Finding] = [refused(refusal) for refusal in folder.refusals]
    all_bundles = list(bundles(folder))
    for bundle in all_bundles:
        found.extend(lint(bundle))
    if any(finding.severity is Severity.ERROR for finding in found):
        raise DiagramRejected(found)
    wait_for_others(session)
    published = [publish_bundle(session, bundle, author, note) for bundle in all_bundles]
    return [version for version in published if version is not None]


def publish_bundle(
    session: Session, bundle: Bundle, author: str | None, note: str
) -> ProcessVersion | None:
    """Store a bundle as the next version; None when the latest version has the same content."""
    latest = session.scalar(
        select(ProcessVersion)
        .where(ProcessVersion.process_key == bundle.process_key)
        .order_by(ProcessVersion.number.desc())
        .limit(1)
    )
    if latest is not None and latest.content_hash == bundle.content_hash:
        return None
    version = ProcessVersion(
        process_key=bundle.process_key,
        number=_next_number(session, bundle.process_key),
        name=bundle.name,
        content_hash=bundle.content_hash,
        note=note,
        author=author,
        published_at=clock.now(),
    )
    session.add(version)
    hashes = {file.hash: file.content for file in bundle.files}
    stored = set(session.scalars(select(Resource.hash).where(Resource.hash.in_(hashes))))
    session.add_all(
        Resource(hash=digest, content=content)
        for digest, content in hashes.items()
        if digest not in stored
    )
    session.flush()
    session.add_all(
        ProcessVersionResource(
            version_id=version.id, kind=file.kind, name=file.name, resource_hash=file.hash
        )
        for file in bundle.files
    )
    session.flush()
    return version


def wait_for_others(session: Session) -> None:
    """Let nobody else publish until this transaction ends; SQLite has one writer at a time."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(PUBLISHING)))


def _next_number(session: Session, process_key: str) -> int:
    highest = session.scalar(
        select(func.max(ProcessVersion.number)).where(ProcessVersion.process_key == process_key)
    )
    return (highest or 0) + 1
