"""Published versions: untouched, and numbered without gaps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import Bundle, BundledFile
from broker_crm.definitions.models import (
    ProcessVersion,
    ProcessVersionResource,
    Resource,
    ResourceKind,
)
from broker_crm.integrity.invariant import holds


@holds("A published file is as it was published")
def files_are_untouched(session: Session) -> Iterator[tuple[str, str]]:
    kept = select(Resource.hash, Resource.content).execution_options(yield_per=50)
    for named, content in session.execute(kept):
        if hashlib.sha256(content).hexdigest() != named:
            yield f"resource {named[:12]}", "its content has another hash"


@holds("A version is as it was published")
def versions_are_untouched(session: Session) -> Iterator[tuple[str, str]]:
    for version in session.scalars(select(ProcessVersion)).all():
        rows = session.execute(
            select(ProcessVersionResource.kind, ProcessVersionResource.name, Resource.content)
            .join(Resource, Resource.hash == ProcessVersionResource.resource_hash)
            .where(ProcessVersionResource.version_id == version.id)
        )
        files = tuple(
            BundledFile(ResourceKind(kind), name, content) for kind, name, content in rows
        )
        if Bundle(version.process_key, version.name, files).content_hash != version.content_hash:
            yield f"{version.process_key} {version.number}", "its content has another hash"


@holds("Versions of a process are numbered without gaps")
def numbers_have_no_gaps(session: Session) -> Iterator[tuple[str, str]]:
    numbered = (
        select(ProcessVersion.process_key, func.count(), func.max(ProcessVersion.number))
        .group_by(ProcessVersion.process_key)
        .having(func.max(ProcessVersion.number) != func.count())
    )
    for key, count, highest in session.execute(numbered):
        yield key, f"{count} versions, the highest is number {highest}"


INVARIANTS = (files_are_untouched, versions_are_untouched, numbers_have_no_gaps)
