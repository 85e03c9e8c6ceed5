"""The changes between two versions as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """Only its place in the drawing, or among its neighbours, is another."""


class Subject(StrEnum):
    """What has changed."""

    ELEMENT = "element"
    FLOW = "flow"
    FORM = "form"
    FIELD = "field"
    """Of a form."""
    DECISION = "decision"
    RULE = "rule"
    """A row of a decision table."""
    LETTER = "letter"
    SCRIPT = "script"
    DOCUMENT = "document"
    TRANSLATION = "translation"


@dataclass(frozen=True, slots=True)
class Detail:
    """One property before and after; None where it was or is not there."""

    what: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.what}: {_shown(self.before)} → {_shown(self.after)}"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Args:
        kind: how.
        subject: what sort of thing.
        id: BPMN id, form id, key of the field, decision id, rule id, or name of the text.
        name: for people; '' where it has none.
        type: BPMN type of an element, form-js type of a field, else ''.
        within: the form of a field, or the decision of a rule; else ''.
        details: what is different on it; for texts, lines taken away and lines added.
    """

    kind: ChangeKind
    subject: Subject
    id: str
    name: str = ""
    type: str = ""
    within: str = ""
    details: tuple[Detail, ...] = ()

    def __str__(self) -> str:
        called = f" “{self.name}”" if self.name and self.name != self.id else ""
        of = f" of {self.within}" if self.within else ""
        sort = self.type or self.subject
        return f"{self.kind} {sort} {self.id}{called}{of}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes from one version to another."""

    changes: tuple[Change, ...]

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def of(self, *subjects: Subject) -> tuple[Change, ...]:
        """The changes of these sorts."""
        return tuple(change for change in self.changes if change.subject in subjects)

    @property
    def drawn(self) -> Mapping[str, ChangeKind]:
        """Elements and flows by id, as a drawing marks them."""
        return {change.id: change.kind for change in self.of(Subject.ELEMENT, Subject.FLOW)}


def details(
    before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> tuple[Detail, ...]:
    """What differs between two sets of properties, in the order in which they are named."""
    keys = dict.fromkeys([*before, *after])
    return tuple(
        Detail(key, before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    )


def out_of_order(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """Those of both that stand elsewhere among the others."""
    common = [key for key in before if key in set(after)]
    now = [key for key in after if key in set(before)]
    matcher = SequenceMatcher(None, common, now, autojunk=False)
    kept = {
        key for block in matcher.get_matching_blocks() for key in common[block.a :][: block.size]
    }
    return frozenset(common) - kept


def _shown(value: str | None) -> str:
    return "–" if value is None else f"“{value}”"
