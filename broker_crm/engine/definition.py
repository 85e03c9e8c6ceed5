"""A process version compiled for running, with everything that it refers to checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from broker_crm.engine.decisions import Decision, read_decisions, used_twice
from broker_crm.engine.diagram import Diagram, read_diagram
from broker_crm.engine.dialect import Element, SequenceFlow
from broker_crm.engine.errors import DiagramRefused, Refusal
from broker_crm.engine.expressions import check_expressions
from broker_crm.engine.parser import DiagramParser
from broker_crm.engine.sentences import said
from broker_crm.engine.xml import bpmn


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one process version that the engine reads."""

    process_key: str
    """Id of the BPMN process."""
    diagrams: Mapping[str, bytes]
    """File name to content: the process and those that it calls."""
    decisions: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CompiledProcess:
    """Everything needed to run instances of one version; shared by threads, never changed."""

    key: str
    name: str
    file: str
    """The diagram that holds the process."""
    elements: Mapping[str, Element]
    flows: Mapping[str, SequenceFlow]
    decisions: Mapping[str, Decision]
    spec: BpmnProcessSpec
    subprocess_specs: Mapping[str, BpmnProcessSpec]

    @property
    def start_event(self) -> Element:
        """The one start event of the process; its subprocesses have their own."""
        return next(
            element
            for element in self.elements.values()
            if element.type == "startEvent" and element.process_id == self.key
        )

    def asked_in_order(self, gateway_id: str) -> list[str]:
        """Conditions of a gateway in the order in which they are asked, with their leading '='."""
        for spec in (self.spec, *self.subprocess_specs.values()):
            found = spec.task_specs.get(gateway_id)
            if found is not None:
                asked = getattr(found, "cond_task_specs", ())
                return [condition.args[0] for condition, _name in asked if condition is not None]
        return []

    @property
    def start_form_key(self) -> str | None:
        """Form of the start event, where it has one."""
        return self.start_event.form_key

    @property
    def user_tasks(self) -> dict[str, Element]:
        return {
            identifier: element
            for identifier, element in self.elements.items()
            if element.type == "userTask"
        }

    @property
    def form_keys(self) -> frozenset[str]:
        return frozenset(element.form_key for element in self.elements.values() if element.form_key)

    @property
    def job_types(self) -> frozenset[str]:
        return frozenset(element.job_type for element in self.elements.values() if element.job_type)

    @property
    def decision_ids(self) -> frozenset[str]:
        return frozenset(
            element.decision_id for element in self.elements.values() if element.decision_id
        )


def compile_process(source: Source) -> CompiledProcess:
    """Read, check and build a process.

    Raises:
        DiagramRefused: with every reason found, each with file, element and mend.
    """
    diagrams: list[Diagram] = []
    refusals: list[Refusal] = []
    for file, content in source.diagrams.items():
        try:
            diagram = read_diagram(content, file)
        except DiagramRefused as refused:
            refusals.extend(refused.refusals)
            continue
        diagrams.append(diagram)
        refusals.extend(diagram.refusals)
    decisions, refused_decisions = _read_all_decisions(source.decisions)
    refusals.extend(refused_decisions)
    elements: dict[str, Element] = {}
    flows: dict[str, SequenceFlow] = {}
    for diagram in diagrams:
        for identifier, element in diagram.elements.items():
            if identifier in elements:
                refusals.append(
                    _refusal(
                        element,
                        said("The id is used in %(file)s too.", file=elements[identifier].file),
                        said("Give the element an id of its own."),
                        "unique-id",
                    )
                )
            elements[identifier] = element
        flows.update(diagram.flows)
    refusals.extend(check_expressions(elements, flows))
    refusals.extend(_references(source, elements, decisions, diagrams))
    if refusals:
        raise DiagramRefused(refusals)
    return _build(source, diagrams, elements, flows, decisions)


def process_keys(diagram: Diagram) -> dict[str, str]:
    """Id and name of the executable processes in a diagram."""
    return {
        node.get("id", ""): node.get("name") or node.get("id", "") for node in diagram.processes
    }


def _read_all_decisions(
    files: Mapping[str, bytes],
) -> tuple[dict[str, Decision], list[Refusal]]:
    decisions: dict[str, Decision] = {}
    refusals: list[Refusal] = []
    for file, content in files.items():
        try:
            found, refused = read_decisions(content, file)
        except DiagramRefused as error:
            refusals.extend(error.refusals)
            continue
        refusals.extend(refused)
        refusals.extend(
            used_twice(decision, decisions[identifier].file)
            for identifier, decision in found.items()
            if identifier in decisions
        )
        decisions.update(found)
    return decisions, refusals


