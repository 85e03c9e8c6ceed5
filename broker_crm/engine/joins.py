"""Gateways where tokens meet: each token is counted once, in loops too.

SpiffWorkflow's own joins look at all finished tasks of the tree, so that a token of an earlier
round counts again, and they drop what that round left open. Here a token waits as a task of its
own until the gateway uses it up (BPMN 2.0.2, §13.4.1 and §13.4.3). Variables live in the scope, so
there is nothing to merge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm.engine.errors import RuleFailed
from broker_crm.engine.workflow import LIVE

_ARRIVED = "arrived"


class ParallelGateway(defaults.ParallelGateway):
    """Waits for a token on each incoming flow, and uses up one of each."""

    def _update_hook(self, my_task: Task) -> bool:
        wanted = Counter(spec.name for spec in self.inputs)
        wanted[_arrived(my_task)] -= 1
        used = []
        for token in _waiting_tokens(my_task):
            if wanted[_arrived(token)] > 0:
                wanted[_arrived(token)] -= 1
                used.append(token)
        if any(wanted.values()):
            my_task._set_state(TaskState.WAITING)
            return False
        _use_up(used)
        return True

    def _run_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        return True


class InclusiveGateway(defaults.InclusiveGateway):
    """Waits while a token may still come on a flow that has none; goes on along every true flow."""

    def _update_hook(self, my_task: Task) -> bool:
        waiting = _waiting_tokens(my_task)
        here = {_arrived(my_task), *map(_arrived, waiting)}
        missing = {spec.name for spec in self.inputs} - here
        if missing and self._more_may_come(my_task, here, missing):
            my_task._set_state(TaskState.WAITING)
            return False
        used = {_arrived(token): token for token in reversed(waiting)}
        used.pop(_arrived(my_task), None)
        _use_up(used.values())
        return True

    def _more_may_come(self, my_task: Task, here: set[str], missing: set[str]) -> bool:
        sources = {
            task.task_spec.name: task.task_spec
            for task in my_task.workflow.tasks.values()
            if _is_on_the_way(task) and task.task_spec is not self
        }
        for source in sources.values():
            reached = _reachable(source, self)
            if reached & missing and not reached & here:
                return True
        return False

    def _run_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        matches, otherwise = self._get_matching_outputs(my_task)
        if not matches and not otherwise:
            raise RuleFailed(
                self.bpmn_id,
                self.bpmn_name,
                "No condition is true and there is no default flow.",
            )
        my_task._sync_children(matches or otherwise, TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


def _is_on_the_way(task: Task) -> bool:
    begun = task.parent is not None and task.parent.has_state(TaskState.COMPLETED)
    return task.has_state(LIVE) or (begun and task.has_state(TaskState.FUTURE))


def _arrived(token: Task) -> Any:
    """Name of the element from which the token came; kept, because pruning cuts off parents."""
    if _ARRIVED not in token.internal_data:
        token._set_internal_data(**{_ARRIVED: token.parent.task_spec.name})
    return token.internal_data[_ARRIVED]


def arrived_from(task: Task) -> str | None:
    """Where a token that waits at a join came from; None for any other task."""
    if task.state != TaskState.WAITING or not isinstance(
        task.task_spec, ParallelGateway | InclusiveGateway
    ):
        return None
    return str(_arrived(task))


def _waiting_tokens(my_task: Task) -> list[Task]:
    """Other tokens that wait at the gateway."""
    return [
        task
        for task in my_task.workflow.tasks.values()
        if task.task_spec is my_task.task_spec
        and task is not my_task
        and task.state == TaskState.WAITING
    ]


def _use_up(tokens: Iterable[Task]) -> None:
    for token in list(tokens):
        token.cancel()


def _reachable(source: TaskSpec, gateway: TaskSpec) -> set[str]:
    """Elements that a token may pass without passing the gateway, the source among them."""
    found: set[str] = set()
    waiting = [source]
    while waiting:
        spec = waiting.pop()
        if spec is gateway or spec.name in found:
            continue
        found.add(spec.name)
        waiting.extend(spec.outputs)
    return found
