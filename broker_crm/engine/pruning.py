"""Cuts finished branches out of the task tree; history lives in events, not here."""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm.engine.workflow import Instance, Subprocess


def prune(instance: Instance) -> None:
    """Drop what no later step looks at.

    Everything outside the smallest subtree that holds all unfinished tasks is finished for good,
    and variables live in the scope, not in tasks. It is kept only while a token that arrived at a
    join there has not been used up.
    """
    for parent_id, _subprocess in list(instance.subprocesses.items()):
        parent = instance.get_task_from_id(parent_id)
        if parent is None or parent.has_state(TaskState.FINISHED_MASK):
            instance.subprocesses.pop(parent_id, None)
    for workflow in (instance, *instance.subprocesses.values()):
        if not workflow.completed:
            _prune_tree(workflow)


def _prune_tree(workflow: Instance | Subprocess) -> None:
    root = workflow.task_tree
    live = [
        task
        for task in workflow.tasks.values()
        if not task.has_state(TaskState.FINISHED_MASK) and not _is_end(task)
    ]
    if not live:
        return
    path = _path_to_common_ancestor(live)
    top = path[-1]
    if top is root or (top.parent is root and len(root._children) == 1):
        return
    kept = _subtree(top)
    dropped = [task for task in workflow.tasks.values() if task.id not in kept]
    passed = {task.task_spec.name for task in path[:-1] if task.has_state(TaskState.COMPLETED)}
    for task in dropped:
        waiting_join = isinstance(task.task_spec, UnstructuredJoin) and not _is_end(task)
        unused = waiting_join and task.has_state(TaskState.CANCELLED | TaskState.WAITING)
        if unused and task.task_spec.name not in passed:
            return
    for task in dropped:
        if task is not root:
            workflow.top_workflow.event_manager.remove_task(task)
            del workflow.tasks[task.id]
    root._children = [top.id]
    top.parent = root


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


def _subtree(top: Task) -> set[object]:
    found: set[object] = set()
    waiting = [top]
    while waiting:
        task = waiting.pop()
        found.add(task.id)
        waiting.extend(task.children)
    return found
