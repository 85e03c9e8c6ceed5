"""FEEL of a diagram as a walk in memory evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        return evaluate(text[1:], context, calendar=self.calendar, functions=functions)

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
