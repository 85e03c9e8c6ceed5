"""SpiffWorkflow's parser over our dialect: every element becomes one of our task specs."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.task_parsers import (
    ConditionalGatewayParser,
    GatewayParser,
    SubprocessParser,
)
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from broker_crm.engine import joins, specs
from broker_crm.engine.dialect import Element
from broker_crm.engine.events import event_definition
from broker_crm.engine.xml import is_bpmn, local_name

STRIPPED = frozenset(
    {
        "extensionElements",
        "ioSpecification",
        "dataInputAssociation",
        "dataOutputAssociation",
        "dataObject",
        "dataObjectReference",
        "dataStore",
        "dataStoreReference",
        "property",
    }
)


class ElementParser(TaskParser):
    """Parses an activity."""

    @property
    def element(self) -> Element:
        elements: Mapping[str, Element] = self.process_parser.parser.elements
        return elements[self.bpmn_id]

    def _add_multiinstance_task(self, loop_characteristics: etree._Element) -> None:
        loop = self.element.multi_instance
        assert loop is not None
        original: Any = self.spec.task_specs.pop(self.bpmn_id)
        cls = specs.SequentialMultiInstance if loop.sequential else specs.ParallelMultiInstance
        self.task: Any = cls(self.spec, original.name, "", **self.bpmn_attributes)
        self._copy_task_attrs(original, loop_characteristics)


class GatewayElementParser(ElementParser, GatewayParser):
    """Parses a parallel gateway."""


class ConditionalElementParser(ElementParser, ConditionalGatewayParser):
    """Parses an exclusive or inclusive gateway."""


class SendParser(ElementParser):
    """A send task with a job is a job; with a message only, it throws the message."""

    def create_task(self) -> Any:
        if self.element.job_type:
            return specs.JobTask(self.spec, self.bpmn_id, **self.bpmn_attributes)
        definition = event_definition(self.element, TerminateEventDefinition())
        return specs.ThrowEvent(
            self.spec, self.bpmn_id, event_definition=definition, **self.bpmn_attributes
        )


class DecisionParser(ElementParser):
    """A business rule task calls a decision, or a job where it names one."""

    def create_task(self) -> Any:
        cls = specs.JobTask if self.element.job_type else specs.DecisionTask
        return cls(self.spec, self.bpmn_id, **self.bpmn_attributes)


class SubprocessElementParser(ElementParser):
    """Parses an embedded subprocess."""

    def create_task(self) -> Any:
        spec_id = SubprocessParser.get_subprocess_spec(self)
        return self.spec_class(
            self.spec, self.bpmn_id, subworkflow_spec=spec_id, **self.bpmn_attributes
        )


class CallActivityElementParser(ElementParser):
    """Parses a call activity."""

    def create_task(self) -> Any:
        return self.spec_class(
            self.spec,
            self.bpmn_id,
            subworkflow_spec=self.element.called_process,
            **self.bpmn_attributes,
        )


class EventParser(ElementParser):
    """Parses all events by what the element says."""

    def create_task(self) -> Any:
        definition = event_definition(self.element, TerminateEventDefinition())
        attributes = self.bpmn_attributes
        if self.element.type == "boundaryEvent":
            attributes["cancel_activity"] = self.element.interrupting
        task = self.spec_class(self.spec, self.bpmn_id, event_definition=definition, **attributes)
        if self.element.type == "startEvent":
            self.spec.start.connect(task)
        elif self.element.type == "endEvent":
            task.connect(self.spec.end)
        return task


class EventGatewayParser(ElementParser):
    """Parses an event-based gateway."""

    def create_task(self) -> Any:
        return self.spec_class(
            self.spec,
            self.bpmn_id,
            event_definition=MultipleEventDefinition(),
            **self.bpmn_attributes,
        )

    def handles_multiple_outgoing(self) -> bool:
        return True


class DiagramParser(BpmnParser):
    """Builds process specs from normalised diagrams."""

    PARSER_CLASSES: ClassVar[dict[str, tuple[type, type]]] = {
        full_tag(tag): classes
        for tag, classes in {
            "startEvent": (EventParser, defaults.StartEvent),
            "endEvent": (EventParser, specs.EndEvent),
            "intermediateCatchEvent": (EventParser, defaults.IntermediateCatchEvent),
            "intermediateThrowEvent": (EventParser, specs.ThrowEvent),
            "boundaryEvent": (EventParser, defaults.BoundaryEvent),
            "receiveTask": (EventParser, defaults.ReceiveTask),
            "sendTask": (SendParser, specs.ThrowEvent),
            "userTask": (ElementParser, specs.UserTask),
            "serviceTask": (ElementParser, specs.JobTask),
            "scriptTask": (ElementParser, specs.ScriptTask),
            "businessRuleTask": (DecisionParser, specs.DecisionTask),
            "subProcess": (SubprocessElementParser, specs.EmbeddedSubprocess),
            "callActivity": (CallActivityElementParser, specs.CalledProcess),
            "exclusiveGateway": (ConditionalElementParser, specs.ExclusiveGateway),
            "inclusiveGateway": (ConditionalElementParser, joins.InclusiveGateway),
            "parallelGateway": (GatewayElementParser, joins.ParallelGateway),
            "eventBasedGateway": (EventGatewayParser, specs.EventGateway),
        }.items()
    }

    def __init__(self, elements: Mapping[str, Element]) -> None:
        super().__init__()
        self.elements = elements

    def add_diagram(self, root: etree._Element, file: str) -> None:
        """Add a diagram; the given tree is left as it is."""
        normalised = copy.deepcopy(root)
        for node in list(normalised.iter()):
            if is_bpmn(node) and local_name(node) in STRIPPED:
                parent = node.getparent()
                if parent is not None:
                    parent.remove(node)
        self.add_bpmn_xml(normalised, file)

    def build(self, process_key: str) -> tuple[BpmnProcessSpec, dict[str, BpmnProcessSpec]]:
        """The spec of the process and those of all subprocesses and called processes."""
        spec = self.get_spec(process_key)
        subprocesses: dict[str, BpmnProcessSpec] = self.get_subprocess_specs(process_key)
        for each in (spec, *subprocesses.values()):
            _connect_multi_instances(each)
        return spec, subprocesses


def _connect_multi_instances(spec: BpmnProcessSpec) -> None:
    for task_spec in spec.task_specs.values():
        if isinstance(task_spec, LoopTask):
            child = spec.task_specs[task_spec.task_spec]
            if not child.completed_event.is_connected(task_spec.merge_child):
                child.completed_event.connect(task_spec.merge_child)
