"""Runs everything automatic until only people, timers and messages are awaited."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm.engine.errors import BpmnErrorThrown, EngineError, RuleFailed
from broker_crm.engine.events import RepeatingTimerEvent, throw_outwards
from broker_crm.engine.run import Run
from broker_crm.engine.workflow import Instance

MAX_STEPS = 1_000
"""Automatic elements that one command may pass in the process, or in one of its subprocesses."""
MAX_SECONDS = 5.0
"""Processor time of one command, so that a busy machine stops nobody's work."""


def settle(run: Run, instance: Instance) -> None:
    """Run the instance on to its next waits.

    Raises:
        RuleFailed: an element failed, or the process runs in a circle.
    """
    steps: Counter[int] = Counter()
    deadline = time.thread_time() + MAX_SECONDS
    while not instance.completed:
        moved = False
        for task in _ready(instance):
            if task.state != TaskState.READY:
                continue
            if not isinstance(task.parent and task.parent.task_spec, LoopTask):
                steps[id(task.workflow)] += 1
            _refuse_endless(task, steps[id(task.workflow)], deadline)
            moved = True
            guard(run, task.run, task)
            spec = task.task_spec
            if spec.bpmn_id and task.state == TaskState.COMPLETED:
                repeating = isinstance(getattr(spec, "event_definition", None), RepeatingTimerEvent)
                if not isinstance(spec, LoopTask) and not repeating:
                    run.passed(task)
        for subprocess in sorted(
            instance.subprocesses.values(), key=lambda each: each.depth, reverse=True
        ):
            if subprocess.completed:
                continue
            parent = instance.find(subprocess.parent_task_id)
            if parent is not None and parent.state == TaskState.STARTED:
                parent.task_spec._update(parent)
        if not moved:
            return


def _refuse_endless(task: Task, steps: int, deadline: float) -> None:
    reason = None
    if steps > MAX_STEPS:
        reason = (
            "The process runs in a circle without waiting."
            " Put a user task or a timer into the loop."
        )
    elif time.thread_time() > deadline:
        reason = f"The automatic steps take more than {MAX_SECONDS:g} seconds."
    if reason:
        name = task.task_spec.bpmn_id or task.task_spec.name
        raise RuleFailed(name, task.task_spec.bpmn_name, reason)


def _ready(instance: Instance) -> list[Task]:
    return [
        task
        for task in instance.all_tasks()
        if task.state == TaskState.READY and not task.task_spec.manual
    ]


def guard(run: Run, action: Callable[[], object], task: Task) -> None:
    """Turn what goes wrong inside the task tree into errors of the engine.

    Raises:
        EngineError: naming the element.
    """
    try:
        action()
    except BpmnErrorThrown as error:
        if not throw_outwards(task, "error", error.code):
            element = run.element(task)
            reason = f"The error “{error.code}” is not caught by a boundary event: {error}"
            raise RuleFailed(element.id, element.name, reason) from error
    except EngineError:
        raise
    except (SpiffWorkflowException, RecursionError) as error:
        spec = task.task_spec
        reason = f"{type(error).__name__}: {' '.join(str(part) for part in error.args)}"
        raise RuleFailed(spec.bpmn_id or spec.name, spec.bpmn_name, reason) from error
