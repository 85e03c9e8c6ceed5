"""Which step of one version is which of another: by id, else by what the diagrams' diff tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.slices import Slice
from broker_crm.definitions.comparison import Change, ChangeKind, Subject, compare_versions
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import resources
from broker_crm.engine.diagram import read_diagram
from broker_crm.engine.dialect import Element


@dataclass(frozen=True, slots=True)
class Matching:
    """The steps of two versions.

    Attributes:
        renamed: id on side A to the id of the same step on side B, where they differ.
        added: ids that only side B has.
        removed: ids that only side A has.
        changed: id on side B to what was changed on it, or that it lies elsewhere.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: Mapping[str, Change] = field(default_factory=dict)


SAME = Matching()
"""Of two sides of the same diagram, or of a log without one."""


def matching(session: Session, process: str, a: Slice, b: Slice) -> Matching:
    """The steps of the versions of both sides; `SAME` where a side is not of one version.

    Args:
        session: knows the diagrams.
        process: key of the process.
        a: the earlier side.
        b: the later side.
    """
    before, after = (_version(session, process, side.version) for side in (a, b))
    if before is None or after is None or before == after:
        return SAME
    told = [
        each
        for each in compare_versions(session, before, after).of(Subject.ELEMENT)
        if each.type == "userTask"
    ]
    kinds: dict[ChangeKind, list[str]] = {kind: [] for kind in ChangeKind}
    for each in told:
        kinds[each.kind].append(each.id)
    renamed = pairs(
        [_elements(session, before)[each] for each in kinds[ChangeKind.REMOVED]],
        [_elements(session, after)[each] for each in kinds[ChangeKind.ADDED]],
    )
    return Matching(
        renamed,
        frozenset(kinds[ChangeKind.ADDED]) - set(renamed.values()),
        frozenset(kinds[ChangeKind.REMOVED]) - set(renamed),
        {each.id: each for each in told if each.kind in (ChangeKind.CHANGED, ChangeKind.MOVED)},
    )


def pairs(removed: Sequence[Element], added: Sequence[Element]) -> dict[str, str]:
    """Steps under another id: those of one key, else of one name, where no other has it."""
    found: dict[str, str] = {}
    alike: tuple[Callable[[Element], str], ...] = (
        lambda each: each.properties.get("step") or "",
        lambda each: each.name.strip().casefold(),
    )
    for told in alike:
        of_a = _alone([each for each in removed if each.id not in found], told)
        of_b = _alone([each for each in added if each.id not in found.values()], told)
        found |= {of_a[key]: of_b[key] for key in of_a.keys() & of_b.keys()}
    return found


def _alone(elements: Sequence[Element], told: Callable[[Element], str]) -> dict[str, str]:
    keys = [told(each) for each in elements]
    return {
        key: each.id
        for key, each in zip(keys, elements, strict=True)
        if key and keys.count(key) == 1
    }


def _version(session: Session, process: str, number: int | None) -> int | None:
    if number is None:
        return None
    return session.scalar(
        select(ProcessVersion.id).where(
            ProcessVersion.process_key == process, ProcessVersion.number == number
        )
    )


def _elements(session: Session, version_id: int) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for file, content in resources(session, version_id, ResourceKind.DIAGRAM).items():
        found |= read_diagram(content, file).elements
    return found
