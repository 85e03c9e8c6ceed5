"""Compares two bundles, or two published versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from broker_crm.definitions.comparison.changes import Change, Comparison
from broker_crm.definitions.comparison.diagrams import compare_diagrams
from broker_crm.definitions.comparison.forms import compare_forms
from broker_crm.definitions.comparison.tables import compare_tables
from broker_crm.definitions.comparison.texts import SUBJECTS, compare_texts
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import resources

Files = Mapping[ResourceKind, Mapping[str, bytes]]


def compare_versions(session: Session, before: int, after: int) -> Comparison:
    """What changed from one published version to another.

    Args:
        session: for reading.
        before: id of the earlier version.
        after: id of the later one.

    Raises:
        NotPublished: when there is no such version.
        VersionDamaged: when a stored file is not as it was published.
    """
    return compare(_files(session, before), _files(session, after))


def compare(before: Files, after: Files) -> Comparison:
    """What changed from one set of files to another.

    Args:
        before: by kind, then by name.
        after: the same.

    Raises:
        DiagramRefused: when a diagram or table can't be read.
    """
    return Comparison(tuple(_changes(before, after)))


def _files(session: Session, version_id: int) -> Files:
    return {kind: resources(session, version_id, kind) for kind in ResourceKind}


def _changes(before: Files, after: Files) -> Iterator[Change]:
    def both(kind: ResourceKind) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
        return before.get(kind, {}), after.get(kind, {})

    yield from compare_diagrams(*both(ResourceKind.DIAGRAM))
    yield from compare_forms(*both(ResourceKind.FORM))
    yield from compare_tables(*both(ResourceKind.DECISION))
    for kind in SUBJECTS:
        yield from compare_texts(kind, *both(kind))
