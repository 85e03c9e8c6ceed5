"""One process instance in memory: SpiffWorkflow's task tree with our scopes for variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm.engine.errors import RuleFailed

MAX_DEPTH = 50
"""How deep subprocesses and called processes may be nested."""
LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class Subprocess(BpmnSubWorkflow):
    """The part of an instance inside a subprocess or a call activity."""

    def update_waiting_tasks(self) -> None:
        _update_waiting(self)


class Instance(BpmnWorkflow):
    """A process instance while a command works on it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.visits: dict[str, int] = {}
        """How often each user task was reached; survives the pruning of finished branches."""
        super().__init__(*args, **kwargs)

    def create_subprocess(self, my_task: Task, spec_name: str) -> Subprocess:
        subprocess = Subprocess(
            self.subprocess_specs[spec_name], parent_task_id=my_task.id, top_workflow=self
        )
        if subprocess.depth > MAX_DEPTH:
            raise RuleFailed(
                my_task.task_spec.bpmn_id,
                my_task.task_spec.bpmn_name,
                f"Subprocesses and called processes are nested more than {MAX_DEPTH} deep.",
            )
        self.subprocesses[my_task.id] = subprocess
        return subprocess

    def update_waiting_tasks(self) -> None:
        _update_waiting(self)

    def find(self, task_id: UUID) -> Task | None:
        """The task of the instance or any subprocess; None when its branch was cut off."""
        trees = (self, *self.subprocesses.values())
        return next((tree.tasks[task_id] for tree in trees if task_id in tree.tasks), None)

    def all_tasks(self) -> Iterator[Task]:
        """Every task of the instance and its subprocesses."""
        yield from list(self.tasks.values())
        for subprocess in list(self.subprocesses.values()):
            yield from list(subprocess.tasks.values())


def _update_waiting(workflow: Instance | Subprocess) -> None:
    for task in list(workflow.tasks.values()):
        if task.state == TaskState.WAITING:
            task.task_spec._update(task)


def scopes_of(task: Task) -> list[dict[str, Any]]:
    """The variables that the task sees, innermost first.

    An embedded subprocess has its mapped inputs and multi-instance item to itself and shares the
    variables around it; a call activity has its own.
    """
    workflow = task.workflow
    found = [workflow.data]
    while workflow.parent_task_id is not None:
        parent = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        if isinstance(parent.task_spec, CallActivity):
            break
        workflow = parent.workflow
        found.append(workflow.data)
    return found


def scope_of(task: Task) -> dict[str, Any]:
    """The variables of the process, or of the called process, that the task belongs to."""
    return scopes_of(task)[-1]


def boundary_host(task: Task) -> Task | None:
    """The activity that a boundary event is attached to."""
    split = task.parent
    if split is None or not isinstance(split.task_spec, BoundaryEventSplit):
        return None
    for sibling in split.children:
        if not isinstance(sibling.task_spec, BoundaryEvent):
            return sibling
    return None


def boundary_split(spec: TaskSpec) -> BoundaryEventSplit | None:
    """What stands before an activity that has boundary events; None where it has none."""
    return next((each for each in spec.inputs if isinstance(each, BoundaryEventSplit)), None)


def host_of_reminder_path(task: Task) -> Task | None:
    """The activity whose non-interrupting boundary event began the path that the task is on."""
    ancestor = task
    while ancestor is not None:
        if isinstance(ancestor.task_spec, BoundaryEvent):
            return None if ancestor.task_spec.cancel_activity else boundary_host(ancestor)
        ancestor = ancestor.parent
    return None


def open_instances(host: Task) -> tuple[UUID, ...]:
    """Ids of the open user tasks within a multi-instance activity or a subprocess."""
    inside = list(host.children) if isinstance(host.task_spec, LoopTask) else []
    subprocess = host.workflow.top_workflow.subprocesses.get(host.id)
    if subprocess is not None:
        inside = list(subprocess.tasks.values())
    nested = [task for task in inside if task.id in host.workflow.top_workflow.subprocesses]
    ready = [
        task.id for task in inside if task.has_state(TaskState.READY) and task.task_spec.manual
    ]
    return tuple(ready) + tuple(each for task in nested for each in open_instances(task))


def waiting_boundary_events(host: Task) -> list[Task]:
    """Boundary events that wait on an activity."""
    parent = host.parent
    if parent is None or not isinstance(parent.task_spec, BoundaryEventSplit):
        return []
    return [
        sibling
        for sibling in parent.children
        if isinstance(sibling.task_spec, BoundaryEvent) and sibling.state == TaskState.WAITING
    ]


def enclosing_activity(task: Task) -> Task | None:
    """The next activity outwards: the multi-instance body, the subprocess or the call activity."""
    if task.parent is not None and isinstance(task.parent.task_spec, LoopTask):
        return task.parent
    workflow = task.workflow
    if workflow.parent_task_id is None:
        return None
    return workflow.top_workflow.get_task_from_id(workflow.parent_task_id)


def fire(task: Task) -> None:
    """Let a waiting event happen; a message that interrupts nothing may come again."""
    spec = task.task_spec
    recurs = getattr(spec.event_definition, "recurs", False)
    if recurs and isinstance(spec, BoundaryEvent) and not spec.cancel_activity:
        begin_path(task)
        task.workflow.script_engine.passed(task)
        return
    task._set_internal_data(event_fired=True)
    spec._update(task)


def begin_path(event: Task) -> None:
    """Start the path of a boundary event that goes on waiting.

    The path hangs on a sibling of the event, so that it does not end with the waiting.
    """
    fired = event.parent._add_child(event.task_spec, TaskState.COMPLETED)
    fired.data = dict(event.data)
    for output in event.task_spec.outputs:
        if isinstance(output, BoundaryEventJoin):
            continue
        child = fired._add_child(output, TaskState.FUTURE)
        output._predict(child, mask=TaskState.NOT_FINISHED_MASK)
        output._update(child)


def is_catching(task: Task) -> bool:
    """True for a task of an event that waits for something."""
    return isinstance(task.task_spec, CatchingEvent)
