"""Reads parts of a JSON document and keeps what is wrong with them, each by its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from broker_crm.scenarios.errors import Problem

LONGEST = 500


class Reader:
    """Gives back what a place should hold, or a stand-in and a problem."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, place: str, code: str, **params: object) -> None:
        self.problems.append(Problem(place, code, params))

    def mapping(
        self, value: object, place: str, known: Iterable[str] | None = None
    ) -> dict[str, Any]:
        """An object; keys that are not known are problems."""
        if not isinstance(value, dict):
            self.wrong(place, "not-object")
            return {}
        if known is not None:
            names = sorted(known)
            for key in value:
                if key not in names:
                    self.wrong(place, "unknown-key", key=str(key)[:80], known=", ".join(names))
        return value

    def listed(self, value: object, place: str, limit: int = 300) -> list[Any]:
        if not isinstance(value, list):
            self.wrong(place, "not-list")
            return []
        if len(value) > limit:
            self.wrong(place, "too-many", limit=limit)
            return []
        return value

    def text(self, value: object, place: str, limit: int = LONGEST) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > limit:
            self.wrong(place, "not-text", limit=limit)
            return ""
        return value

    def texts(self, value: object, place: str) -> tuple[str, ...]:
        found = self.listed(value, place)
        return tuple(self.text(each, f"{place}[{n}]") for n, each in enumerate(found))

    def text_by_key(self, value: object, place: str) -> dict[str, str]:
        found = self.mapping(value, place)
        return {key: self.text(each, f"{place}.{key}") for key, each in found.items()}

    def number(self, value: object, place: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e12:
            self.wrong(place, "not-number")
            return 0
        return value

    def truth(self, value: object, place: str) -> bool:
        if not isinstance(value, bool):
            self.wrong(place, "not-true-or-false")
        return value is True

    def choice(self, value: object, place: str, known: Iterable[str]) -> str:
        choices = list(known)
        if value not in choices:
            self.wrong(place, "not-one-of", known=", ".join(choices))
            return choices[0]
        return str(value)

    def day(self, value: object, place: str) -> date:
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self.wrong(place, "not-day")
            return date(2026, 1, 1)

    def moment(self, value: object, place: str) -> datetime:
        found = local_moment(value)
        if found is None:
            self.wrong(place, "not-moment")
            return datetime.fromisoformat("2026-01-05T09:00")
        return found

    def required(self, told: Mapping[str, Any], place: str, *keys: str) -> None:
        for key in keys:
            if key not in told:
                self.wrong(place, "missing", key=key)


def local_moment(value: object) -> datetime | None:
    """A naive moment of 2000 to 2044, written with its hour; None for anything else."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is None and 2000 <= found.year < 2045 else None
