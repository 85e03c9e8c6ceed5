"""Moves a running instance to another version of its process, or says why it can't be moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm.engine import state as states
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element
from broker_crm.engine.errors import EngineError
from broker_crm.engine.joins import arrived_from
from broker_crm.engine.run import Run, Surroundings
from broker_crm.engine.workflow import LIVE, Instance, Subprocess, boundary_split, is_catching

Tree = Instance | Subprocess


class Reason(StrEnum):
    """Why a place has no counterpart."""

    MISSING = "The other version does not have it."
    OTHER_KIND = "It is of another kind in the other version."
    WAITS_OTHERWISE = "It waits for something else in the other version."
    STILL_OPEN = "What it began is still open."
    NO_FLOW = "A token waits that came from {source}; the other version has no such flow."


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why one place of an instance has no counterpart in the other version."""

    element_id: str
    element_name: str
    why: Reason
    source: str = ""
    """Where the token of `NO_FLOW` came from."""

    @property
    def reason(self) -> str:
        return self.why.format(source=self.source)

    def __str__(self) -> str:
        return f"{self.element_id} “{self.element_name}”: {self.reason}"


class MigrationRefused(EngineError):
    """The instance can't go on in the other version.

    Attributes:
        obstacles: all that were found.
    """

    def __init__(self, obstacles: list[Obstacle]) -> None:
        super().__init__("\n".join(str(obstacle) for obstacle in obstacles))
        self.obstacles = obstacles


def move(
    instance: Instance, old: CompiledProcess, new: CompiledProcess, around: Surroundings
) -> tuple[Run, Instance]:
    """Put an instance on another version: what is open stays open, where it is.

    Boundary events that the new version adds to an open activity begin to wait; those that it
    lacks are taken away. Everything else that waits must be in both versions.

    Args:
        instance: read on the old version; not to be used afterwards.
        old: the version that it runs on.
        new: the version to go on with.
        around: calendar, jobs and the instance's id.

    Raises:
        MigrationRefused: with every obstacle.
        RuleFailed: an expression of a new boundary event fails.
    """
    obstacles = [obstacle for tree in _trees(instance) for obstacle in _obstacles(tree, old, new)]
    if obstacles:
        raise MigrationRefused(obstacles)
    for tree in _trees(instance):
        _reduce(tree, old, new)
    run = Run(new, around)
    moved = states.load(new, states.dump(instance, around.instance_id), run, around.instance_id)
    for tree in _trees(moved):
        for task in [each for each in tree.tasks.values() if each.has_state(LIVE)]:
            _attach_boundary_events(task)
        for task in [each for each in tree.tasks.values() if each.has_state(LIVE)]:
            if not task.children:
                task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
    return run, moved


def _trees(instance: Instance) -> list[Tree]:
    return [instance, *instance.subprocesses.values()]


def _spec_of(tree: Tree, new: CompiledProcess) -> dict[str, TaskSpec]:
    """Task specs of the new version by name; none where it lacks the subprocess."""
    name = tree.spec.name
    spec = new.spec if isinstance(tree, Instance) else new.subprocess_specs.get(name)
    return {} if spec is None else spec.task_specs


def _obstacles(tree: Tree, old: CompiledProcess, new: CompiledProcess) -> Iterator[Obstacle]:
    specs = _spec_of(tree, new)
    for task in tree.tasks.values():
        if isinstance(task.task_spec, BoundaryEvent):
            if task.task_spec.name not in specs and _has_live_path(task):
                yield _obstacle(task, old, Reason.STILL_OPEN)
        elif task.has_state(LIVE):
            other = specs.get(task.task_spec.name)
            reason = _why_not(task, other, old, new)
            if reason is not None:
                yield _obstacle(task, old, reason)


