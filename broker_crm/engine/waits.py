"""What an instance waits for: open user tasks, timers, messages and signals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm.engine.errors import RuleFailed
from broker_crm.engine.events import MessageEvent, RepeatingTimerEvent, TimerEvent
from broker_crm.engine.run import Run
from broker_crm.engine.specs import EventGateway, UserTask
from broker_crm.engine.transition import DueTimer, Subscription
from broker_crm.engine.workflow import Instance, boundary_host, is_catching


@dataclass(frozen=True, slots=True)
class Waits:
    """By id, as they are stored."""

    open_tasks: frozenset[UUID]
    timers: dict[UUID, DueTimer]
    subscriptions: dict[UUID, Subscription]


def read_waits(run: Run, instance: Instance) -> Waits:
    """Read them from the task tree.

    Raises:
        RuleFailed: a correlation key can't be worked out.
    """
    open_tasks = set()
    timers: dict[UUID, DueTimer] = {}
    subscriptions: dict[UUID, Subscription] = {}
    for task in instance.all_tasks():
        if task.state == TaskState.READY and isinstance(task.task_spec, UserTask):
            open_tasks.add(task.id)
        elif task.state != TaskState.WAITING or not is_catching(task):
            continue
        elif isinstance(task.task_spec, EventGateway):
            for name, definition in task.task_spec.choices.items():
                waiting_id = uuid5(task.id, name)
                _add_wait(run, task, waiting_id, definition, timers, subscriptions, name)
        else:
            definition = task.task_spec.event_definition
            _add_wait(run, task, task.id, definition, timers, subscriptions)
    return Waits(frozenset(open_tasks), timers, subscriptions)


def _add_wait(
    run: Run,
    task: Task,
    waiting_id: UUID,
    definition: Any,
    timers: dict[UUID, DueTimer],
    subscriptions: dict[UUID, Subscription],
    choice: str | None = None,
) -> None:
    element = getattr(definition, "element", None)
    if element is None:
        return
    if isinstance(definition, TimerEvent | RepeatingTimerEvent):
        due = (
            datetime.fromisoformat(task.internal_data["due"][choice])
            if choice is not None
            else definition.next_due(task)
        )
        if due is not None:
            host = boundary_host(task)
            host_id = host.id if host and isinstance(host.task_spec, UserTask) else None
            timers[waiting_id] = DueTimer(waiting_id, element.id, element.name, due, host_id)
    elif isinstance(definition, MessageEvent):
        stored = task.internal_data.setdefault("keys", {})
        if element.id not in stored:
            stored[element.id] = _correlation(run, task, element)
        subscriptions[waiting_id] = Subscription(
            waiting_id,
            element.id,
            element.event or "message",
            element.event_name or "",
            stored[element.id],
        )


def _correlation(run: Run, task: Task, element: Any) -> str | None:
    if element.event == "signal" or not element.correlation_key:
        return None
    value = run.value(element, element.correlation_key, run.context(task))
    if value is None:
        raise RuleFailed(
            element.id, element.name, f"The correlation key “{element.correlation_key}” is null."
        )
    return str(value)
