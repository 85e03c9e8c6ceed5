"""A diagram file read into elements and flows, with everything refused that could not run right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml import etree

from broker_crm.engine.dialect import (
    FLOW_NODE_TYPES,
    Element,
    SequenceFlow,
    read_element,
    read_flow,
)
from broker_crm.engine.errors import Refusal
from broker_crm.engine.sentences import said
from broker_crm.engine.wiring import wiring
from broker_crm.engine.xml import bpmn, is_bpmn, local_name, read_xml

MAX_ELEMENTS = 1_000
RESERVED_IDS = frozenset({"Start", "End", "Root"})
RESERVED_ENDINGS = (".BoundaryEventSplit", ".BoundaryEventJoin", ".EndJoin", " [child]")
NAMED = ("message", "signal", "error", "escalation")
MENDS = {
    "task": said("Choose a type: user task, service task, script task …"),
    "manualTask": said("Use a user task, so that somebody gets it in the inbox."),
    "complexGateway": said("Use an exclusive, inclusive or parallel gateway."),
    "adHocSubProcess": said("Use a subprocess with a gateway that decides what comes next."),
    "transaction": said("Use a subprocess with boundary events."),
}
REFUSED_EVENTS = {
    "link": said("Draw the flow, or move the part into a call activity."),
    "compensate": said("Model the undoing steps as a path of their own."),
    "conditional": said("Use a message, or a gateway after a user task."),
    "cancel": said("Use an error event."),
}
ALLOWED_EVENTS: dict[str, frozenset[str | None]] = {
    "startEvent": frozenset({None, "timer", "message", "signal"}),
    "endEvent": frozenset({None, "message", "signal", "error", "escalation", "terminate"}),
    "intermediateCatchEvent": frozenset({"timer", "message", "signal"}),
    "intermediateThrowEvent": frozenset({None, "message", "signal", "escalation"}),
    "boundaryEvent": frozenset({"timer", "message", "signal", "error", "escalation"}),
}

_Refuse = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True)
class Diagram:
    """One BPMN file."""

    file: str
    root: etree._Element
    processes: tuple[etree._Element, ...]
    """Executable processes."""
    elements: dict[str, Element]
    flows: dict[str, SequenceFlow]
    refusals: list[Refusal]


def read_diagram(content: bytes, file: str) -> Diagram:
    """Read a BPMN file.

    Refusals that concern single elements are collected; only a file that can't be read raises.

    Raises:
        DiagramRefused: when the file is not acceptable XML.
    """
    root = read_xml(content, file)
    refusals: list[Refusal] = []
    names = {
        node.get("id", ""): node
        for kind in NAMED
        for node in root.iter(bpmn(kind))
        if node.get("id")
    }
    lanes = {
        (reference.text or "").strip(): lane.get("name") or lane.get("id") or ""
        for lane in root.iter(bpmn("lane"))
        for reference in lane.findall(bpmn("flowNodeRef"))
    }
    processes = tuple(
        node for node in root.iter(bpmn("process")) if node.get("isExecutable") != "false"
    )
    elements: dict[str, Element] = {}
    flows: dict[str, SequenceFlow] = {}
    refused: set[str] = set()
    ids: Counter[str] = Counter(
        node.get("id", "") for node in root.iter() if is_bpmn(node) and node.get("id")
    )
    for identifier, times in ids.items():
        if times > 1:
            refusals.append(
                Refusal(
                    file,
                    identifier,
                    None,
                    said("The id is used %(times)s times.", times=times),
                    said("Give every element an id of its own."),
                    "unique-id",
                )
            )
    for process in processes:
        for node in process.iter():
            if not is_bpmn(node):
                continue
            kind = local_name(node)
            if kind == "sequenceFlow":
                flow = read_flow(node)
                flows[flow.id] = flow
            elif kind in FLOW_NODE_TYPES:
                element = read_element(node, file, _lane_of(node, lanes), names)
                elements[element.id] = element
                refusals.extend(_refusals_of(element, node))
            elif kind in MENDS or kind.endswith(("Task", "Gateway", "SubProcess")):
                refusals.append(_unsupported(node, file, kind))
                refused.add(node.get("id", ""))
    if not processes:
        refusals.append(
            Refusal(
                file,
                None,
                None,
                said("The file has no executable process."),
                said("Mark the process as executable."),
                "executable",
            )
        )
    if len(elements) > MAX_ELEMENTS:
        refusals.append(
            Refusal(
                file,
                None,
                None,
                said(
                    "The file has %(count)s elements, the limit is %(limit)s.",
                    count=len(elements),
                    limit=MAX_ELEMENTS,
                ),
                said("Split the process with call activities."),
                "file-size",
            )
        )
    refusals.extend(wiring(file, elements, flows, refused, _unwired(processes)))
    return Diagram(file, root, processes, elements, flows, refusals)


def _unwired(processes: Iterable[etree._Element]) -> set[str]:
    """Elements that need no flows, such as an event subprocess; refused for what they are."""
    found: set[str] = set()
    for process in processes:
        for node in process.iter(etree.Element):
            if node.get("triggeredByEvent") == "true" or node.get("isForCompensation") == "true":
                found.add(node.get("id", ""))
            if is_bpmn(node) and local_name(node) == "adHocSubProcess":
                found.update(inner.get("id", "") for inner in node)
    return found


def _lane_of(node: etree._Element, lanes: dict[str, str]) -> str | None:
    current: etree._Element | None = node
    while current is not None:
        lane = lanes.get(current.get("id", ""))
        if lane is not None:
            return lane
        current = current.getparent()
    return None


def _unsupported(node: etree._Element, file: str, kind: str) -> Refusal:
    return Refusal(
        file,
        node.get("id"),
        node.get("name"),
        said("A %(kind)s can't be executed.", kind=kind),
        MENDS.get(kind, "Use one of the supported elements."),
        "supported-element",
        node.sourceline,
    )


def _refusals_of(element: Element, node: etree._Element) -> list[Refusal]:
    found: list[Refusal] = []

    def refuse(problem: str, mend: str, rule: str) -> None:
        found.append(
            Refusal(element.file, element.id, element.name, problem, mend, rule, element.line)
        )

    definitions = [
        child for child in node if is_bpmn(child) and local_name(child).endswith("EventDefinition")
    ]
    if not element.id:
        refuse(
            said("The element has no id."),
            said("Save the file again from the modeler."),
            "unique-id",
        )
    if element.id in RESERVED_IDS or element.id.endswith(RESERVED_ENDINGS):
        refuse(
            said("The id “%(id)s” is reserved.", id=element.id),
            said("Rename it, for example by a word behind it."),
            "reserved-id",
        )
    if len(definitions) > 1:
        refuse(
            said("The event waits for several things at once."),
            said("Use an event-based gateway with one event each."),
            "one-event-definition",
        )
    if element.event in REFUSED_EVENTS:
        refuse(
            said("A %(event)s event can't be executed.", event=element.event),
            REFUSED_EVENTS[element.event],
            "supported-event",
        )
    elif element.type in ALLOWED_EVENTS and element.event not in ALLOWED_EVENTS[element.type]:
        refuse(
            said(
                "A %(type)s can't be of the kind “%(event)s”.",
                type=element.type,
                event=element.event or "none",
            ),
            said("Choose another event type."),
            "supported-event",
        )
    if node.get("isForCompensation") == "true":
        refuse(
            said("Compensation can't be executed."),
            said("Model the undoing steps as a path of their own."),
            "supported-element",
        )
    if node.get("triggeredByEvent") == "true":
        refuse(
            said("Event subprocesses can't be executed."),
            said("Put the part into a subprocess and use a boundary event."),
            "event-subprocess",
        )
    if node.find(bpmn("standardLoopCharacteristics")) is not None:
        refuse(
            said("The loop marker can't be executed."),
            said("Draw the loop with an exclusive gateway."),
            "supported-element",
        )
    _content(element, refuse)
    return found


def _content(element: Element, refuse: _Refuse) -> None:
    loop = element.multi_instance
    if loop is not None and not loop.input_collection:
        refuse(
            said("The multi-instance marker has no input collection."),
            said("Set the input collection, for example “=insurers”."),
            "multi-instance",
        )
    if element.event == "timer" and element.type != "startEvent" and not element.timer:
        refuse(
            said("The timer has no date, duration or cycle."),
            said("Set it, for example to “=before due(1)”."),
            "timer",
        )
    repeats_on_host = element.type == "boundaryEvent" and not element.interrupting
    if element.timer_kind == "timeCycle" and element.type != "startEvent" and not repeats_on_host:
        refuse(
            said("A repeating timer only works as a non-interrupting boundary event."),
            said("Use a date or a duration, or make the event non-interrupting."),
            "timer",
        )
    catches = element.type in {"receiveTask", "intermediateCatchEvent", "boundaryEvent"}
    if catches and element.event in {"message", "signal"} and not element.event_name:
        refuse(
            said("The %(event)s has no name.", event=element.event),
            said("Choose or create a %(event)s.", event=element.event),
            "event-name",
        )
    if catches and element.event == "message" and not element.correlation_key:
        refuse(
            said("The message has no correlation key."),
            said("Set the subscription's correlation key, for example “=clientId”."),
            "correlation-key",
        )
    if element.type == "serviceTask" and not element.job_type:
        refuse(
            said("The service task names no job."),
            said("Set the task definition's type, for example “send-letter”."),
            "job-type",
        )
    if element.type == "sendTask" and not element.job_type and not element.event_name:
        refuse(
            said("The send task names no job and no message."),
            said("Set the task definition's type, or choose a message."),
            "job-type",
        )
    if element.type == "scriptTask" and not (element.script and element.result_variable):
        refuse(
            said("The script task has no FEEL expression or no result variable."),
            said("Use a FEEL expression; other script languages are never run."),
            "script",
        )
    if element.type == "businessRuleTask" and not element.job_type and not element.decision_id:
        refuse(
            said("The business rule task calls no decision."),
            said("Set the called decision and its result variable."),
            "decision",
        )
    if element.type == "callActivity" and (
        not element.called_process or element.called_process.startswith("=")
    ):
        refuse(
            said("The call activity names no process, or an expression."),
            said("Set the called process to the id of a process."),
            "called-process",
        )