def _why_not(
    task: Task, other: TaskSpec | None, old: CompiledProcess, new: CompiledProcess
) -> Reason | None:
    if other is None:
        return Reason.MISSING
    if type(other) is not type(task.task_spec):
        return Reason.OTHER_KIND
    if is_catching(task) and not _waits_alike(task.task_spec, old, new):
        return Reason.WAITS_OTHERWISE
    source = arrived_from(task)
    if source is not None and source not in {spec.name for spec in other.inputs}:
        return Reason.NO_FLOW
    return None


def _waits_alike(spec: TaskSpec, old: CompiledProcess, new: CompiledProcess) -> bool:
    names = list(getattr(spec, "choices", None) or [spec.name])
    if hasattr(spec, "choices") and set(names) != {
        flow.target for flow in new.flows.values() if flow.source == spec.name
    }:
        return False
    return all(_event(old.elements.get(name)) == _event(new.elements.get(name)) for name in names)


def _event(element: Element | None) -> tuple[object, ...] | None:
    """What an element waits for, as far as it matters to what is stored of the waiting."""
    if element is None:
        return None
    return element.event, element.event_name, element.event_code, element.timer_kind == "timeCycle"


def _has_live_path(event: Task) -> bool:
    waiting = list(event.children)
    while waiting:
        task = waiting.pop()
        if task.has_state(LIVE):
            return True
        waiting.extend(task.children)
    return False


def _obstacle(task: Task, old: CompiledProcess, why: Reason) -> Obstacle:
    identifier = task.task_spec.bpmn_id or task.task_spec.name
    element = old.elements.get(identifier)
    name = (element and element.name) or ""
    return Obstacle(identifier, name, why, arrived_from(task) or "")


def _reduce(tree: Tree, old: CompiledProcess, new: CompiledProcess) -> None:
    """Leave only what the new version knows: no forecasts, and nothing finished that it lacks."""
    specs = _spec_of(tree, new)
    for task in list(tree.tasks.values()):
        if task.id in tree.tasks and task.has_state(TaskState.PREDICTED_MASK | TaskState.FUTURE):
            _drop(tree, task)
    for task in list(tree.tasks.values()):
        if task.id not in tree.tasks or task is tree.task_tree:
            continue
        spec = task.task_spec
        if isinstance(spec, BoundaryEvent) and task.state == TaskState.WAITING:
            if spec.name not in specs or not _waits_alike(spec, old, new):
                _drop(tree, task)
        elif spec.name not in specs:
            _splice_out(tree, task)


def _drop(tree: Tree, top: Task) -> None:
    top.parent._children.remove(top.id)
    waiting = [top]
    while waiting:
        task = waiting.pop()
        waiting.extend(task.children)
        tree.top_workflow.event_manager.remove_task(task)
        del tree.tasks[task.id]


def _splice_out(tree: Tree, task: Task) -> None:
    """Take a finished task out of the tree; what followed it hangs on what was before it."""
    siblings = task.parent._children
    place = siblings.index(task.id)
    following: list[UUID] = list(task._children)
    siblings[place : place + 1] = following
    for child in list(task.children):
        child.parent = task.parent
    del tree.tasks[task.id]


def _attach_boundary_events(host: Task) -> None:
    """Let boundary events wait that the version has and the activity in the tree has not."""
    split_spec = boundary_split(host.task_spec)
    if split_spec is None:
        return
    split = host.parent
    if not isinstance(split.task_spec, BoundaryEventSplit):
        split = _insert_above(host, split_spec)
    there = {child.task_spec.name for child in split.children}
    for spec in split_spec.outputs:
        if isinstance(spec, BoundaryEvent) and spec.name not in there:
            event = split._add_child(spec, TaskState.FUTURE)
            spec._predict(event, mask=TaskState.NOT_FINISHED_MASK)
            spec._update(event)


def _insert_above(host: Task, spec: BoundaryEventSplit) -> Task:
    above = host.parent
    between = Task(host.workflow, spec, parent=above, state=TaskState.COMPLETED)
    above._children.remove(between.id)
    above._children[above._children.index(host.id)] = between.id
    between._children = [host.id]
    host.parent = between
    return between
