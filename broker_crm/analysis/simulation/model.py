"""A process version as a simulation sees it: nodes and flows of its compiled diagram.

Only what moves a case is kept: steps of people, gateways, waiting for time or for others,
subprocesses, ends. Everything that happens at once (decision tables, scripts, letters) is passed.
A gateway whose conditions ask for outcomes of steps alone is decided by its own FEEL; any other is
left to what was observed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from broker_crm.definitions.meanings import KIND, ending, outcome_meanings
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element, SequenceFlow
from broker_crm.engine.feel import FeelError, evaluate

Key = tuple[str | None, ...]
"""Outcomes that a gateway asks for, as they are in a case; None for a step not done yet."""
_TEXT = re.compile(r'"[^"]*"')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*(?:\s*\()?")
_PLAIN_WORDS = frozenset({"and", "or", "not(", "not", "null", "true", "false", "in"})


class Does(StrEnum):
    """What a case does at a node."""

    STEP = "step"
    GO_ON = "go-on"
    ONE = "one"
    """Takes one of the flows."""
    SOME = "some"
    """Takes some of the flows, and joins them."""
    ALL = "all"
    """Takes all flows, and joins them."""
    WAIT = "wait"
    """Waits for a time, a message or a signal."""
    FIRST = "first"
    """Waits for the first of the events behind its flows."""
    INSIDE = "inside"
    """A subprocess or a called process."""
    END = "end"
    STOP = "stop"
    """An end that ends everything else around it."""


@dataclass(frozen=True, slots=True)
class Flow:
    id: str
    target: str
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One element.

    Attributes:
        id: of the element.
        name: as the designer wrote it.
        does: what a case does here.
        number: a number of its own within the model.
        flows: that leave it, in the order in which their conditions are asked.
        default: the flow that is taken when no condition holds.
        element: as the diagram tells it.
        guards: interrupting boundary events on it, and those that begin work of their own.
        asked: outcome variables that its conditions ask for.
        decided: whether they ask for nothing else.
        meanings: outcome of the step to 'positive', 'negative', 'undecided' or 'unreached'.
        ending: outcome of the case and its meaning, where it records one.
    """

    id: str
    name: str
    does: Does
    number: int
    flows: tuple[Flow, ...]
    element: Element
    default: str | None = None
    guards: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    decided: bool = False
    meanings: Mapping[str, str] = field(default_factory=dict)
    ending: tuple[str, str] | None = None

    @property
    def kind(self) -> str:
        """Kind of step, such as 'meeting'; '' for none."""
        return self.element.properties.get(KIND, "")

    @property
    def many(self) -> bool:
        """Is it done once for each of several?"""
        return self.element.multi_instance is not None

    @property
    def sequential(self) -> bool:
        """Are the several done one after another?"""
        loop = self.element.multi_instance
        return loop is not None and loop.sequential


@dataclass(frozen=True, slots=True)
class Model:
    """The nodes of a process version.

    Attributes:
        process: key of the process.
        nodes: by element id.
        start: where a case begins.
        starts: subprocess or called process to where it begins.
        sources: element to the elements from which flows lead there.
        reaches: element that joins to the elements from which it can be reached.
        reminders: boundary events that only remind, escalate or measure.
        unknown: elements that the model does not know and passes.
    """

    process: str
    nodes: Mapping[str, Node]
    start: str
    starts: Mapping[str, str]
    sources: Mapping[str, frozenset[str]]
    reaches: Mapping[str, frozenset[str]]
    reminders: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    answers: dict[tuple[str, Key], str | None] = field(default_factory=dict)
    """Flows that decided gateways take, once asked."""

    def decide(self, node: Node, key: Key) -> str | None:
        """The flow that a decided gateway takes; None where nothing can be told.

        Args:
            node: with `decided`.
            key: values of `node.asked`.
        """
        place = (node.id, key)
        if place not in self.answers:
            self.answers[place] = _taken(node, dict(zip(node.asked, key, strict=True)))
        return self.answers[place]

    @property
    def steps(self) -> list[Node]:
        """Steps of people, in the order of the diagram's file."""
        return [node for node in self.nodes.values() if node.does is Does.STEP]


