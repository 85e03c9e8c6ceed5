"""The engine's commands: state in, one command, state and what happened out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm import clock
from broker_crm.engine import state as states
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.errors import (
    BpmnErrorThrown,
    EngineError,
    NothingWaits,
    RuleFailed,
    TaskNotOpen,
)
from broker_crm.engine.events import (
    MessageEvent,
    RepeatingTimerEvent,
    TimerEvent,
    throw_outwards,
)
from broker_crm.engine.pruning import prune
from broker_crm.engine.run import Run, Surroundings
from broker_crm.engine.specs import EventGateway, UserTask
from broker_crm.engine.transition import (
    CompletedTask,
    DueTimer,
    EventKind,
    HappenedEvent,
    Subscription,
    Transition,
)
from broker_crm.engine.workflow import Instance, boundary_host, fire, is_catching

MAX_STEPS = 1_000
"""Automatic elements that one command may pass."""
MAX_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an instance waits for."""

    open_tasks: frozenset[UUID]
    timers: Mapping[UUID, DueTimer]
    subscriptions: Mapping[UUID, Subscription]
    variables: Mapping[str, object]
    finished: bool


def start(
    process: CompiledProcess, variables: Mapping[str, object], around: Surroundings
) -> tuple[bytes, Transition]:
    """Start an instance and run it to its first waits.

    Args:
        process: the compiled version.
        variables: JSON values.
        around: calendar, jobs and the instance's id.

    Returns:
        The state to store, and what happened.

    Raises:
        RuleFailed: when an expression, decision or job on the way fails.
    """
    run = Run(process, around)
    instance = Instance(process.spec, process.subprocess_specs, script_engine=run)
    instance.data.update(variables)
    run.happened.append(HappenedEvent(EventKind.INSTANCE_STARTED))
    return _finish(run, instance, _Waits(frozenset(), {}, {}), ())


def complete(
    process: CompiledProcess,
    state: bytes,
    task_id: UUID,
    variables: Mapping[str, object],
    around: Surroundings,
) -> tuple[bytes, Transition]:
    """Complete a user task and run on to the next waits.

    Args:
        process: the compiled version.
        state: as stored.
        task_id: the open user task.
        variables: its results, JSON values.
        around: calendar, jobs and the instance's id.

    Raises:
        TaskNotOpen: when the task does not wait.
        RuleFailed: when something on the way fails; nothing has happened then.
        StateDamaged: when the state can't be trusted.
    """
    run, instance, before = _open(process, state, around)
    task = _task(instance, task_id)
    if task is None or task_id not in before.open_tasks:
        raise TaskNotOpen(task_id)
    element = run.element(task)
    run.write_outputs(task, variables)
    task.internal_data.pop("inputs", None)
    outcome = variables.get(element.outcome_variable)
    completed = CompletedTask(task_id, element.id, outcome if isinstance(outcome, str) else None)
    run.note(EventKind.TASK_COMPLETED, element, task_id=task_id, value=completed.outcome)
    run.measure(task, task_id)
    _guard(run, task.run, task)
    return _finish(run, instance, before, (completed,))


def fire_timer(
    process: CompiledProcess, state: bytes, timer_id: UUID, around: Surroundings
) -> tuple[bytes, Transition]:
    """Let a due timer fire.

    Args:
        process: the compiled version.
        state: as stored.
        timer_id: id of the waiting timer.
        around: calendar, jobs and the instance's id.

    Raises:
        NothingWaits: when the timer does not wait, or is not due by the clock.
        RuleFailed: as for `complete`.
    """
    run, instance, before = _open(process, state, around)
    timer = before.timers.get(timer_id)
    if timer is None or timer.due_at > clock.now():
        raise NothingWaits(f"The timer {timer_id} does not wait, or is not due.")
    _happen(run, instance, timer_id, EventKind.TIMER_FIRED)
    return _finish(run, instance, before, ())


def deliver(
    process: CompiledProcess,
    state: bytes,
    subscription_id: UUID,
    payload: Mapping[str, object],
    around: Surroundings,
) -> tuple[bytes, Transition]:
    """Deliver a message or signal to the event that waits for it.

    Args:
        process: the compiled version.
        state: as stored.
        subscription_id: id of the waiting subscription.
        payload: variables of the message.
        around: calendar, jobs and the instance's id.

    Raises:
        NothingWaits: when the subscription is gone.
        RuleFailed: as for `complete`.
    """
    run, instance, before = _open(process, state, around)
    if subscription_id not in before.subscriptions:
        raise NothingWaits(f"Nothing waits under {subscription_id}.")
    _happen(run, instance, subscription_id, EventKind.MESSAGE_RECEIVED, payload)
    return _finish(run, instance, before, ())


def cancel(
    process: CompiledProcess, state: bytes, around: Surroundings
) -> tuple[bytes, Transition]:
    """Take every open task, timer and subscription away; the instance is over."""
    run, instance, before = _open(process, state, around)
    instance.cancel()
    for subprocess in instance.subprocesses.values():
        subprocess.cancel()
    run.happened.append(HappenedEvent(EventKind.INSTANCE_CANCELLED))
    transition = Transition(
        cancelled=tuple(before.open_tasks),
        timers_gone=tuple(before.timers),
        subscriptions_gone=tuple(before.subscriptions),
        events=tuple(run.happened),
        variables=instance.data,
        finished=True,
    )
    return states.dump(instance, around.instance_id), transition


