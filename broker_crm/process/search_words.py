"""Words by which people find a case again: what was typed at its steps and written in its letters.

They stand in one column of the case, written with the command that brings them, so that a search
reads one narrow text and no history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from broker_crm.process.plain_text import plain

SHORTEST = 2
LONGEST = 2_000
"""Characters that one command adds."""
MOST = 8_000
"""Characters of a case; what comes later is not found by its words."""
MARKS = "„“”\"'’`.,;:!?()[]{}<>…–-"


def words_of(values: Iterable[object]) -> str:
    """Distinct words of texts and numbers, however deep, in lower case without diacritics.

    Args:
        values: JSON values.

    Returns:
        Words with a space before each, 2,000 characters at most.
    """
    found: dict[str, None] = {}
    length = 0
    for text in _texts(values):
        for word in searched(text):
            if word in found or len(word) < SHORTEST:
                continue
            length += len(word) + 1
            if length > LONGEST:
                return _joined(found)
            found[word] = None
    return _joined(found)


def searched(text: str) -> list[str]:
    """Words as they are kept and looked for, without the marks around them."""
    return [word for each in plain(text).split() if (word := each.strip(MARKS))]


def _joined(words: Iterable[str]) -> str:
    return "".join(f" {word}" for word in words)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        yield str(value)
    elif isinstance(value, Iterable):
        for each in value:
            yield from _texts(each)
