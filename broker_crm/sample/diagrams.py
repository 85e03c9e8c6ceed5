"""A published diagram as a walk in memory sees it: flows by source, and what it knows to pass."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element, SequenceFlow

KNOWN = frozenset(
    {
        "startEvent",
        "endEvent",
        "userTask",
        "serviceTask",
        "sendTask",
        "scriptTask",
        "businessRuleTask",
        "subProcess",
        "exclusiveGateway",
        "parallelGateway",
        "eventBasedGateway",
        "intermediateThrowEvent",
        "intermediateCatchEvent",
    }
)
SILENT = frozenset({"message", "signal"})
"""Kinds of caught events that never come to a walk: nobody sends them."""
JOBS = frozenset({"message", None})
"""Kinds of throwing events that do no more than a job, where they have one."""


def _place(places: Mapping[str, int], flow: SequenceFlow) -> int:
    return places.get(flow.condition or "", 0)


class CannotWalk(Exception):
    """The diagram holds something that only the engine knows."""


class Diagram:
    """A compiled process with its flows by source; shared by all walks through it."""

    def __init__(self, process: CompiledProcess) -> None:
        self.process = process
        self.outgoing: dict[str, list[SequenceFlow]] = {}
        self.sources: dict[str, set[str]] = {}
        self.boundaries: dict[str, list[Element]] = {}
        self.starts: dict[str, Element] = {}
        """Start events by subprocess."""
        for flow in process.flows.values():
            self.outgoing.setdefault(flow.source, []).append(flow)
            self.sources.setdefault(flow.target, set()).add(flow.source)
        for source, flows in self.outgoing.items():
            places = {text: place for place, text in enumerate(process.asked_in_order(source))}
            flows.sort(key=partial(_place, places))
        for element in process.elements.values():
            if element.attached_to and element.event == "timer":
                self.boundaries.setdefault(element.attached_to, []).append(element)
            if element.type == "startEvent" and element.process_id != process.key:
                self.starts[element.process_id] = element

    def refuse_unknown(self, element: Element) -> None:
        """Raise `CannotWalk` for an element that a walk does not know how to pass."""
        loop = element.multi_instance
        sequential = loop is not None and (loop.sequential or loop.completion_condition)
        if element.type not in KNOWN or sequential or not self._knows_event(element):
            raise CannotWalk(f"{element.type} {element.id}")

    def _knows_event(self, element: Element) -> bool:
        if element.type == "intermediateCatchEvent":
            return element.event == "timer" or element.event in SILENT
        if element.type == "eventBasedGateway":
            targets = [flow.target for flow in self.outgoing.get(element.id, [])]
            return all(self.process.elements[each].event in SILENT for each in targets)
        if element.type == "subProcess":
            return element.id in self.starts and element.id not in self.boundaries
        ends = element.type == "endEvent" and element.event == "terminate"
        return ends or element.event in JOBS
