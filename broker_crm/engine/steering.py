"""Commands of those who steer: another due date, a corrected variable, a token put elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID, uuid5

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm import clock
from broker_crm.engine import tokens
from broker_crm.engine.commands import finish, opened
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element
from broker_crm.engine.errors import EngineError, NothingWaits, TaskNotOpen
from broker_crm.engine.events import RepeatingTimerEvent, TimerEvent
from broker_crm.engine.run import Run, Surroundings
from broker_crm.engine.settling import guard
from broker_crm.engine.specs import EventGateway
from broker_crm.engine.tokens import Place, WhyNot
from broker_crm.engine.transition import Transition
from broker_crm.engine.workflow import (
    Instance,
    boundary_split,
    is_catching,
    waiting_boundary_events,
)


class NoSafePlace(EngineError):
    """A token can't be put before the step.

    Attributes:
        why: the rule that it would break.
    """

    def __init__(self, why: WhyNot) -> None:
        super().__init__(str(why))
        self.why = why


class NoSuchVariable(EngineError):
    """The instance has no variable of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The case has no variable “{name}”.")


def reminders(process: CompiledProcess, host: str, jobs: Collection[str]) -> frozenset[str]:
    """Timers at the boundary of a step whose path does nothing but remind.

    Args:
        process: the version.
        host: the step's element id.
        jobs: the job types that remind or escalate.
    """
    return frozenset(
        element.id
        for element in process.elements.values()
        if element.attached_to == host and _only_reminds(process, element, jobs)
    )


def _only_reminds(process: CompiledProcess, event: Element, jobs: Collection[str]) -> bool:
    if event.event != "timer" or event.interrupting:
        return False
    path: set[str] = set()
    waiting = [event.id]
    while waiting:
        name = waiting.pop()
        if name not in path:
            path.add(name)
            waiting.extend(f.target for f in process.flows.values() if f.source == name)
    elements = [process.elements[name] for name in path - {event.id}]
    done = {element.job_type for element in elements if element.job_type}
    automatic = all(
        element.type.endswith("Event") or element.type.endswith("Gateway") or element.job_type
        for element in elements
    )
    return bool(done) and automatic and done <= set(jobs)


def counts_from_due(process: CompiledProcess, element_id: str) -> bool:
    """Does the diagram reckon this timer from the due date of its step?"""
    return "due(" in (process.elements[element_id].timer or "")


def change_due(
    process: CompiledProcess,
    state: bytes,
    task_id: UUID,
    due: datetime,
    around: Surroundings,
    reminding: Collection[str],
) -> tuple[bytes, Transition]:
    """Give an open user task another due date; timers that are reckoned from it move along.

    Reminders that have fired begin to wait again where the new date makes them due later than
    now; reminders that the new date makes past are dropped. Timers with an instant of their own,
    such as legal terms, stay.

    Args:
        process: the compiled version.
        state: as stored.
        task_id: the open user task.
        due: aware UTC.
        around: calendar, jobs and the instance's id.
        reminding: element ids of timers that only remind.

    Raises:
        TaskNotOpen: when the task does not wait.
        RuleFailed: a timer's expression fails.
    """
    run, instance, before = opened(process, state, around)
    task = _open_task(instance, task_id, before.open_tasks)
    task._set_internal_data(due=due.isoformat())
    split = task.parent
    if isinstance(split.task_spec, BoundaryEventSplit):
        for spec in split.task_spec.outputs:
            if isinstance(spec, BoundaryEvent) and _is_timer(spec):
                element = process.elements[spec.bpmn_id]
                if counts_from_due(process, element.id):
                    _retime(run, split, spec, element.id in reminding)
    return finish(run, instance, before, ())


def _is_timer(spec: BoundaryEvent) -> bool:
    return isinstance(spec.event_definition, TimerEvent | RepeatingTimerEvent)


def _retime(run: Run, split: Task, spec: BoundaryEvent, reminds: bool) -> None:
    waiting = next(
        (
            child
            for child in split.children
            if child.task_spec is spec and child.state == TaskState.WAITING
        ),
        None,
    )
    event = waiting
    if event is None:
        if not reminds:
            return
        event = split._add_child(spec, TaskState.FUTURE)
        spec._predict(event, mask=TaskState.NOT_FINISHED_MASK)
    found = run.timer_instants(event, spec.event_definition.element)
    if reminds:
        found = [each for each in found if datetime.fromisoformat(each) > clock.now()]
    if found:
        _set_instants(event, found)
        if waiting is None:
            spec._update(event)
    elif waiting is not None:
        event.cancel()
    else:
        split._children.remove(event.id)
        for each in [event, *event.children]:
            split.workflow.tasks.pop(each.id, None)


def _set_instants(event: Task, instants: list[str]) -> None:
    if isinstance(event.task_spec.event_definition, RepeatingTimerEvent):
        event._set_internal_data(plan=instants)
    else:
        event._set_internal_data(due=instants[0])


