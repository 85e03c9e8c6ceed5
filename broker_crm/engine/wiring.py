"""What the flows of a diagram connect: nothing may lead nowhere, stand apart or split unasked."""

from __future__ import annotations

from collections.abc import Mapping, Set

from broker_crm.engine.dialect import Element, SequenceFlow
from broker_crm.engine.errors import Refusal
from broker_crm.engine.sentences import said


def wiring(
    file: str,
    elements: Mapping[str, Element],
    flows: Mapping[str, SequenceFlow],
    refused: Set[str],
    unwired: Set[str],
) -> list[Refusal]:
    """Refusals of flows that lead nowhere, of elements without a way to or from them, of splits.

    Args:
        file: the diagram's name.
        elements: those that can run, by id.
        flows: by id.
        refused: ids of nodes that can't run, of which that is said elsewhere.
        unwired: ids of elements that need no flows.
    """
    found: list[Refusal] = []
    outgoing: dict[str, list[SequenceFlow]] = {}
    incoming: dict[str, list[SequenceFlow]] = {}
    for flow in flows.values():
        outgoing.setdefault(flow.source, []).append(flow)
        incoming.setdefault(flow.target, []).append(flow)
        for end in (flow.source, flow.target):
            if end not in elements and end not in refused:
                found.append(
                    Refusal(
                        file,
                        flow.id,
                        flow.name,
                        said(
                            "The flow is connected to “%(end)s”, which is not in the process.",
                            end=end,
                        ),
                        said("Connect it to an element of the process."),
                        "connected",
                        flow.line,
                    )
                )
    has_start = any(element.type == "startEvent" for element in elements.values())
    begins = {
        element.id
        for element in elements.values()
        if element.type == "startEvent"
        or (element.type != "boundaryEvent" and not incoming.get(element.id))
    }
    reached = _reached(elements, outgoing, begins | unwired)
    for element in elements.values():
        leaving = outgoing.get(element.id, [])
        if element.type == "endEvent":
            continue
        if not leaving and element.id not in unwired:
            found.append(
                _refusal(
                    element,
                    said("Nothing follows this element."),
                    said("Connect it to the next step or to an end event."),
                    "implicit-end",
                )
            )
        is_gateway = element.type.endswith("Gateway")
        if not is_gateway and len(leaving) > 1:
            found.append(
                _refusal(
                    element,
                    said("Several flows leave this element."),
                    said("Put a gateway behind it."),
                    "implicit-split",
                )
            )
        if not is_gateway and any(flow.condition for flow in leaving):
            found.append(
                _refusal(
                    element,
                    said("A flow out of this element has a condition."),
                    said("Put an exclusive gateway behind it."),
                    "implicit-split",
                )
            )
        if element.type in {"exclusiveGateway", "inclusiveGateway"} and len(leaving) > 1:
            found.extend(
                _refusal(
                    element,
                    said(
                        "The flow “%(name)s” has no condition and is not the default.",
                        name=flow.name or flow.id,
                    ),
                    said("Give it a condition, or make it the default flow."),
                    "gateway-condition",
                )
                for flow in leaving
                if not flow.condition and flow.id != element.default_flow
            )
        if element.id in unwired:
            continue
        if element.type not in {"startEvent", "boundaryEvent"} and not incoming.get(element.id):
            found.append(
                _refusal(
                    element,
                    said("No flow leads to this element."),
                    said("Connect it, or remove it."),
                    "connected",
                )
            )
        elif has_start and element.id not in reached:
            found.append(
                _refusal(
                    element,
                    said("No way from the start leads to this element."),
                    said("Connect its part of the diagram, or remove it."),
                    "connected",
                )
            )
    return found


def _reached(
    elements: Mapping[str, Element], outgoing: Mapping[str, list[SequenceFlow]], begins: Set[str]
) -> set[str]:
    """All elements to which a way leads from those at which one begins."""
    events: dict[str, list[str]] = {}
    for element in elements.values():
        if element.attached_to:
            events.setdefault(element.attached_to, []).append(element.id)
    found: set[str] = set()
    waiting = list(begins)
    while waiting:
        identifier = waiting.pop()
        if identifier not in found:
            found.add(identifier)
            waiting.extend(flow.target for flow in outgoing.get(identifier, ()))
            waiting.extend(events.get(identifier, ()))
    return found


def _refusal(element: Element, problem: str, mend: str, rule: str) -> Refusal:
    return Refusal(element.file, element.id, element.name, problem, mend, rule, element.line)
