"""Rules of good BPMN drawing, beyond what the engine refuses: names, gateways, flows, subprocesses.

They follow the recommended rules of bpmnlint. Exclusive paths may meet at a step or at a gateway
that decides on: one token arrives. Only branches that run at the same time must be joined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

from lxml import etree

from broker_crm.definitions.findings import (
    Finding,
    Severity,
    error_at,
    in_file,
    warning_at,
)
from broker_crm.engine.diagram import Diagram
from broker_crm.engine.dialect import ACTIVITY_TYPES, Element, SequenceFlow
from broker_crm.engine.sentences import said
from broker_crm.engine.xml import bpmn, local_name

Flows = Mapping[str, list[SequenceFlow]]
CONCURRENT = frozenset({"parallelGateway", "inclusiveGateway"})
DECIDING = frozenset({"exclusiveGateway", "inclusiveGateway"})
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
FLOW_SCOPES = ("process", "subProcess")


def structure(diagram: Diagram) -> Iterator[Finding]:
    """Findings on one diagram's drawing."""
    leaving: Flows = defaultdict(list)
    arriving: Flows = defaultdict(list)
    for flow in diagram.flows.values():
        leaving[flow.source].append(flow)
        arriving[flow.target].append(flow)
    for element in diagram.elements.values():
        yield from _names(diagram, element, leaving[element.id], arriving[element.id])
        yield from _gateways(element, leaving[element.id], arriving[element.id])
        yield from _events(element, arriving[element.id], leaving[element.id])
    yield from _joins(diagram, leaving, arriving)
    yield from _undrawn(diagram)
    yield from _duplicates(diagram)
    yield from _scopes(diagram)
    yield from _defaults(diagram, leaving)


def _joins(diagram: Diagram, leaving: Flows, arriving: Flows) -> Iterator[Finding]:
    """Steps that parallel branches reach on their own, so that each branch does the step."""
    found: dict[str, Element] = {}
    for element in diagram.elements.values():
        if element.type not in CONCURRENT or len(leaving[element.id]) < 2:
            continue
        reached = [_ways(diagram, flow, leaving, arriving) for flow in leaving[element.id]]
        for one, other in combinations(reached, 2):
            for identifier in one.keys() & other.keys():
                if one[identifier] != other[identifier]:
                    found[identifier] = diagram.elements[identifier]
    for element in found.values():
        yield warning_at(
            element,
            "fake-join",
            said("Parallel branches lead to this step without a gateway that joins them."),
            said("Put a gateway before it."),
        )


def _ways(
    diagram: Diagram, start: SequenceFlow, leaving: Flows, arriving: Flows
) -> dict[str, frozenset[str]]:
    """Steps that a branch reaches before it is joined, with the flows by which it does."""
    found: dict[str, set[str]] = defaultdict(set)
    waiting, seen = [start], {start.id}
    while waiting:
        flow = waiting.pop()
        element = diagram.elements.get(flow.target)
        if element is None:
            continue
        if element.type in CONCURRENT and len(arriving[element.id]) > 1:
            continue
        if element.type in ACTIVITY_TYPES and len(arriving[element.id]) > 1:
            found[element.id].add(flow.id)
        fresh = [each for each in leaving[element.id] if each.id not in seen]
        seen.update(each.id for each in fresh)
        waiting.extend(fresh)
    return {identifier: frozenset(flows) for identifier, flows in found.items()}


def _undrawn(diagram: Diagram) -> Iterator[Finding]:
    drawn = {
        node.get("bpmnElement")
        for node in diagram.root.iter(f"{{{BPMNDI}}}BPMNShape", f"{{{BPMNDI}}}BPMNEdge")
    }
    if not diagram.elements:
        return
    if not drawn:
        yield in_file(
            diagram.file,
            "no-bpmndi",
            said("The file holds no drawing, so that the modeler can't show it."),
            said("Draw the process anew, or export it with its drawing."),
            Severity.WARNING,
        )
        return
    for element in diagram.elements.values():
        if element.id not in drawn:
            yield warning_at(
                element,
                "no-bpmndi",
                said("The element is not drawn, so that nobody sees it in the diagram."),
                said("Draw it anew in the modeler, or remove it from the file."),
            )
    for flow in diagram.flows.values():
        if flow.id not in drawn and flow.source in diagram.elements:
            yield _at_flow(
                diagram,
                flow,
                "no-bpmndi",
                said("The element is not drawn, so that nobody sees it in the diagram."),
                said("Draw it anew in the modeler, or remove it from the file."),
            )


def _names(
    diagram: Diagram,
    element: Element,
    leaving: list[SequenceFlow],
    arriving: list[SequenceFlow],
) -> Iterator[Finding]:
    if element.name or _says_itself(diagram, element, arriving):
        return
    if element.type in ACTIVITY_TYPES and element.type != "userTask":
        yield warning_at(
            element,
            "label-required",
            said("The step has no name."),
            said("Name it after what is done."),
        )
    elif element.type in {"startEvent", "endEvent", "boundaryEvent"} or element.event:
        yield warning_at(
            element,
            "label-required",
            said("The event has no name."),
            said("Name it after what happens."),
        )
    elif element.type in DECIDING and len(leaving) > 1:
        yield warning_at(
            element,
            "label-required",
            said("The gateway has no name."),
            said("Name it as the question that it decides."),
        )


