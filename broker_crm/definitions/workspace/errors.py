"""What can be in the way of a change to the workspace, each named for what the designer did."""

from __future__ import annotations

from datetime import datetime

from broker_crm.definitions.findings import Finding
from broker_crm.definitions.places import FileKey, place_of


class WorkspaceError(Exception):
    """Base: nothing has changed."""


class ChangedMeanwhile(WorkspaceError):
    """Somebody else changed the file since it was read; their text stays as it is.

    Args:
        key: the file.
        by: login; None when it is not known.
        at: when, aware; None when the file is gone.
    """

    def __init__(self, key: FileKey, by: str | None, at: datetime | None) -> None:
        super().__init__(f"{place_of(*key)} was changed by {by or 'somebody'} meanwhile.")
        self.key = key
        self.by = by
        self.at = at


class PublishedMeanwhile(WorkspaceError):
    """A version published since changed files that drafts were begun from.

    Args:
        keys: these files.
    """

    def __init__(self, keys: list[FileKey]) -> None:
        names = ", ".join(str(place_of(*key)) for key in keys)
        super().__init__(f"Published by somebody else since the draft was begun: {names}.")
        self.keys = keys


class FileUnacceptable(WorkspaceError):
    """The file is refused as it is.

    Args:
        findings: why, with mends; at least one.
    """

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


class NameTaken(WorkspaceError):
    """There is a file of that name already."""


class NameUnacceptable(WorkspaceError):
    """A file can't have this name."""


class NoSuchFile(WorkspaceError):
    """The workspace has no such file."""


class ProcessInForce(WorkspaceError):
    """The diagram of a published process can't be removed: cases are started on it."""


class NothingToPublish(WorkspaceError):
    """None of the chosen processes differs from its latest version."""


class ChangedSinceChecked(WorkspaceError):
    """A file was changed between the check and the publishing."""