def model_of(process: CompiledProcess) -> Model:
    """The model of a compiled process.

    Args:
        process: of a published version, or of a draft.
    """
    leaving: dict[str, list[SequenceFlow]] = {}
    sources: dict[str, set[str]] = {}
    for flow in process.flows.values():
        leaving.setdefault(flow.source, []).append(flow)
        sources.setdefault(flow.target, set()).add(flow.source)
    on: dict[str, list[Element]] = {}
    for element in process.elements.values():
        if element.attached_to:
            on.setdefault(element.attached_to, []).append(element)
    works = {key for key in process.elements if _begins_work(key, process.elements, leaving)}
    variables = {each.outcome_variable for each in process.user_tasks.values()}
    nodes = {
        element.id: _node(number, element, process, leaving, on, works, variables)
        for number, element in enumerate(process.elements.values())
    }
    starts = {
        element.process_id: element.id
        for element in process.elements.values()
        if element.type == "startEvent"
    }
    joins = [node.id for node in nodes.values() if node.does is Does.SOME]
    before = {key: frozenset(value) for key, value in sources.items()}
    return Model(
        process.key,
        nodes,
        starts[process.key],
        starts,
        before,
        {join: _before(join, before) for join in joins},
        tuple(
            each.id
            for found in on.values()
            for each in found
            if not each.interrupting and each.id not in works
        ),
        tuple(_unknown(process, leaving)),
    )


def _node(
    number: int,
    element: Element,
    process: CompiledProcess,
    leaving: Mapping[str, list[SequenceFlow]],
    on: Mapping[str, list[Element]],
    works: set[str],
    variables: set[str],
) -> Node:
    order = {text: place for place, text in enumerate(process.asked_in_order(element.id))}
    flows = sorted(leaving.get(element.id, []), key=lambda flow: order.get(flow.condition or "", 0))
    texts = [flow.condition for flow in flows if flow.condition and flow.id != element.default_flow]
    names = {name for text in texts for name in _NAME.findall(_TEXT.sub("", text))}
    asked = tuple(sorted(names & variables))
    return Node(
        id=element.id,
        name=element.name,
        does=_does(element),
        number=number,
        flows=tuple(Flow(flow.id, flow.target, flow.condition) for flow in flows),
        element=element,
        default=element.default_flow,
        guards=tuple(
            each.id for each in on.get(element.id, []) if each.interrupting or each.id in works
        ),
        asked=asked,
        decided=bool(texts) and names <= {*asked, *_PLAIN_WORDS},
        meanings=outcome_meanings(element),
        ending=ending(element),
    )


def _does(element: Element) -> Does:
    if element.type == "userTask":
        return Does.STEP
    if element.type in {"subProcess", "callActivity"}:
        return Does.INSIDE
    if element.type == "endEvent":
        return Does.STOP if element.event == "terminate" else Does.END
    if element.type in {"intermediateCatchEvent", "receiveTask"}:
        return Does.WAIT
    return {
        "exclusiveGateway": Does.ONE,
        "inclusiveGateway": Does.SOME,
        "parallelGateway": Does.ALL,
        "eventBasedGateway": Does.FIRST,
    }.get(element.type, Does.GO_ON)


def _begins_work(
    start: str, elements: Mapping[str, Element], leaving: Mapping[str, list[SequenceFlow]]
) -> bool:
    """Does anything behind a boundary event take time or choose, or does it only remind?"""
    if not elements[start].attached_to:
        return False
    seen, ahead = set(), [start]
    while ahead:
        here = ahead.pop()
        if here in seen:
            continue
        seen.add(here)
        element = elements[here]
        if _does(element) not in {Does.GO_ON, Does.END, Does.ONE}:
            return True
        ahead.extend(flow.target for flow in leaving.get(here, []))
    return False


def _before(join: str, sources: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    ahead = list(sources.get(join, ()))
    while ahead:
        here = ahead.pop()
        if here not in found and here != join:
            found.add(here)
            ahead.extend(sources.get(here, ()))
    return frozenset(found)


def _unknown(process: CompiledProcess, leaving: Mapping[str, list[SequenceFlow]]) -> Iterator[str]:
    drawn = {process.key}
    for element in process.elements.values():
        if element.type in {"subProcess", "callActivity"}:
            drawn.add(element.called_process or element.id)
    for element in process.elements.values():
        raised = element.event in {"error", "escalation"}
        apart = element.process_id not in drawn
        if raised or (apart and element.type == "startEvent"):
            yield element.id


def _taken(node: Node, values: Mapping[str, str | None]) -> str | None:
    for flow in node.flows:
        if flow.condition is None or flow.id == node.default:
            continue
        try:
            holds = evaluate(flow.condition.removeprefix("="), values, strict=False)
        except FeelError:
            return None
        if holds is True:
            return flow.id
    if node.default:
        return node.default
    return node.flows[0].id if len(node.flows) == 1 else None
