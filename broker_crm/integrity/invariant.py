"""An invariant: a sentence, and the search for places where it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

Places = Callable[[Session], Iterable[tuple[str, str]]]
"""Finds places, each with what was found there."""
Told = Callable[[int], None]
"""Called now and then during a long search, with how many rows were looked at."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A place where an invariant does not hold.

    Attributes:
        warning: it needs somebody's eye, but nothing is lost or wrong.
    """

    invariant: str
    place: str
    found: str
    warning: bool = False

    def __str__(self) -> str:
        prefix = "warning: " if self.warning else ""
        return f"{prefix}{self.invariant}: {self.place}: {self.found}"

    def as_dict(self) -> dict[str, object]:
        return {
            "severity": "warning" if self.warning else "error",
            "invariant": self.invariant,
            "place": self.place,
            "found": self.found,
        }


@dataclass(frozen=True, slots=True)
class Invariant:
    sentence: str
    find: Callable[[Session, Told], Iterator[Violation]]


def holds(sentence: str, *, warning: bool = False) -> Callable[[Places], Invariant]:
    """Make an invariant of a function that finds the places where it does not hold.

    Args:
        sentence: what is true of a sound database.
        warning: what is found needs an eye, but the database is sound.
    """

    def invariant(places: Places) -> Invariant:
        def find(session: Session, _told: Told) -> Iterator[Violation]:
            for place, found in places(session):
                yield Violation(sentence, place, found, warning)

        return Invariant(sentence, find)

    return invariant
