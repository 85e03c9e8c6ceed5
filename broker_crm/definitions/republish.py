"""Goes back to what an earlier version said, by publishing it again under the next number."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import Bundle, BundledFile
from broker_crm.definitions.findings import DiagramRejected, Severity
from broker_crm.definitions.lint import lint
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.publish import publish_bundle, wait_for_others
from broker_crm.definitions.published import resources
from broker_crm.engine.diagram import read_diagram
from broker_crm.engine.dialect import Element


def publish_again(
    session: Session, version_id: int, *, author: str | None = None, note: str = ""
) -> ProcessVersion | None:
    """Publish a version's files once more.

    Args:
        session: the caller commits.
        version_id: what new cases shall run on again.
        author: login.
        note: why.

    Returns:
        The new version; None when the latest one says the same already.

    Raises:
        DiagramRejected: today's rules refuse it; the latest version stays in force.
        NotPublished, VersionDamaged: it can't be read.
    """
    bundle = published_bundle(session, version_id)
    findings = lint(bundle)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise DiagramRejected(findings)
    wait_for_others(session)
    return publish_bundle(session, bundle, author, note)


def published_bundle(session: Session, version_id: int) -> Bundle:
    """All files of a version, with the elements that its diagrams draw."""
    version = session.get_one(ProcessVersion, version_id)
    files = tuple(
        BundledFile(kind, name, content)
        for kind in ResourceKind
        for name, content in resources(session, version_id, kind).items()
    )
    return Bundle(version.process_key, version.name, files, _elements(files))


def _elements(files: tuple[BundledFile, ...]) -> Mapping[str, Element]:
    return {
        identifier: element
        for file in files
        if file.kind is ResourceKind.DIAGRAM
        for identifier, element in read_diagram(file.content, file.name).elements.items()
    }
