"""Cuts finished branches out of the task tree; history lives in events, not here."""

from __future__ import annotations

from uuid import UUID

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm.engine.workflow import LIVE, Instance, Subprocess, host_of_reminder_path


def prune(instance: Instance) -> None:
    """Drop what no later step looks at.

    Everything outside the smallest subtree that holds all unfinished tasks is finished for good,
    and variables live in the scope, not in tasks; so are the earlier rounds of a loop inside it.
    A token that waits at a join is unfinished.
    """
    _forget_ended_subprocesses(instance)
    for workflow in (instance, *instance.subprocesses.values()):
        if not workflow.completed:
            _drop_walked_paths(workflow)
            _cut_above(workflow)
            _fold_rounds(workflow)


def _forget_ended_subprocesses(instance: Instance) -> None:
    living: set[UUID] = set()
    around: list[Instance | Subprocess] = [instance]
    while around:
        for task in around.pop().tasks.values():
            inside = instance.subprocesses.get(task.id)
            if inside is not None and not task.has_state(TaskState.FINISHED_MASK):
                living.add(task.id)
                around.append(inside)
    for parent_id in instance.subprocesses.keys() - living:
        del instance.subprocesses[parent_id]


def _drop_walked_paths(workflow: Instance | Subprocess) -> None:
    """Drop the finished paths of boundary events that happened more than once."""
    for split in [each for each in workflow.tasks.values() if _is_split(each)]:
        seen: set[str] = set()
        for event in list(split.children):
            name = event.task_spec.name
            path = [workflow.tasks[each] for each in _subtree(event)]
            if name in seen and all(map(_is_over, path)):
                split._children.remove(event.id)
                _forget(workflow, path)
            seen.add(name)


def _is_split(task: Task) -> bool:
    return isinstance(task.task_spec, BoundaryEventSplit)


def _is_over(task: Task) -> bool:
    return bool(task.has_state(TaskState.FINISHED_MASK)) or _is_end(task)


def _cut_above(workflow: Instance | Subprocess) -> None:
    root = workflow.task_tree
    live = [task for task in workflow.tasks.values() if not _is_over(task)]
    if not live:
        return
    path = _path_to_common_ancestor(live)
    top = path[-1]
    if top is root or (top.parent is root and len(root._children) == 1):
        return
    kept = _subtree(top)
    above = [task for task in workflow.tasks.values() if task.id not in kept and task is not root]
    _forget(workflow, above)
    root._children = [top.id]
    top.parent = root


def _fold_rounds(workflow: Instance | Subprocess) -> None:
    """Drop earlier rounds of loops within branches, where a cut above all branches can't reach."""
    for task in [each for each in workflow.tasks.values() if each.has_state(LIVE)]:
        path = _path(task)
        for first, last in _rounds(path):
            if _fold(workflow, path, first, last):
                break


def _rounds(path: list[Task]) -> list[tuple[int, int]]:
    """Places of the same element on one path, the widest apart first."""
    places: dict[str, list[int]] = {}
    for place, task in enumerate(path[1:], start=1):
        inside = isinstance(path[place - 1].task_spec, BoundaryEventSplit | LoopTask)
        if not inside and not isinstance(task.task_spec, BoundaryEvent):
            places.setdefault(task.task_spec.name, []).append(place)
    pairs = [
        (first, last)
        for found in places.values()
        for number, first in enumerate(found)
        for last in found[number + 1 :]
    ]
    return sorted(pairs, key=lambda pair: pair[0] - pair[1])


def _fold(workflow: Instance | Subprocess, path: list[Task], first: int, last: int) -> bool:
    """Put the later round in the place of the earlier one; False where something still needs it."""
    earlier, later = path[first], path[last]
    section = path[first:last]
    events = [task.task_spec for task in section if isinstance(task.task_spec, BoundaryEvent)]
    if any(not event.cancel_activity for event in events):
        return False
    if events and host_of_reminder_path(earlier) is not None:
        return False
    kept = _subtree(later)
    dropped = [workflow.tasks[each] for each in _subtree(earlier) - kept]
    if not all(map(_is_over, dropped)):
        return False
    above = path[first - 1]
    above._children[above._children.index(earlier.id)] = later.id
    later.parent = above
    _forget(workflow, dropped)
    return True


def _forget(workflow: Instance | Subprocess, tasks: list[Task]) -> None:
    for task in tasks:
        workflow.top_workflow.event_manager.remove_task(task)
        del workflow.tasks[task.id]


def _is_end(task: Task) -> bool:
    name = task.task_spec.name
    return bool(name == "End" or name == task.workflow.spec.end.name)


def _path_to_common_ancestor(live: list[Task]) -> list[Task]:
    paths = [_path(task) for task in live]
    common = paths[0]
    for path in paths[1:]:
        length = 0
        for ours, theirs in zip(common, path, strict=False):
            if ours is not theirs:
                break
            length += 1
        common = common[:length]
    return common


def _path(task: Task) -> list[Task]:
    path: list[Task] = []
    current: Task | None = task
    while current is not None:
        path.append(current)
        current = current.parent
    path.reverse()
    return path


def _subtree(top: Task) -> set[UUID]:
    found: set[UUID] = set()
    waiting = [top]
    while waiting:
        task = waiting.pop()
        found.add(task.id)
        waiting.extend(task.children)
    return found
