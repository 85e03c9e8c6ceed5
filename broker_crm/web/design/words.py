"""Findings and refusals of the workshop in the visitor's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from flask import url_for
from flask_babel import Domain
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.definitions.findings import Finding
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import FileKey, place_of
from broker_crm.definitions.workspace import errors
from broker_crm.definitions.workspace.publishing import WorkspaceProcess
from broker_crm.engine.sentences import in_words
from broker_crm.web import names, staff, times

FINDINGS = Domain(domain="findings")


def sentence(text: str) -> str:
    """A sentence of the linter or of a refusal."""
    return in_words(text, FINDINGS.gettext)


def process_name(session: Session, process: WorkspaceProcess) -> str:
    """The name of a process; one that was never published is called as its diagram says."""
    if process.latest is None:
        return process.bundle.name
    return names.name(session, process.latest.id, process.bundle.name)


def finding(each: Finding, addresses: Mapping[str, str]) -> dict[str, object]:
    """A finding as the pages show it.

    Args:
        addresses: of the editors, by file name.
    """
    return {
        "severity": each.severity.value,
        "file": each.file,
        "rule": each.rule,
        "problem": sentence(each.problem),
        "mend": sentence(each.mend),
        "elementId": each.element_id,
        "elementName": each.element_name,
        "line": each.line,
        "address": addresses.get(each.file),
    }


def addresses(keys: Iterable[FileKey]) -> dict[str, str]:
    """Addresses of the editors by the file names that findings use."""
    return {
        place_of(*key).name: url_for("design.show", kind=key[0].value, name=key[1]) for key in keys
    }


def told(session: Session, error: errors.WorkspaceError) -> str:
    """Why nothing was changed."""
    if isinstance(error, errors.ChangedMeanwhile):
        return _changed(session, error.by, error.at)
    if isinstance(error, errors.PublishedMeanwhile):
        return _(
            "A version published since changed the same files: %(files)s. Open them, compare, and "
            "say that yours takes it into account.",
            files=", ".join(str(place_of(*key)) for key in error.keys),
        )
    if isinstance(error, errors.FileUnacceptable):
        return " ".join(
            f"{each.file}: {sentence(each.problem)} {sentence(each.mend)}"
            for each in error.findings
        )
    if isinstance(error, errors.NameTaken):
        return _("There is a file named “%(name)s” already. Choose another name.", name=str(error))
    if isinstance(error, errors.NameUnacceptable):
        return _(
            "A file can't be named “%(name)s”. Use letters, digits and hyphens; texts also say "
            "their language, as in reminder.lt.",
            name=str(error),
        )
    if isinstance(error, errors.ProcessInForce):
        return _("The diagram of a published process can't be deleted: cases run on it.")
    if isinstance(error, errors.NothingToPublish):
        return _("Nothing of what you chose differs from what is published.")
    if isinstance(error, errors.ChangedSinceChecked):
        return _("A file was changed while it was being checked. Publish again.")
    return _("There is no such file any more.")


def _changed(session: Session, by: str | None, at: datetime | None) -> str:
    if at is None:
        return _("Somebody has removed this file meanwhile. Nothing of theirs was changed.")
    return _(
        "%(name)s changed this file on %(time)s. Your text was not saved over theirs.",
        name=staff.name(session, by) or _("The product's folder"),
        time=times.when(at),
    )


def kinds() -> dict[ResourceKind, str]:
    """What each kind of file is called."""
    return {
        ResourceKind.DIAGRAM: _("Diagram"),
        ResourceKind.DECISION: _("Decision table"),
        ResourceKind.FORM: _("Form"),
        ResourceKind.LETTER: _("Letter"),
        ResourceKind.SCRIPT: _("Script"),
        ResourceKind.DOCUMENT: _("Document"),
        ResourceKind.TRANSLATION: _("Translations"),
    }


def groups() -> dict[ResourceKind, str]:
    """Headings of lists of files."""
    return {
        ResourceKind.DIAGRAM: _("Diagrams"),
        ResourceKind.DECISION: _("Decision tables"),
        ResourceKind.FORM: _("Forms"),
        ResourceKind.LETTER: _("Letters"),
        ResourceKind.SCRIPT: _("Scripts"),
        ResourceKind.DOCUMENT: _("Documents"),
        ResourceKind.TRANSLATION: _("Translations"),
    }
