"""How much of a diagram has been passed: elements and sequence flows, as ids and in percent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from broker_crm.engine.definition import CompiledProcess

PASSED_BY_THEMSELVES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
"""Not counted: what is inside them is."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was passed of what there is."""

    elements: frozenset[str]
    flows: frozenset[str]
    all_elements: frozenset[str]
    all_flows: frozenset[str]

    @property
    def percent(self) -> int:
        """Share of elements and flows that were passed, rounded down; 100 only for all."""
        all_of_them = len(self.all_elements) + len(self.all_flows)
        passed = len(self.elements) + len(self.flows)
        return 100 * passed // all_of_them if all_of_them else 100

    @property
    def missed(self) -> frozenset[str]:
        """Ids of elements and flows that nothing has passed."""
        return (self.all_elements - self.elements) | (self.all_flows - self.flows)

    def as_dict(self) -> dict[str, object]:
        return {
            "percent": self.percent,
            "elements": sorted(self.elements),
            "flows": sorted(self.flows),
            "missed": sorted(self.missed),
            "all_elements": sorted(self.all_elements),
            "all_flows": sorted(self.all_flows),
        }


def covered(process: CompiledProcess, elements: Iterable[str], flows: Iterable[str]) -> Coverage:
    """Coverage of a process's own diagram by ids that were passed; others are left out."""
    there = frozenset(
        key
        for key, element in process.elements.items()
        if _counts(element.type) and element.file == process.file
    )
    drawn = frozenset(
        flow.id for flow in process.flows.values() if flow.source in there or flow.target in there
    )
    return Coverage(there & frozenset(elements), drawn & frozenset(flows), there, drawn)


def together(parts: Iterable[Coverage]) -> Coverage | None:
    """Coverage of one diagram by several scenarios; None of none."""
    found: Coverage | None = None
    for part in parts:
        if found is None:
            found = part
            continue
        found = Coverage(
            found.elements | part.elements,
            found.flows | part.flows,
            found.all_elements,
            found.all_flows,
        )
    return found


def coverage_from(told: object) -> Coverage | None:
    """Coverage from what `as_dict` gave."""
    if not isinstance(told, dict):
        return None
    parts = ("elements", "flows", "all_elements", "all_flows")
    return Coverage(*(frozenset(told[part]) for part in parts))


def _counts(kind: str) -> bool:
    return kind.endswith(("Task", "Event", "Gateway", "task")) or kind == "callActivity"
