"""Event definitions: timers that ask FEEL once, messages and signals by name, errors by code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition
from SpiffWorkflow.task import Task

from broker_crm.engine.dialect import Element
from broker_crm.engine.errors import RuleFailed
from broker_crm.engine.workflow import begin_path, enclosing_activity, fire, waiting_boundary_events


class Waits(EventDefinition):
    """A catching event that only a command lets happen."""

    recurs = False
    """Whether it goes on waiting on the boundary of an activity that it does not interrupt."""

    def __init__(self, element: Element) -> None:
        super().__init__(element.event_name or element.name or element.id)
        self.element = element

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class TimerEvent(Waits):
    """One instant, worked out when the event is reached."""

    def has_fired(self, my_task: Task) -> bool:
        if "due" not in my_task.internal_data:
            my_task._set_internal_data(due=self.instants(my_task)[0])
        return bool(my_task._get_internal_data("event_fired", False))

    def instants(self, my_task: Task) -> list[str]:
        """ISO instants at which the timer is due, ascending."""
        instants: list[str] = my_task.workflow.script_engine.timer_instants(my_task, self.element)
        return instants

    def next_due(self, my_task: Task) -> datetime | None:
        due = my_task._get_internal_data("due")
        return datetime.fromisoformat(due) if due else None


class RepeatingTimerEvent(CycleTimerEventDefinition):
    """A non-interrupting boundary timer that fires at every instant of a plan."""

    def __init__(self, element: Element) -> None:
        super().__init__(element.name or element.id, element.timer)
        self.element = element

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def has_fired(self, my_task: Task) -> bool:
        return bool(my_task._get_internal_data("exhausted", False))

    def update_task(self, my_task: Task) -> None:
        """Work out the plan at first, then start the path once for each firing."""
        if "plan" not in my_task.internal_data:
            plan = my_task.workflow.script_engine.timer_instants(my_task, self.element)
            my_task._set_internal_data(plan=plan)
        if not my_task.internal_data.pop("event_fired", False):
            return
        plan = my_task._get_internal_data("plan")[1:]
        my_task._set_internal_data(plan=plan, exhausted=not plan)
        begin_path(my_task)

    def next_due(self, my_task: Task) -> datetime | None:
        plan = my_task._get_internal_data("plan")
        return datetime.fromisoformat(plan[0]) if plan else None


class MessageEvent(Waits):
    """A message, or a signal, correlated outside the engine by name and key."""

    recurs = True

    def throw(self, my_task: Task) -> None:
        my_task.workflow.script_engine.throw(my_task, self.element)


class CodedEvent(Waits):
    """An error or an escalation, caught on the way outwards by code."""

    recurs = True

    def throw(self, my_task: Task) -> None:
        caught = throw_outwards(my_task, self.element.event or "error", self.element.event_code)
        if not caught and self.element.event == "error":
            raise RuleFailed(
                self.element.id,
                self.element.name,
                f"The error “{self.element.event_code}” is not caught by a boundary event.",
            )


def throw_outwards(source: Task, kind: str, code: str | None) -> bool:
    """Let the nearest boundary event catch an error or escalation.

    Args:
        source: the activity or event that throws.
        kind: 'error' or 'escalation'.
        code: the code; a boundary event without a code catches all.

    Returns:
        True when one caught it.
    """
    host: Task | None = source
    while host is not None:
        for event in waiting_boundary_events(host):
            definition = event.task_spec.event_definition
            if (
                isinstance(definition, CodedEvent)
                and definition.element.event == kind
                and definition.element.event_code in (None, code)
            ):
                fire(event)
                return True
        host = enclosing_activity(host)
    return False


def event_definition(element: Element, terminate: Any) -> EventDefinition:
    """The definition for an event element.

    Args:
        element: the event.
        terminate: what stands for a terminate end event.
    """
    if element.type == "startEvent" or element.event is None:
        return NoneEventDefinition()
    if element.event == "timer":
        repeating = element.timer_kind == "timeCycle"
        return RepeatingTimerEvent(element) if repeating else TimerEvent(element)
    if element.event in {"error", "escalation"}:
        return CodedEvent(element)
    if element.event == "terminate":
        return terminate
    return MessageEvent(element)
