"""FEEL of a diagram as a walk in memory evaluates it: with no more than the expression reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from broker_crm.calendar import WorkingCalendar
from broker_crm.engine.dialect import Element
from broker_crm.engine.feel import evaluate
from broker_crm.sample.diagrams import CannotWalk


class Reader:
    """Evaluates what elements say, by the company's calendar."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self.calendar = calendar

    def value(
        self,
        text: str,
        context: Mapping[str, Any],
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> Any:
        """FEEL behind '=', else the text itself."""
        if not text.startswith("="):
            return text
        return evaluate(
            text[1:], _read_of(text, context), calendar=self.calendar, functions=functions
        )

    def number(self, text: str | None, context: Mapping[str, Any]) -> float | None:
        """A standard; None where there is none."""
        value = self.value(text, context) if text else None
        if value is None:
            return None
        number = float(value)
        if number - number != 0:
            raise CannotWalk(f"“{text}” gave {value!r}")
        return number

    def text(self, text: str | None, context: Mapping[str, Any]) -> str | None:
        """A login, a group; None for nothing."""
        value = self.value(text, context) if text else None
        return str(value) if value not in (None, "") else None

    def inputs(self, element: Element, context: Mapping[str, Any]) -> dict[str, Any]:
        """What the designer maps for the element alone."""
        mapped: dict[str, Any] = {}
        for mapping in element.inputs:
            mapped[mapping.target] = self.value(mapping.source, {**context, **mapped})
        return mapped

    def outputs(
        self, element: Element, results: Mapping[str, Any], context: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What of the results becomes variables: all, or what the designer maps."""
        if not element.outputs:
            return results
        seen = {**context, **results}
        return {mapping.target: self.value(mapping.source, seen) for mapping in element.outputs}


def _read_of(text: str, context: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables that an expression names, of contexts only the entries.

    Results of FEEL are remembered by what an expression reads. The facts of a client or a policy
    are never the same twice, but one e-mail address or last day of them often is.
    """
    read: dict[str, Any] = {}
    for name, value in context.items():
        if name in text:
            entries = _entries(text, name) if isinstance(value, dict) else None
            if entries is not None:
                value = {key: each for key, each in value.items() if key.startswith(entries)}
            read[name] = value
    return read


@lru_cache(maxsize=5_000)
def _entries(text: str, name: str) -> tuple[str, ...] | None:
    """Beginnings of the entries that are read of a context; None where it is read as a whole."""
    found = re.findall(rf"(?<![\w.]){re.escape(name)}(?!\w)(?:\s*\.\s*(\w+))?", text)
    return None if "" in found else tuple(found)
