"""The engine's commands: state in, one command, state and what happened out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm import clock
from broker_crm.engine import state as states
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.errors import (
    NothingWaits,
    RuleFailed,
    TaskNotOpen,
)
from broker_crm.engine.migrating import move
from broker_crm.engine.pruning import prune
from broker_crm.engine.run import Run, Surroundings
from broker_crm.engine.settling import guard, settle
from broker_crm.engine.specs import EventGateway
from broker_crm.engine.transition import (
    CompletedTask,
    DueTimer,
    EventKind,
    HappenedEvent,
    Subscription,
    Transition,
)
from broker_crm.engine.waits import Waits, read_waits
from broker_crm.engine.workflow import Instance, fire, is_catching


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
    return finish(run, instance, Waits(frozenset(), {}, {}), ())


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
    run, instance, before = opened(process, state, around)
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
    guard(run, task.run, task)
    return finish(run, instance, before, (completed,))


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
    run, instance, before = opened(process, state, around)
    timer = before.timers.get(timer_id)
    if timer is None or timer.due_at > clock.now():
        raise NothingWaits(f"The timer {timer_id} does not wait, or is not due.")
    _happen(run, instance, timer_id, EventKind.TIMER_FIRED)
    return finish(run, instance, before, ())


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
    run, instance, before = opened(process, state, around)
    if subscription_id not in before.subscriptions:
        raise NothingWaits(f"Nothing waits under {subscription_id}.")
    _happen(run, instance, subscription_id, EventKind.MESSAGE_RECEIVED, payload)
    return finish(run, instance, before, ())


def cancel(
    process: CompiledProcess, state: bytes, around: Surroundings
) -> tuple[bytes, Transition]:
    """Take every open task, timer and subscription away; the instance is over."""
    run, instance, before = opened(process, state, around)
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


def migrate(
    old: CompiledProcess, new: CompiledProcess, state: bytes, around: Surroundings
) -> tuple[bytes, Transition]:
    """Move an instance to another version of its process; what is open stays open.

    Args:
        old: the version that it runs on.
        new: the version to go on with.
        state: as stored.
        around: calendar, jobs and the instance's id.

    Raises:
        MigrationRefused: naming every place that the other version does not have.
        RuleFailed, StateDamaged: as for `complete`.
    """
    _run, instance, before = opened(old, state, around)
    run, moved = move(instance, old, new, around)
    run.happened.append(HappenedEvent(EventKind.INSTANCE_MIGRATED))
    return finish(run, moved, before, ())


def inspect(process: CompiledProcess, state: bytes, around: Surroundings) -> Snapshot:
    """What the stored instance waits for, without changing it."""
    _run, instance, waits = opened(process, state, around)
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


def rewritten(
    state: bytes, instance_id: UUID, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> bytes:
    """The state of an instance that is over, with other variables.

    Args:
        state: as stored.
        instance_id: checked against the one inside.
        change: gets a scope's variables and gives what takes their place.

    Raises:
        StateDamaged: when the state can't be trusted.
    """
    return states.rewritten(state, instance_id, change)


def opened(
    process: CompiledProcess, state: bytes, around: Surroundings
) -> tuple[Run, Instance, Waits]:
    """A stored instance at work, with what it waits for.

    Raises:
        StateDamaged: when the state can't be trusted.
    """
    run = Run(process, around)
    instance = states.load(process, state, run, around.instance_id)
    return run, instance, read_waits(run, instance)


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
            guard(run, lambda: fire(task), task)  # noqa: B023
            return
        if isinstance(task.task_spec, EventGateway):
            for name in task.task_spec.choices:
                if uuid5(task.id, name) == waiting_id:
                    element = run.process.elements[name]
                    run.note(kind, element)
                    if payload:
                        run.write_outputs(task, payload, element)
                    task.task_spec.choose(task, name)
                    return
    raise NothingWaits(f"Nothing waits under {waiting_id}.")


def finish(
    run: Run, instance: Instance, before: Waits, completed: tuple[CompletedTask, ...]
) -> tuple[bytes, Transition]:
    """Run on to the next waits, and tell what has become otherwise since `before`.

    Raises:
        RuleFailed: when something on the way fails, or nothing is left to wait for.
    """
    settle(run, instance)
    prune(instance)
    after = read_waits(run, instance)
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


def _task(instance: Instance, task_id: UUID) -> Task | None:
    for task in instance.all_tasks():
        if task.id == task_id:
            return task
    return None
