"""What changed between two wordings: lines, and words within the lines that were rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

WORDS = re.compile(r"\s+|[\w'’]+|[^\w\s]")
CONTEXT = 2
"""Unchanged lines shown on either side of a change."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line: 'same', 'added' or 'removed'."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line as it was and as it became: 'same', 'added', 'removed', 'changed', or a 'gap'."""

    kind: str
    parts: tuple[Part, ...] = ()


def changes(before: Sequence[str], after: Sequence[str]) -> list[ChangedLine]:
    """The lines that changed with a little of what surrounds them; [] when nothing did."""
    found: list[ChangedLine] = []
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT)
    for number, block in enumerate(blocks):
        if number:
            found.append(ChangedLine("gap"))
        for kind, start, end, new_start, new_end in block:
            if kind == "equal":
                found.extend(
                    ChangedLine("same", (Part("same", line),)) for line in before[start:end]
                )
            else:
                found.extend(_rewritten(before[start:end], after[new_start:new_end]))
    return found


def _rewritten(before: Sequence[str], after: Sequence[str]) -> Iterator[ChangedLine]:
    for old, new in zip_longest(before, after):
        if old is None:
            yield ChangedLine("added", (Part("added", new),))
        elif new is None:
            yield ChangedLine("removed", (Part("removed", old),))
        else:
            yield ChangedLine("changed", tuple(_words(old, new)))


def _words(old: str, new: str) -> Iterator[Part]:
    before, after = WORDS.findall(old), WORDS.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            yield Part("same", "".join(before[start:end]))
            continue
        if start < end:
            yield Part("removed", "".join(before[start:end]))
        if new_start < new_end:
            yield Part("added", "".join(after[new_start:new_end]))
