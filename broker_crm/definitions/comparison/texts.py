"""Compares letters, scripts, documents and translations of two versions, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from broker_crm.definitions import word
from broker_crm.definitions.comparison.changes import Change, ChangeKind, Detail, Subject
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.translations import read_catalogue

SUBJECTS = {
    ResourceKind.LETTER: Subject.LETTER,
    ResourceKind.SCRIPT: Subject.SCRIPT,
    ResourceKind.DOCUMENT: Subject.DOCUMENT,
    ResourceKind.TRANSLATION: Subject.TRANSLATION,
}


def compare_texts(
    kind: ResourceKind, before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> Iterator[Change]:
    """Changes of the texts of one kind.

    Args:
        kind: letters, scripts, documents or translations.
        before: files by name.
        after: the same of the other version.
    """
    for name in dict.fromkeys([*after, *before]):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if old is None or new is None:
            sort = ChangeKind.ADDED if old is None else ChangeKind.REMOVED
            yield Change(sort, SUBJECTS[kind], name)
            continue
        found = tuple(_differences(_lines(kind, old), _lines(kind, new)))
        yield Change(ChangeKind.CHANGED, SUBJECTS[kind], name, details=found)


def _lines(kind: ResourceKind, content: bytes) -> list[str]:
    if kind is ResourceKind.DOCUMENT:
        return [word.text_of(each) for each in word.paragraphs(word.opened(content))]
    if kind is ResourceKind.TRANSLATION:
        return [f"{text} = {said}" for text, said in sorted(read_catalogue(content).items())]
    return content.decode(errors="replace").splitlines()


def _differences(before: list[str], after: list[str]) -> Iterator[Detail]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for sort, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if sort != "equal":
            yield Detail(
                f"line {new_from + 1}",
                "\n".join(before[old_from:old_to]) or None,
                "\n".join(after[new_from:new_to]) or None,
            )
