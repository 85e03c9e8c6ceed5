"""Goes back to what an earlier version said, by publishing it again under the next number; or
forward to one text of another version."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import Bundle, BundledFile
from broker_crm.definitions.findings import DiagramRejected, Severity
from broker_crm.definitions.lint import lint
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.places import FileKey
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
    return _published(session, published_bundle(session, version_id), author, note)


def publish_with_text(
    session: Session,
    version_id: int,
    text: FileKey,
    from_version_id: int,
    *,
    author: str | None = None,
    note: str = "",
) -> ProcessVersion | None:
    """Publish a version's files with a letter, script or document as another version has it.

    Args:
        text: its kind, and its key without a language; all its languages are taken.
        from_version_id: the version that has the text.

    Returns, raises: as `publish_again`.
    """
    bundle = bundle_with_text(session, version_id, text, from_version_id)
    return _published(session, bundle, author, note)


def bundle_with_text(
    session: Session, version_id: int, text: FileKey, from_version_id: int
) -> Bundle:
    """A version's files with the wordings of one text taken from another version."""
    kept = [
        file for file in published_bundle(session, version_id).files if not is_wording(file, text)
    ]
    taken = [
        file for file in published_bundle(session, from_version_id).files if is_wording(file, text)
    ]
    version = session.get_one(ProcessVersion, version_id)
    files = tuple(sorted([*kept, *taken], key=lambda file: (file.kind, file.name)))
    return Bundle(version.process_key, version.name, files, _elements(files))


def is_wording(file: BundledFile, text: FileKey) -> bool:
    """Is the file a text in one of its languages?"""
    return file.kind == text[0] and file.name.rpartition(".")[0] == text[1]


def _published(
    session: Session, bundle: Bundle, author: str | None, note: str
) -> ProcessVersion | None:
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
