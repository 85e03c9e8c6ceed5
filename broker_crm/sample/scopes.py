"""Variables of a walk in memory: the case's own, and those inside its subprocesses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from broker_crm.calendar import WorkingCalendar
from broker_crm.engine.dialect import Element
from broker_crm.engine.feel import evaluate
from broker_crm.sample.diagrams import CannotWalk


@dataclass(slots=True, eq=False)
class Round:
    """The instances of a subprocess that run side by side, and what each came to."""

    element: Element
    outside: Scope
    left: int
    results: list[object]


@dataclass(slots=True, eq=False)
class Scope:
    """The variables of the case, or of one instance of a subprocess."""

    data: dict[str, Any] = field(default_factory=dict)
    outside: Scope | None = None
    round: Round | None = None
    place: int = 0

    def seen(self, inner: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What an element in this scope sees, with what it alone sees."""
        if self.outside is None:
            return {**self.data, **inner} if inner else self.data
        return {**self.outside.seen(), **self.data, **(inner or {})}

    def own(self) -> dict[str, Any]:
        """What only this scope and those around it see, the case's variables left out."""
        return {} if self.outside is None else {**self.outside.own(), **self.data}

    def write(self, values: Mapping[str, Any]) -> None:
        """Each where it stands already, the innermost first; else with the case."""
        for name, value in values.items():
            scope = self
            while scope.outside is not None and name not in scope.data:
                scope = scope.outside
            scope.data[name] = value


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
