"""Two people at one record: a form carries the mark of what its writer saw."""

from __future__ import annotations

import hashlib


class ChangedMeanwhile(Exception):
    """Somebody else changed the record after it was shown."""


def mark(entry: object) -> str:
    """Changes with any of an entry's values: tells whether somebody else wrote meanwhile."""
    return hashlib.sha256(repr(entry).encode()).hexdigest()[:16]


def refuse_stale(entry: object, seen: str | None) -> None:
    """Go on only while the record is as its writer saw it.

    Args:
        entry: the record's values now, read under a lock.
        seen: mark of what the form showed.

    Raises:
        ChangedMeanwhile: it is not, or the form does not tell.
    """
    if seen != mark(entry):
        raise ChangedMeanwhile
