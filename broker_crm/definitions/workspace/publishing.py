"""Publishes chosen processes of the workspace, when nobody else has changed them meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import Bundle, BundledFile, Folder, arrange, bundles
from broker_crm.definitions.findings import OF_THE_CHECK, DiagramRejected, Finding, Severity
from broker_crm.definitions.models import DraftFile, ProcessVersion
from broker_crm.definitions.places import FileKey, place_of
from broker_crm.definitions.publish import publish_bundle, wait_for_others
from broker_crm.definitions.published import latest_versions
from broker_crm.definitions.workspace import files
from broker_crm.definitions.workspace.errors import (
    ChangedSinceChecked,
    NothingToPublish,
    PublishedMeanwhile,
)


@dataclass(frozen=True, slots=True)
class WorkspaceProcess:
    """A process as the workspace has it, beside its latest version."""

    bundle: Bundle
    latest: ProcessVersion | None

    @property
    def key(self) -> str:
        return self.bundle.process_key

    @property
    def changed(self) -> bool:
        """True when publishing it would make a new version."""
        return self.latest is None or self.latest.content_hash != self.bundle.content_hash

    def changed_files(self, in_force: dict[FileKey, files.Published]) -> list[FileKey]:
        """Files of the bundle that are not in force as they are here."""
        found = [(each.kind, each.name) for each in self.bundle.files if not _same(each, in_force)]
        return sorted(found)


def processes(session: Session, folder: Folder | None = None) -> list[WorkspaceProcess]:
    """All processes of the workspace that can be published, by name."""
    folder = folder or arrange(files.workspace_files(session))
    latest = {version.process_key: version for version in latest_versions(session)}
    found = [WorkspaceProcess(bundle, latest.get(bundle.process_key)) for bundle in bundles(folder)]
    return sorted(found, key=lambda each: each.bundle.name)


def findings_of(bundle: Bundle, findings: Iterable[Finding]) -> list[Finding]:
    """Those of a check of the whole workspace that concern a process."""
    names = {place_of(each.kind, each.name).name for each in bundle.files}
    return [
        each
        for each in findings
        if each.file in names or each.rule in OF_THE_CHECK or each.element_id == bundle.process_key
    ]


def publish(
    session: Session,
    keys: Collection[str],
    checked: dict[str, str],
    findings: list[Finding],
    *,
    author: str,
    note: str,
) -> list[ProcessVersion]:
    """Publish processes of the workspace as new versions, all or none.

    Drafts whose content is in force afterwards go away.

    Args:
        session: the caller commits.
        keys: ids of the processes.
        checked: content hash by process id as it was when the findings were made.
        findings: of the whole workspace.
        author: login.
        note: what has changed, for those who read the versions.

    Raises:
        ChangedSinceChecked: a file was changed after the findings were made.
        DiagramRejected: a chosen process has an error.
        NothingToPublish: none of them differs from its latest version.
        PublishedMeanwhile: a draft was begun from a file that another version has changed since.
    """
    wait_for_others(session)
    chosen = [each for each in processes(session) if each.key in set(keys)]
    wrong = [
        finding
        for each in chosen
        for finding in findings_of(each.bundle, findings)
        if finding.severity is Severity.ERROR
    ]
    if wrong:
        raise DiagramRejected(list(dict.fromkeys(wrong)))
    if any(checked.get(each.key) != each.bundle.content_hash for each in chosen):
        raise ChangedSinceChecked
    drafts = files.drafts(session)
    in_force = files.published(session)
    stale = sorted(
        key
        for each in chosen
        for key in each.changed_files(in_force)
        if _is_stale(key, drafts, in_force)
    )
    if stale:
        raise PublishedMeanwhile(stale)
    made = [publish_bundle(session, each.bundle, author, note) for each in chosen if each.changed]
    published = [version for version in made if version is not None]
    if not published:
        raise NothingToPublish
    settle(session)
    return published


def settle(session: Session) -> None:
    """Remove drafts that say what is in force anyway."""
    in_force = files.published(session)
    for key, draft in files.drafts(session).items():
        there = in_force.get(key)
        if draft.deleted:
            done = there is None
        else:
            done = there is not None and there.hash == files.content_hash(draft.content)
        if done:
            session.delete(draft)
    session.flush()


def is_stale(key: FileKey, draft: DraftFile, in_force: dict[FileKey, files.Published]) -> bool:
    """True when a version published since has changed what the draft was begun from."""
    there = in_force.get(key)
    return (there.hash if there else None) != draft.base_hash and not (
        there is not None and there.hash == files.content_hash(draft.content)
    )


def _is_stale(
    key: FileKey, drafts: dict[FileKey, DraftFile], in_force: dict[FileKey, files.Published]
) -> bool:
    draft = drafts.get(key)
    return draft is not None and is_stale(key, draft, in_force)


def _same(file: BundledFile, in_force: dict[FileKey, files.Published]) -> bool:
    there = in_force.get((file.kind, file.name))
    return there is not None and there.hash == file.hash
