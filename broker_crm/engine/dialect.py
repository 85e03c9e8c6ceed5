"""What a designer wrote on one element: zeebe extensions read into typed values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from broker_crm.engine.sentences import said
from broker_crm.engine.xml import bpmn, is_bpmn, local_name, zeebe

TASK_TYPES = frozenset(
    {"userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask"}
)
EVENT_TYPES = frozenset(
    {
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
    }
)
GATEWAY_TYPES = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"}
)
ACTIVITY_TYPES = TASK_TYPES | {"callActivity", "subProcess"}
FLOW_NODE_TYPES = ACTIVITY_TYPES | EVENT_TYPES | GATEWAY_TYPES
HELP_KINDS = {
    "helpScript": "script",
    "helpLetter": "letter",
    "helpPresentation": "presentation",
    "helpOffer": "offer",
    "helpContract": "contract",
    "helpSignature": "signature",
    "helpInvitation": "invitation",
    "helpCancellation": "cancellation",
    "helpHistory": "history",
    "helpNotes": "notes",
    "helpPrecedents": "precedents",
    "helpProductDocuments": "product-documents",
}


def listed(names: object) -> list[str]:
    """The names in a header or property that holds several, separated by commas."""
    return [name.strip() for name in str(names or "").split(",") if name.strip()]


@dataclass(frozen=True, slots=True)
class IoMapping:
    """One input or output mapping."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class MultiInstance:
    """Zeebe loop characteristics."""

    sequential: bool
    input_collection: str
    input_element: str | None
    output_collection: str | None
    output_element: str | None
    completion_condition: str | None


