"""Compares the diagrams of two versions: elements, sequence flows, and their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from broker_crm.definitions.comparison.changes import Change, ChangeKind, Subject, details
from broker_crm.engine.diagram import read_diagram
from broker_crm.engine.dialect import Element, SequenceFlow
from broker_crm.engine.xml import local_name

NEARER = 1.0
"""Pixels that a shape may lie elsewhere without counting as moved."""
Place = tuple[float, float]


@dataclass(slots=True)
class Drawn:
    """Everything that the diagrams of one version hold, by id."""

    elements: dict[str, Element] = field(default_factory=dict)
    flows: dict[str, SequenceFlow] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)


def compare_diagrams(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Change]:
    """Changes of elements and flows, in the order of the newer drawing.

    Args:
        before: diagrams by file name.
        after: the same of the other version.
    """
    old, new = _drawn(before), _drawn(after)
    shift = _shift(old, new)
    for identifier in dict.fromkeys([*new.elements, *old.elements]):
        change = _element(identifier, old, new, shift)
        if change is not None:
            yield change
    for identifier in dict.fromkeys([*new.flows, *old.flows]):
        flow = _flow(old.flows.get(identifier), new.flows.get(identifier))
        if flow is not None:
            yield flow


def _drawn(files: Mapping[str, bytes]) -> Drawn:
    drawn = Drawn()
    for name, content in sorted(files.items()):
        diagram = read_diagram(content, name)
        drawn.elements |= diagram.elements
        drawn.flows |= diagram.flows
        drawn.places |= dict(_places(diagram.root))
    return drawn


def _places(root: etree._Element) -> Iterator[tuple[str, Place]]:
    for shape in root.iter("{*}BPMNShape"):
        bounds = next((child for child in shape if local_name(child) == "Bounds"), None)
        if bounds is not None:
            yield shape.get("bpmnElement", ""), (_number(bounds, "x"), _number(bounds, "y"))


def _number(bounds: etree._Element, attribute: str) -> float:
    try:
        return float(bounds.get(attribute, "0"))
    except ValueError:
        return 0.0


def _shift(old: Drawn, new: Drawn) -> Place:
    """How far the drawing as a whole lies elsewhere: the commonest distance."""
    distances: dict[Place, int] = {}
    for identifier, (x, y) in old.places.items():
        if identifier in new.places:
            distance = (round(new.places[identifier][0] - x), round(new.places[identifier][1] - y))
            distances[distance] = distances.get(distance, 0) + 1
    return max(distances, key=lambda each: (distances[each], each == (0, 0)), default=(0.0, 0.0))


def _element(identifier: str, old: Drawn, new: Drawn, shift: Place) -> Change | None:
    before, after = old.elements.get(identifier), new.elements.get(identifier)
    shown = after or before
    assert shown is not None
    if before is None or after is None:
        kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED
        return Change(kind, Subject.ELEMENT, identifier, shown.name, shown.type)
    found = details(_properties(before), _properties(after))
    if found:
        return Change(
            ChangeKind.CHANGED,
            Subject.ELEMENT,
            identifier,
            shown.name,
            shown.type,
            details=found,
        )
    if _moved(old.places.get(identifier), new.places.get(identifier), shift):
        return Change(ChangeKind.MOVED, Subject.ELEMENT, identifier, shown.name, shown.type)
    return None


def _moved(before: Place | None, after: Place | None, shift: Place) -> bool:
    if before is None or after is None:
        return False
    return any(abs(after[axis] - before[axis] - shift[axis]) > NEARER for axis in range(len(shift)))


def _properties(element: Element) -> dict[str, str | None]:
    """Everything that is read from an element, by name."""
    loop = element.multi_instance
    singles: dict[str, str | None] = {
        "name": element.name or None,
        "type": element.type,
        "lane": element.lane,
        "event": element.event,
        "eventName": element.event_name,
        "eventCode": element.event_code,
        "correlationKey": element.correlation_key,
        element.timer_kind or "timer": element.timer,
        "attachedTo": element.attached_to,
        "interrupting": str(element.interrupting).lower() if element.attached_to else None,
        "defaultFlow": element.default_flow,
        "taskType": element.job_type,
        "form": element.form_key,
        "assignee": element.assignee,
        "candidateGroups": element.candidate_groups,
        "dueDate": element.due_date,
        "script": element.script,
        "resultVariable": element.result_variable,
        "decision": element.decision_id,
        "calledProcess": element.called_process,
        "propagateAllVariables": None if element.propagate_all else "false",
    }
    if loop is not None:
        singles |= {
            "multiInstance": "sequential" if loop.sequential else "parallel",
            "inputCollection": loop.input_collection or None,
            "inputElement": loop.input_element,
            "outputCollection": loop.output_collection,
            "outputElement": loop.output_element,
            "completionCondition": loop.completion_condition,
        }
    return {
        **singles,
        **{f"header {key}": value for key, value in element.headers.items()},
        **{f"property {key}": value for key, value in element.properties.items()},
        **{f"input {each.target}": each.source for each in element.inputs},
        **{f"output {each.target}": each.source for each in element.outputs},
    }


def _flow(before: SequenceFlow | None, after: SequenceFlow | None) -> Change | None:
    shown = after or before
    assert shown is not None
    if before is None or after is None:
        kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED
        ends = details(
            {} if before is None else _ends(before), {} if after is None else _ends(after)
        )
        return Change(kind, Subject.FLOW, shown.id, shown.name, "sequenceFlow", details=ends)
    found = details(_ends(before), _ends(after))
    if not found:
        return None
    return Change(
        ChangeKind.CHANGED, Subject.FLOW, shown.id, shown.name, "sequenceFlow", details=found
    )


def _ends(flow: SequenceFlow) -> dict[str, str | None]:
    return {
        "name": flow.name or None,
        "from": flow.source,
        "to": flow.target,
        "condition": flow.condition,
    }