def inspect(process: CompiledProcess, state: bytes, around: Surroundings) -> Snapshot:
    """What the stored instance waits for, without changing it."""
    _run, instance, waits = _open(process, state, around)
    return Snapshot(
        waits.open_tasks, waits.timers, waits.subscriptions, instance.data, instance.completed
    )


def variables(state: bytes, instance_id: UUID | None = None) -> dict[str, Any]:
    """The instance's variables.

    Args:
        state: as stored.
        instance_id: checked against the one inside, where given.

    Raises:
        StateDamaged: when the state can't be trusted.
    """
    return states.variables(state, instance_id)


@dataclass(frozen=True, slots=True)
class _Waits:
    open_tasks: frozenset[UUID]
    timers: dict[UUID, DueTimer]
    subscriptions: dict[UUID, Subscription]


def _open(
    process: CompiledProcess, state: bytes, around: Surroundings
) -> tuple[Run, Instance, _Waits]:
    run = Run(process, around)
    instance = states.load(process, state, run, around.instance_id)
    return run, instance, _waits(run, instance)


def _waits(run: Run, instance: Instance) -> _Waits:
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
    return _Waits(frozenset(open_tasks), timers, subscriptions)


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


def _happen(
    run: Run,
    instance: Instance,
    waiting_id: UUID,
    kind: EventKind,
    payload: Mapping[str, object] | None = None,
) -> None:
    for task in instance.all_tasks():
        if task.state != TaskState.WAITING or not is_catching(task):
            continue
        if task.id == waiting_id:
            run.note(kind, run.element(task))
            if payload:
                run.write_outputs(task, payload)
            _guard(run, lambda: fire(task), task)  # noqa: B023
            return
        if isinstance(task.task_spec, EventGateway):
            for name in task.task_spec.choices:
                if uuid5(task.id, name) == waiting_id:
                    run.note(kind, run.process.elements[name])
                    if payload:
                        run.write_outputs(task, payload)
                    task.task_spec.choose(task, name)
                    return
    raise NothingWaits(f"Nothing waits under {waiting_id}.")


def _finish(
    run: Run, instance: Instance, before: _Waits, completed: tuple[CompletedTask, ...]
) -> tuple[bytes, Transition]:
    _settle(run, instance)
    prune(instance)
    after = _waits(run, instance)
    done = {task.id for task in completed}
    created = tuple(task for task in run.created.values() if task.id in after.open_tasks)
    timers = tuple(
        timer
        for identifier, timer in after.timers.items()
        if before.timers.get(identifier) != timer
    )
    finished = instance.completed
    ends = [event for event in run.happened if event.element_type == "endEvent"]
    if finished:
        run.happened.append(HappenedEvent(EventKind.INSTANCE_COMPLETED))
    elif not (after.open_tasks or after.timers or after.subscriptions):
        raise RuleFailed(
            run.process.key,
            run.process.name,
            "The process stands still: nothing is open and no end was reached."
            " Check the parallel and inclusive gateways.",
        )
    transition = Transition(
        created=created,
        completed=completed,
        cancelled=tuple(before.open_tasks - after.open_tasks - done),
        timers=timers,
        timers_moved=tuple(timer.id for timer in timers if timer.id in before.timers),
        timers_gone=tuple(before.timers.keys() - after.timers.keys()),
        subscriptions=tuple(
            subscription
            for identifier, subscription in after.subscriptions.items()
            if identifier not in before.subscriptions
        ),
        subscriptions_gone=tuple(before.subscriptions.keys() - after.subscriptions.keys()),
        events=tuple(run.happened),
        thrown=tuple(run.thrown),
        variables=instance.data,
        finished=finished,
        end_element_id=ends[-1].element_id if finished and ends else None,
    )
    return states.dump(instance, run.around.instance_id), transition


def _settle(run: Run, instance: Instance) -> None:
    """Run everything automatic until only people, timers and messages are awaited."""
    steps = 0
    deadline = time.monotonic() + MAX_SECONDS
    while not instance.completed:
        moved = False
        for task in _ready(instance):
            if task.state != TaskState.READY:
                continue
            steps += 1
            if steps > MAX_STEPS or time.monotonic() > deadline:
                name = task.task_spec.bpmn_id or task.task_spec.name
                raise RuleFailed(
                    name,
                    task.task_spec.bpmn_name,
                    "The process runs in a circle without waiting."
                    " Put a user task or a timer into the loop.",
                )
            moved = True
            _guard(run, task.run, task)
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
            parent = instance.get_task_from_id(subprocess.parent_task_id)
            if parent.state == TaskState.STARTED:
                parent.task_spec._update(parent)
        if not moved:
            return


def _ready(instance: Instance) -> list[Task]:
    return [
        task
        for task in instance.all_tasks()
        if task.state == TaskState.READY and not task.task_spec.manual
    ]


def _guard(run: Run, action: Any, task: Task) -> None:
    """Turn what goes wrong inside the task tree into errors of the engine."""
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


def _task(instance: Instance, task_id: UUID) -> Task | None:
    for task in instance.all_tasks():
        if task.id == task_id:
            return task
    return None
