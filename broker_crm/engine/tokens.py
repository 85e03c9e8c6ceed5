"""Which step of a process a token may be put before, so that nothing waits for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.task import Task

from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.specs import UserTask
from broker_crm.engine.workflow import LIVE, Instance, Subprocess

ALTERNATIVES = frozenset({"exclusiveGateway", "eventBasedGateway"})
"""Elements with several outgoing flows of which a token takes one."""
JOINS = frozenset({"parallelGateway", "inclusiveGateway"})


class WhyNot(StrEnum):
    """Why a token can't be put before a step."""

    SAME = "It stands there already."
    ONE_OF_MANY = "The step is one of several of the same kind; the others would lose it."
    MANY = "The step is done several times at once, for each item of a list."
    OTHER_PART = "The step is in another part of the process (a subprocess or a called process)."
    FORK = (
        "The step is on the other side of a place where the case splits into parallel branches;"
        " a branch would run twice or not at all."
    )
    JOIN = (
        "Parallel branches meet between here and the step;"
        " the meeting point would wait for ever for a branch."
    )
    SIDE_PATH = "The step belongs to a side path that a timer or a message begins."


@dataclass(frozen=True, slots=True)
class Place:
    """A step of a process, and why a token can't be put there."""

    element_id: str
    name: str
    why_not: WhyNot | None


def places(process: CompiledProcess, source: Task) -> list[Place]:
    """Every step of the process for people, as seen from where a token stands.

    Args:
        process: the version that the instance runs on.
        source: the open step, or the waiting event, that would be left.
    """
    rules = _Rules(process, source)
    return [
        Place(element.id, element.name or element.id, rules.why_not(element.id))
        for element in process.user_tasks.values()
    ]


def why_not(process: CompiledProcess, source: Task, target: str) -> WhyNot | None:
    """Why a token can't be put before one step; None when it can."""
    return _Rules(process, source).why_not(target)


class _Rules:
    """The safe rule.

    A token keeps its promises when the same meeting points may still be reached along the same
    flows, and when it stands behind the same forks. A whole block of parallel branches may be
    left out or done again while no other token is in it.
    """

    def __init__(self, process: CompiledProcess, source: Task) -> None:
        self.process = process
        self.source = source
        self.here: str = source.task_spec.bpmn_id
        self.graph = _Graph(process)
        self.others = list(_other_tokens(source))

    def why_not(self, target: str) -> WhyNot | None:
        spec = self.source.workflow.spec.task_specs.get(target)
        if isinstance(self.source.parent.task_spec, LoopTask):
            return WhyNot.ONE_OF_MANY
        if target == self.here:
            return WhyNot.SAME
        if spec is None:
            return WhyNot.OTHER_PART
        if not isinstance(spec, UserTask):
            return WhyNot.MANY
        if self.graph.side_paths(self.here) != self.graph.side_paths(target):
            return WhyNot.SIDE_PATH
        if not all(self._passes_fork(fork, target) for fork in self.graph.forks):
            return WhyNot.FORK
        if not all(self._passes_join(join, target) for join in self.graph.joins):
            return WhyNot.JOIN
        return None

    def _passes_fork(self, fork: str, target: str) -> bool:
        behind = self.graph.behind
        return self._same_side(
            behind(fork, self.here),
            behind(fork, target),
            self.graph.next_of[fork],
            any(behind(fork, other) for other in self.others),
        )

    def _passes_join(self, join: str, target: str) -> bool:
        ahead = self.graph.ahead
        return self._same_side(
            ahead(join, self.here),
            ahead(join, target),
            self.graph.inputs_of(join),
            any(other == join or ahead(join, other) for other in self.others),
        )

    @staticmethod
    def _same_side(
        here: frozenset[str], there: frozenset[str], whole: Collection[str], others_inside: bool
    ) -> bool:
        if here == there:
            return True
        outside = {frozenset(), frozenset(whole)}
        return here in outside and there in outside and not others_inside


class _Graph:
    """The flows between the elements of a process."""

    def __init__(self, process: CompiledProcess) -> None:
        self.elements = process.elements
        self.flows = process.flows
        self.next_of: dict[str, list[str]] = {name: [] for name in process.elements}
        for flow in process.flows.values():
            self.next_of[flow.source].append(flow.target)
        self.events_of: dict[str, list[str]] = {}
        for element in process.elements.values():
            if element.attached_to:
                self.events_of.setdefault(element.attached_to, []).append(element.id)
        self.forks = [
            name
            for name, following in self.next_of.items()
            if len(following) > 1 and self.elements[name].type not in ALTERNATIVES
        ]
        self.joins = [
            name
            for name, element in self.elements.items()
            if element.type in JOINS and len(self.inputs_of(name)) > 1
        ]
        self._side: Mapping[str, frozenset[str]] | None = None

    def inputs_of(self, join: str) -> list[str]:
        return [flow.id for flow in self.flows.values() if flow.target == join]

    def behind(self, fork: str, place: str) -> frozenset[str]:
        """The branches of a fork on which a token may have come to a place."""
        return frozenset(
            branch
            for branch in self.next_of[fork]
            if place in self._reached([branch], without={fork})
        )

    def ahead(self, join: str, place: str) -> frozenset[str]:
        """The flows by which a token may come from a place to a join."""
        reached = self._reached([place], without={join})
        return frozenset(
            flow.id
            for flow in self.flows.values()
            if flow.target == join and flow.source in reached
        )

    def side_paths(self, place: str) -> frozenset[str]:
        """Events that interrupt nothing and without which a place can't be reached."""
        if self._side is None:
            starts = [each.id for each in self.elements.values() if each.type == "startEvent"]
            found: dict[str, set[str]] = {}
            for event in self.elements.values():
                if event.attached_to and not event.interrupting:
                    for missed in self.elements.keys() - self._reached(starts, without={event.id}):
                        found.setdefault(missed, set()).add(event.id)
            self._side = {name: frozenset(events) for name, events in found.items()}
        return self._side.get(place, frozenset())

    def _reached(self, starts: Iterable[str], *, without: Collection[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            name = waiting.pop()
            if name in found or name in without:
                continue
            found.add(name)
            waiting.extend(self.next_of.get(name, ()))
            waiting.extend(self.events_of.get(name, ()))
        return found


def _other_tokens(source: Task) -> Iterator[str]:
    """Elements at which other tokens of the same part of the instance stand."""
    workflow: Instance | Subprocess = source.workflow
    for task in workflow.tasks.values():
        if task is source or not task.has_state(LIVE) or not task.task_spec.bpmn_id:
            continue
        if isinstance(task.task_spec, BoundaryEvent) or isinstance(
            task.parent and task.parent.task_spec, LoopTask
        ):
            continue
        yield task.task_spec.bpmn_id