def _references(
    source: Source,
    elements: Mapping[str, Element],
    decisions: Mapping[str, Decision],
    diagrams: list[Diagram],
) -> list[Refusal]:
    processes = {key for diagram in diagrams for key in process_keys(diagram)}
    found: list[Refusal] = []
    if diagrams and source.process_key not in processes:
        found.append(
            Refusal(
                diagrams[0].file,
                source.process_key,
                None,
                said("The process is in none of the files."),
                said("Use one of: %(names)s.", names=", ".join(sorted(processes))),
                "process",
            )
        )
    for element in elements.values():
        for decision in (element.decision_id or "", *element.asked_decisions):
            if not decision or decision.startswith("=") or decision in decisions:
                continue
            known = ", ".join(sorted(decisions)) or "none"
            found.append(
                _refusal(
                    element,
                    said("The decision “%(decision)s” does not exist.", decision=decision),
                    said("Decisions known: %(known)s.", known=known),
                    "decision",
                )
            )
        called = element.called_process
        if element.type == "callActivity" and called and called not in processes:
            found.append(
                _refusal(
                    element,
                    said("The called process “%(called)s” does not exist.", called=called),
                    said("Publish it in the same folder, or mend the id."),
                    "called-process",
                )
            )
    for decision_ in decisions.values():
        for required in decision_.requires:
            if required not in decisions:
                found.append(
                    Refusal(
                        decision_.file,
                        decision_.id,
                        decision_.name,
                        said(
                            "The required decision “%(required)s” does not exist.",
                            required=required,
                        ),
                        said("Mend the requirement."),
                        "decision",
                    )
                )
        if _needs_itself(decision_, decisions):
            found.append(
                Refusal(
                    decision_.file,
                    decision_.id,
                    decision_.name,
                    said("The decision requires itself."),
                    said("Remove one of the requirements on the way."),
                    "decision",
                )
            )
    starts = [element for element in elements.values() if element.type == "startEvent"]
    for element in starts:
        if sum(other.process_id == element.process_id for other in starts) > 1:
            found.append(
                _refusal(
                    element,
                    said("The process has several start events."),
                    said("Keep one start event."),
                    "one-start-event",
                )
            )
    for diagram in diagrams:
        for process in diagram.processes:
            if process.find(bpmn("startEvent")) is None:
                found.append(
                    Refusal(
                        diagram.file,
                        process.get("id"),
                        process.get("name"),
                        said("The process has no start event."),
                        said("Add one."),
                        "one-start-event",
                        process.sourceline,
                    )
                )
    return found


def _needs_itself(decision: Decision, decisions: Mapping[str, Decision]) -> bool:
    seen: set[str] = set()
    waiting = list(decision.requires)
    while waiting:
        required = waiting.pop()
        if required not in seen and required in decisions:
            seen.add(required)
            waiting.extend(decisions[required].requires)
    return decision.id in seen


def _build(
    source: Source,
    diagrams: list[Diagram],
    elements: Mapping[str, Element],
    flows: Mapping[str, SequenceFlow],
    decisions: Mapping[str, Decision],
) -> CompiledProcess:
    parser = DiagramParser(elements)
    home = diagrams[0]
    try:
        for diagram in diagrams:
            parser.add_diagram(diagram.root, diagram.file)
            if source.process_key in process_keys(diagram):
                home = diagram
        spec, subprocesses = parser.build(source.process_key)
    except Exception as error:
        raise DiagramRefused([_build_failure(error, home, source.process_key)]) from error
    return CompiledProcess(
        key=source.process_key,
        name=process_keys(home)[source.process_key],
        file=home.file,
        elements=elements,
        flows=flows,
        decisions=decisions,
        spec=spec,
        subprocess_specs=subprocesses,
    )


def _build_failure(error: Exception, home: Diagram, process_key: str) -> Refusal:
    if isinstance(error, RecursionError) or "RecursionError" in str(error):
        problem = said("The process has a chain of too many elements in a row.")
        mend = said("Split it with subprocesses or call activities.")
        return Refusal(home.file, process_key, None, problem, mend, "chain-length")
    problem = said("The diagram can't be built: %(reason)s.", reason=str(error))
    mend = said("Mend the element that is named.")
    if not isinstance(error, ValidationException):
        problem = said(
            "The diagram can't be built: %(name)s: %(reason)s.",
            name=type(error).__name__,
            reason=str(error),
        )
    return Refusal(home.file, process_key, None, problem, mend, "structure")


def _refusal(element: Element, problem: str, mend: str, rule: str) -> Refusal:
    return Refusal(element.file, element.id, element.name, problem, mend, rule, element.line)
