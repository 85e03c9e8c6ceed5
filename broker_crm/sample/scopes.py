"""Where a walk in memory stands: scopes of variables, tokens, open tasks, waiting timers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from broker_crm.engine.dialect import Element


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


@dataclass(slots=True, eq=False)
class Host:
    """An open user task, or the open ones of a multi-instance element."""

    element: Element
    scope: Scope
    due: datetime | None
    tasks: list[UUID]
    items: list[object] | None = None
    results: list[object] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Waiting:
    """A timer with the instants that are still to come."""

    element: Element
    scope: Scope
    plan: list[str]
    host: Host | None


@dataclass(frozen=True, slots=True)
class Token:
    """On its way to an element; on the path of a reminder it knows what it reminds of."""

    target: str
    source: str | None
    scope: Scope
    reminding: Host | None = None