@dataclass(frozen=True, slots=True)
class Element:
    """A flow node of a diagram with everything that the product reads from it."""

    id: str
    name: str
    type: str
    """BPMN local name, such as 'userTask'."""
    file: str
    line: int | None
    lane: str | None
    process_id: str
    event: str | None = None
    """'timer', 'message', 'signal', 'error', 'escalation', 'terminate' or None."""
    event_name: str | None = None
    event_code: str | None = None
    correlation_key: str | None = None
    timer_kind: str | None = None
    """'timeDate', 'timeDuration' or 'timeCycle'."""
    timer: str | None = None
    attached_to: str | None = None
    interrupting: bool = True
    default_flow: str | None = None
    job_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[IoMapping, ...] = ()
    outputs: tuple[IoMapping, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    form_key: str | None = None
    assignee: str | None = None
    candidate_groups: str | None = None
    due_date: str | None = None
    script: str | None = None
    result_variable: str | None = None
    decision_id: str | None = None
    called_process: str | None = None
    propagate_all: bool = True
    multi_instance: MultiInstance | None = None

    @property
    def step(self) -> str:
        return self.properties.get("step") or self.id

    @property
    def outcomes(self) -> tuple[str, ...]:
        return tuple(listed(self.properties.get("outcomes")))

    @property
    def outcome_variable(self) -> str:
        return self.properties.get("outcomeVariable") or "outcome"

    @property
    def asked_decisions(self) -> tuple[str, ...]:
        """Decision tables that the product asks by itself, such as what terms are standard."""
        return tuple(listed(self.properties.get("decisions")))

    @property
    def measure(self) -> str | None:
        return self.properties.get("measure") or None

    @property
    def help(self) -> dict[str, str]:
        return {
            kind: self.properties[key]
            for key, kind in HELP_KINDS.items()
            if self.properties.get(key)
        }

    def texts(self) -> Iterator[tuple[str, str]]:
        """Everything that may be FEEL, with what it is in words."""
        singles = {
            said("Timer"): self.timer,
            said("Assignee"): self.assignee,
            said("Candidate groups"): self.candidate_groups,
            said("Due date"): self.due_date,
            said("Script"): self.script,
            said("Correlation key"): self.correlation_key,
            said("Job type"): self.job_type,
            said("Decision"): self.decision_id,
        }
        yield from ((place, text) for place, text in singles.items() if text)
        for key, text in {**self.headers, **self.properties}.items():
            yield said("“%(key)s”", key=key), text
        for mapping in (*self.inputs, *self.outputs):
            yield said("Mapping to “%(target)s”", target=mapping.target), mapping.source
        loop = self.multi_instance
        if loop is not None:
            texts = (loop.input_collection, loop.output_element, loop.completion_condition)
            yield from ((said("Multi-instance"), text) for text in texts if text)


@dataclass(frozen=True, slots=True)
class SequenceFlow:
    id: str
    name: str
    source: str
    target: str
    condition: str | None
    """FEEL with its leading '='."""
    line: int | None


def read_element(
    node: etree._Element, file: str, lane: str | None, names: Mapping[str, etree._Element]
) -> Element:
    """Read one flow node.

    Args:
        node: the BPMN element.
        file: the file's name.
        lane: name of its lane.
        names: messages, signals, errors and escalations of the file by id.
    """
    extension = node.find(bpmn("extensionElements"))
    definition = _event_definition(node)
    referenced = _referenced(definition if definition is not None else node, names)
    job = _child(extension, "taskDefinition")
    form = _child(extension, "formDefinition")
    assignment = _child(extension, "assignmentDefinition")
    schedule = _child(extension, "taskSchedule")
    script = _child(extension, "script")
    decision = _child(extension, "calledDecision")
    called = _child(extension, "calledElement")
    timer = _timer(definition)
    subscription = (
        _child(referenced.find(bpmn("extensionElements")), "subscription")
        if referenced is not None
        else None
    )
    result = script if script is not None else decision
    process = node.getparent()
    return Element(
        id=node.get("id", ""),
        name=node.get("name") or "",
        type=local_name(node),
        file=file,
        line=node.sourceline,
        lane=lane,
        process_id=process.get("id", "") if process is not None else "",
        event=_event_kind(node, definition),
        event_name=referenced.get("name") if referenced is not None else None,
        event_code=_event_code(referenced),
        correlation_key=_get(subscription, "correlationKey"),
        timer_kind=local_name(timer) if timer is not None else None,
        timer=(timer.text or "").strip() if timer is not None else None,
        attached_to=node.get("attachedToRef"),
        interrupting=node.get("cancelActivity", "true") == "true",
        default_flow=node.get("default"),
        job_type=_get(job, "type"),
        headers=_pairs(extension, "taskHeaders", "header", "key", "value"),
        inputs=_mappings(extension, "input"),
        outputs=_mappings(extension, "output"),
        properties=_pairs(extension, "properties", "property", "name", "value"),
        form_key=_get(form, "formId") or _get(form, "formKey"),
        assignee=_get(assignment, "assignee"),
        candidate_groups=_get(assignment, "candidateGroups"),
        due_date=_get(schedule, "dueDate"),
        script=_get(script, "expression"),
        result_variable=_get(result, "resultVariable"),
        decision_id=_get(decision, "decisionId"),
        called_process=_get(called, "processId") or node.get("calledElement"),
        propagate_all=_get(called, "propagateAllChildVariables") != "false",
        multi_instance=_multi_instance(node),
    )


def read_flow(node: etree._Element) -> SequenceFlow:
    """Read one sequence flow."""
    condition = node.find(bpmn("conditionExpression"))
    text = (condition.text or "").strip() if condition is not None else ""
    return SequenceFlow(
        id=node.get("id", ""),
        name=node.get("name") or "",
        source=node.get("sourceRef", ""),
        target=node.get("targetRef", ""),
        condition=text or None,
        line=node.sourceline,
    )


def _child(extension: etree._Element | None, tag: str) -> etree._Element | None:
    return extension.find(zeebe(tag)) if extension is not None else None


def _get(node: etree._Element | None, attribute: str) -> str | None:
    value = node.get(attribute) if node is not None else None
    return value.strip() or None if value is not None else None


def _event_definition(node: etree._Element) -> etree._Element | None:
    for child in node:
        if is_bpmn(child) and local_name(child).endswith("EventDefinition"):
            return child
    return None


def _event_kind(node: etree._Element, definition: etree._Element | None) -> str | None:
    if definition is not None:
        return local_name(definition).removesuffix("EventDefinition")
    return "message" if local_name(node) == "receiveTask" else None


def _referenced(node: etree._Element, names: Mapping[str, etree._Element]) -> etree._Element | None:
    for attribute in ("messageRef", "signalRef", "errorRef", "escalationRef"):
        reference = node.get(attribute)
        if reference is not None:
            return names.get(reference)
    return None


def _event_code(referenced: etree._Element | None) -> str | None:
    return _get(referenced, "errorCode") or _get(referenced, "escalationCode")


def _timer(definition: etree._Element | None) -> etree._Element | None:
    if definition is None:
        return None
    for child in definition:
        if is_bpmn(child) and local_name(child).startswith("time"):
            return child
    return None


def _pairs(
    extension: etree._Element | None, group: str, tag: str, key: str, value: str
) -> dict[str, str]:
    container = _child(extension, group)
    if container is None:
        return {}
    return {item.get(key, ""): item.get(value, "") for item in container.findall(zeebe(tag))}


def _mappings(extension: etree._Element | None, tag: str) -> tuple[IoMapping, ...]:
    container = _child(extension, "ioMapping")
    if container is None:
        return ()
    return tuple(
        IoMapping(item.get("source", ""), item.get("target", ""))
        for item in container.findall(zeebe(tag))
    )


def _multi_instance(node: etree._Element) -> MultiInstance | None:
    loop = node.find(bpmn("multiInstanceLoopCharacteristics"))
    if loop is None:
        return None
    zeebe_loop = _child(loop.find(bpmn("extensionElements")), "loopCharacteristics")
    condition = loop.find(bpmn("completionCondition"))
    return MultiInstance(
        sequential=loop.get("isSequential") == "true",
        input_collection=_get(zeebe_loop, "inputCollection") or "",
        input_element=_get(zeebe_loop, "inputElement"),
        output_collection=_get(zeebe_loop, "outputCollection"),
        output_element=_get(zeebe_loop, "outputElement"),
        completion_condition=(condition.text or "").strip() if condition is not None else None,
    )