def resume(
    process: CompiledProcess,
    state: bytes,
    task_id: UUID,
    due: datetime | None,
    pause_seconds: int,
    around: Surroundings,
    reminding: Collection[str],
) -> tuple[bytes, Transition]:
    """End a pause: the reminders of the task move later by the working time paused.

    Reminders reckoned from a due date that stays where it is stay too; of those that came due
    in the pause the last one fires.

    Args:
        process: the compiled version.
        state: as stored.
        task_id: the open user task.
        due: the due date from now on, aware UTC; None where it stays.
        pause_seconds: office seconds.
        around: calendar, jobs and the instance's id.
        reminding: element ids of timers that only remind.

    Raises:
        TaskNotOpen: when the task does not wait.
    """
    run, instance, before = opened(process, state, around)
    task = _open_task(instance, task_id, before.open_tasks)
    if due is not None:
        task._set_internal_data(due=due.isoformat())
    for event in waiting_boundary_events(task):
        identifier = event.task_spec.bpmn_id
        if identifier not in reminding:
            continue
        stays = due is None and counts_from_due(process, identifier)
        _set_instants(event, list(_shifted(run, event, 0 if stays else pause_seconds)))
    return finish(run, instance, before, ())


def _shifted(run: Run, event: Task, seconds: int) -> Iterator[str]:
    repeats = isinstance(event.task_spec.event_definition, RepeatingTimerEvent)
    stored = event.internal_data["plan"] if repeats else [event.internal_data["due"]]
    moved = [run.around.calendar.later(datetime.fromisoformat(each), seconds) for each in stored]
    past = [each for each in moved if each <= clock.now()]
    for each in [*past[-1:], *moved[len(past) :]]:
        yield each.isoformat()


def correct(
    process: CompiledProcess, state: bytes, name: str, value: object, around: Surroundings
) -> tuple[bytes, Transition]:
    """Give a variable of the instance another value; what is decided later sees it.

    Args:
        process: the compiled version.
        state: as stored.
        name: of an existing variable.
        value: made of JSON values.
        around: calendar, jobs and the instance's id.

    Raises:
        NoSuchVariable: the instance has none of that name.
    """
    run, instance, before = opened(process, state, around)
    if name not in instance.data:
        raise NoSuchVariable(name)
    instance.data[name] = value
    return finish(run, instance, before, ())


def places(
    process: CompiledProcess, state: bytes, source_id: UUID, around: Surroundings
) -> list[Place]:
    """Every step for people, and why the token under `source_id` can't be put before it.

    Raises:
        NothingWaits: nothing stands under that id.
    """
    _run, instance, _before = opened(process, state, around)
    return tokens.places(process, _token(instance, source_id))


def put(
    process: CompiledProcess, state: bytes, source_id: UUID, target: str, around: Surroundings
) -> tuple[str, bytes, Transition]:
    """Take a token from where it stands and put it before another step.

    Args:
        process: the compiled version.
        state: as stored.
        source_id: an open user task, or a waiting timer or subscription of an intermediate event.
        target: element id of a user task.
        around: calendar, jobs and the instance's id.

    Returns:
        The element id where it stood, the state to store, and what happened.

    Raises:
        NothingWaits: nothing stands under that id.
        NoSafePlace: naming the rule that the move would break.
        RuleFailed: the step can't be reached with the variables as they are.
    """
    run, instance, before = opened(process, state, around)
    source = _token(instance, source_id)
    refusal = tokens.why_not(process, source, target)
    if refusal is not None:
        raise NoSafePlace(refusal)
    above = source.parent
    if isinstance(above.task_spec, BoundaryEventSplit):
        above = above.parent
    for event in waiting_boundary_events(source):
        event.cancel()
    source.cancel()
    spec = source.workflow.spec.task_specs[target]
    first = boundary_split(spec) or spec
    token = above._add_child(first, TaskState.FUTURE)
    first._predict(token, mask=TaskState.NOT_FINISHED_MASK)
    guard(run, lambda: first._update(token), token)
    left: str = source.task_spec.bpmn_id
    return left, *finish(run, instance, before, ())


def _open_task(instance: Instance, task_id: UUID, open_tasks: Collection[UUID]) -> Task:
    task = instance.find(task_id)
    if task is None or task_id not in open_tasks:
        raise TaskNotOpen(task_id)
    return task


def _token(instance: Instance, source_id: UUID) -> Task:
    for task in instance.all_tasks():
        if isinstance(task.task_spec, BoundaryEvent):
            continue
        catching = task.state == TaskState.WAITING and is_catching(task)
        if task.id == source_id and (catching or task.state == TaskState.READY):
            return task
        if (
            catching
            and isinstance(task.task_spec, EventGateway)
            and any(uuid5(task.id, name) == source_id for name in task.task_spec.choices)
        ):
            return task
    raise NothingWaits(f"Nothing stands under {source_id}.")