def _says_itself(diagram: Diagram, element: Element, arriving: list[SequenceFlow]) -> bool:
    """True for an end behind a named step or flow, and for a subprocess's plain start."""
    if element.event not in (None, "terminate"):
        return False
    if element.type == "startEvent":
        return element.process_id not in {process.get("id") for process in diagram.processes}
    before = [diagram.elements.get(flow.source) for flow in arriving]
    return (
        element.type == "endEvent"
        and bool(before)
        and all(
            flow.name or (each is not None and each.name and not each.type.endswith("Gateway"))
            for flow, each in zip(arriving, before, strict=True)
        )
    )


def _gateways(
    element: Element, leaving: list[SequenceFlow], arriving: list[SequenceFlow]
) -> Iterator[Finding]:
    is_gateway = element.type.endswith("Gateway")
    if is_gateway and len(leaving) <= 1 and len(arriving) <= 1 and leaving and arriving:
        yield warning_at(
            element,
            "superfluous-gateway",
            said("The gateway neither splits nor joins."),
            said("Remove it and connect its neighbours."),
        )
    if element.type in CONCURRENT and len(leaving) > 1 and len(arriving) > 1:
        yield warning_at(
            element,
            "no-gateway-join-fork",
            said("The gateway joins and splits at once."),
            said("Use two gateways: one that joins, one that splits."),
        )
    if element.type == "eventBasedGateway" and len(leaving) == 1:
        yield warning_at(
            element,
            "event-based-gateway",
            said("Only one event follows the event-based gateway."),
            said("Add another event, or remove the gateway."),
        )


def _events(
    element: Element, arriving: list[SequenceFlow], leaving: list[SequenceFlow]
) -> Iterator[Finding]:
    if element.type == "startEvent" and arriving:
        yield error_at(
            element,
            "start-event",
            said("A flow leads into the start event."),
            said("Lead it to the first step, or to a gateway before it."),
        )
    if element.type == "endEvent" and leaving:
        yield error_at(
            element,
            "end-event",
            said("A flow leaves the end event."),
            said("Use an intermediate event, or remove the flow."),
        )
    if element.type == "boundaryEvent" and arriving:
        yield error_at(
            element,
            "boundary-event",
            said("A flow leads into the boundary event."),
            said("Lead it to the element on which the event sits."),
        )


def _duplicates(diagram: Diagram) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for flow in diagram.flows.values():
        ends = (flow.source, flow.target)
        if ends in seen and flow.source in diagram.elements:
            yield _at_flow(
                diagram,
                flow,
                "no-duplicate-sequence-flows",
                said("Another flow connects the same two elements."),
                said("Remove one of them; conditions can be joined with “or”."),
            )
        seen.add(ends)


def _scopes(diagram: Diagram) -> Iterator[Finding]:
    for process in diagram.processes:
        for scope in process.iter(*(bpmn(tag) for tag in FLOW_SCOPES)):
            inner = [child for child in scope if isinstance(child.tag, str)]
            if not any(local_name(child) == "endEvent" for child in inner):
                yield _at_scope(
                    diagram,
                    scope,
                    "end-event-required",
                    said("It has no end event."),
                    said("Add one, so that it is seen where it ends."),
                )
            if local_name(scope) == "subProcess" and scope.get("triggeredByEvent") != "true":
                yield from _subprocess(diagram, scope, inner)


def _subprocess(
    diagram: Diagram, scope: etree._Element, inner: list[etree._Element]
) -> Iterator[Finding]:
    starts = [child for child in inner if local_name(child) == "startEvent"]
    if not starts:
        yield _at_scope(
            diagram,
            scope,
            "start-event-required",
            said("The subprocess has no start event."),
            said("Add one."),
            Severity.ERROR,
        )
    for start in starts:
        element = diagram.elements.get(start.get("id", ""))
        if element is not None and element.event is not None:
            yield error_at(
                element,
                "sub-process-blank-start-event",
                said("The start event of a subprocess waits for nothing."),
                said("Make it a plain start event; put the waiting before the subprocess."),
            )


def _defaults(diagram: Diagram, leaving: Flows) -> Iterator[Finding]:
    for element in diagram.elements.values():
        default = element.default_flow
        if default and default not in {flow.id for flow in leaving[element.id]}:
            yield error_at(
                element,
                "default-flow",
                said("The default flow “%(id)s” does not leave this element.", id=default),
                said("Choose the default flow anew."),
            )
        elif default and diagram.flows[default].condition:
            yield _at_flow(
                diagram,
                diagram.flows[default],
                "default-flow",
                said("The default flow has a condition, which is never asked."),
                said("Remove the condition."),
            )


def _at_flow(diagram: Diagram, flow: SequenceFlow, rule: str, problem: str, mend: str) -> Finding:
    return Finding(
        Severity.WARNING, diagram.file, rule, problem, mend, flow.id, flow.name, flow.line
    )


def _at_scope(
    diagram: Diagram,
    scope: etree._Element,
    rule: str,
    problem: str,
    mend: str,
    severity: Severity = Severity.WARNING,
) -> Finding:
    return Finding(
        severity,
        diagram.file,
        rule,
        problem,
        mend,
        scope.get("id"),
        scope.get("name"),
        scope.sourceline,
    )
