"""A case on its way through a published diagram, in memory: what the engine would tell, quickly.

For the bulk of the past the engine would be too slow: it stores and reads back the state with every
command. Here a case is walked from its start to its end at once, by the same elements, the same
FEEL and the same decision tables, and the result is the same `Transition`. A case that comes to
what this walk does not know (a subprocess, an inclusive gateway …) is refused, and the engine takes
it. Messages and signals that might come to a boundary do not: nobody sends them.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from broker_crm import clock
from broker_crm.calendar import WorkingCalendar
from broker_crm.db import new_id
from broker_crm.engine.decisions import decide
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element, SequenceFlow
from broker_crm.engine.feel import evaluate
from broker_crm.engine.instants import instant, instants
from broker_crm.engine.transition import (
    CompletedTask,
    CreatedTask,
    DueTimer,
    EventKind,
    HappenedEvent,
    Job,
    Standards,
    Transition,
)

KNOWN = frozenset(
    {
        "startEvent",
        "endEvent",
        "userTask",
        "serviceTask",
        "sendTask",
        "scriptTask",
        "businessRuleTask",
        "exclusiveGateway",
        "parallelGateway",
        "intermediateThrowEvent",
        "intermediateCatchEvent",
    }
)
JOBS = frozenset({"message", None})
"""Kinds of throwing events that do no more than a job, where they have one."""

RunJob = Callable[[Job], Mapping[str, object]]


class CannotWalk(Exception):
    """The diagram holds something that only the engine knows."""


@dataclass(slots=True)
class _Host:
    """An open user task, or the open ones of a multi-instance element."""

    element: Element
    due: datetime | None
    tasks: list[UUID]
    items: list[object] | None = None
    results: list[object] = field(default_factory=list)


@dataclass(slots=True)
class _Waiting:
    """A timer with the instants that are still to come."""

    element: Element
    plan: list[str]
    host: _Host | None


class Diagram:
    """A compiled process with its flows by source; shared by all walks through it."""

    def __init__(self, process: CompiledProcess) -> None:
        self.process = process
        self.outgoing: dict[str, list[SequenceFlow]] = {}
        self.incoming: Counter[str] = Counter()
        self.boundaries: dict[str, list[Element]] = {}
        for flow in process.flows.values():
            self.outgoing.setdefault(flow.source, []).append(flow)
            self.incoming[flow.target] += 1
        for element in process.elements.values():
            if element.attached_to and element.event == "timer":
                self.boundaries.setdefault(element.attached_to, []).append(element)

    def refuse_unknown(self, element: Element) -> None:
        """Raise `CannotWalk` for an element that this walk does not know how to pass."""
        loop = element.multi_instance
        ends = element.type == "endEvent" and element.event == "terminate"
        catches = element.type == "intermediateCatchEvent"
        known = element.event == "timer" if catches else ends or element.event in JOBS
        if element.type not in KNOWN or not known or (loop is not None and loop.sequential):
            raise CannotWalk(f"{element.type} {element.id}")


class Walk:
    """One case in memory.

    Args:
        diagram: the version that it runs on.
        calendar: of the company.
        run_job: carries out service tasks, as the product would.
    """

    def __init__(self, diagram: Diagram, calendar: WorkingCalendar, run_job: RunJob) -> None:
        self._diagram = diagram
        self._calendar = calendar
        self._run_job = run_job
        self._queue: deque[tuple[str, str | None, _Host | None]] = deque()
        self._hosts: dict[UUID, _Host] = {}
        self._locals: dict[UUID, dict[str, Any]] = {}
        self._timers: dict[UUID, _Waiting] = {}
        self._visits: Counter[str] = Counter()
        self._arrived: Counter[tuple[str, str | None]] = Counter()
        self._happened: list[HappenedEvent] = []
        self._created: dict[UUID, CreatedTask] = {}
        self._started: list[DueTimer] = []
        self._gone: list[UUID] = []
        self._cancelled: list[UUID] = []
        self.variables: dict[str, Any] = {}
        self.finished = False

    def start(self, variables: Mapping[str, object]) -> Transition:
        """Begin with the given variables."""
        self.variables.update(variables)
        self._happened.append(HappenedEvent(EventKind.INSTANCE_STARTED))
        self._queue.append((self._diagram.process.start_event.id, None, None))
        return self._settle()

    def seen_by(self, task_id: UUID) -> dict[str, Any]:
        """The variables that a task sees."""
        return {**self.variables, **self._locals.get(task_id, {})}

    def complete(self, task_id: UUID, values: Mapping[str, object]) -> Transition:
        """Complete an open user task."""
        host = self._hosts.pop(task_id)
        element = host.element
        mine = self._locals.pop(task_id)
        self.variables.update(self._written(element, values, mine))
        host.tasks.remove(task_id)
        outcome = values.get(element.outcome_variable)
        done = CompletedTask(task_id, element.id, outcome if isinstance(outcome, str) else None)
        self._note(EventKind.TASK_COMPLETED, element, task_id=task_id, value=done.outcome)
        self._measure(element, task_id)
        if host.items is not None and element.multi_instance is not None:
            loop = element.multi_instance
            if loop.output_element:
                item = {loop.input_element: mine[loop.input_element]} if loop.input_element else {}
                host.results[mine["_place"]] = self._value(
                    loop.output_element, {**self.variables, **item, **values}
                )
            if loop.completion_condition:
                raise CannotWalk(element.id)
            if not host.tasks and loop.output_collection:
                self.variables[loop.output_collection] = host.results
        if not host.tasks:
            self._leave(host)
            self._follow(element)
        return self._settle((done,))

    def fire(self, timer_id: UUID) -> Transition | None:
        """Let a due timer fire; None when it no longer waits."""
        waiting = self._timers.get(timer_id)
        if waiting is None or datetime.fromisoformat(waiting.plan[0]) > clock.now():
            return None
        element, host = waiting.element, waiting.host
        self._note(EventKind.TIMER_FIRED, element)
        repeating = element.timer_kind == "timeCycle"
        waiting.plan = waiting.plan[1:]
        if waiting.plan:
            self._started.append(self._due_timer(timer_id, waiting))
        else:
            del self._timers[timer_id]
            self._gone.append(timer_id)
        if host is not None and element.interrupting:
            self._cancel(host)
        if not repeating:
            self._note(EventKind.ELEMENT_PASSED, element)
            self._measure(element)
        self._follow(element, host)
        return self._settle()

    # -- moving on ---------------------------------------------------------------------------

    def _settle(self, completed: tuple[CompletedTask, ...] = ()) -> Transition:
        while self._queue and not self.finished:
            self._arrive(*self._queue.popleft())
        if not (self._hosts or self._timers or self._queue):
            self.finished = True
        if self.finished:
            self._gone.extend(self._timers)
            self._cancelled.extend(self._hosts)
            self._timers.clear()
            self._hosts.clear()
            self._happened.append(HappenedEvent(EventKind.INSTANCE_COMPLETED))
        transition = Transition(
            created=tuple(task for task in self._created.values() if task.id in self._hosts),
            completed=completed,
            cancelled=tuple(self._cancelled),
            timers=tuple(timer for timer in self._started if timer.id in self._timers),
            timers_gone=tuple(self._gone),
            events=tuple(self._happened),
            variables=self.variables,
            finished=self.finished,
        )
        self._happened, self._created, self._started = [], {}, []
        self._gone, self._cancelled = [], []
        return transition

    def _arrive(self, identifier: str, source: str | None, reminding: _Host | None) -> None:
        element = self._diagram.process.elements[identifier]
        self._diagram.refuse_unknown(element)
        if element.type == "userTask":
            self._open(element)
            return
        if element.type == "intermediateCatchEvent":
            self._wait(element, None)
            return
        if element.type == "parallelGateway" and not self._all_arrived(element, source):
            return
        flows = self._flows_out(element)
        if element.type in {"scriptTask", "businessRuleTask"}:
            self._decide(element)
        elif element.job_type:
            self._work(element, reminding)
        gateway = element.type.endswith("Gateway")
        taken = {"flows": [flow.id for flow in flows]} if gateway else None
        self._note(EventKind.ELEMENT_PASSED, element, value=taken)
        self._measure(element)
        if element.type == "endEvent" and element.event == "terminate":
            self.finished = True
        self._queue.extend((flow.target, identifier, reminding) for flow in flows)

    def _all_arrived(self, element: Element, source: str | None) -> bool:
        self._arrived[element.id, source] += 1
        sources = {
            flow.source
            for flow in self._diagram.process.flows.values()
            if flow.target == element.id
        }
        if not all(self._arrived[element.id, each] for each in sources):
            return False
        for each in sources:
            self._arrived[element.id, each] -= 1
        return True

    def _flows_out(self, element: Element) -> list[SequenceFlow]:
        flows = self._diagram.outgoing.get(element.id, [])
        if element.type != "exclusiveGateway":
            return flows
        for flow in flows:
            asked = flow.condition if flow.id != element.default_flow else None
            if asked and self._value(asked, self.variables) is True:
                return [flow]
        chosen = [flow for flow in flows if flow.id == element.default_flow or len(flows) == 1]
        if not chosen:
            raise CannotWalk(f"{element.id} has no way out")
        return chosen[:1]

    def _follow(self, element: Element, reminding: _Host | None = None) -> None:
        self._queue.extend(
            (flow.target, element.id, reminding)
            for flow in self._diagram.outgoing.get(element.id, [])
        )

    def _decide(self, element: Element) -> None:
        context = {**self.variables, **self._mapped(element, self.variables)}
        if element.type == "scriptTask":
            value = self._value(element.script or "", context)
        else:
            decisions = self._diagram.process.decisions
            wanted = str(self._value(element.decision_id or "", context))
            value = decide(wanted, decisions, context, self._calendar)
        results = {element.result_variable or "result": value}
        self.variables.update(self._written(element, results, {}))

    def _work(self, element: Element, reminding: _Host | None) -> None:
        inputs = self._mapped(element, self.variables)
        context = {**self.variables, **inputs}
        job = Job(
            type=str(self._value(element.job_type or "", context)),
            element_id=element.id,
            element_name=element.name,
            headers={key: self._value(text, context) for key, text in element.headers.items()},
            variables=inputs or context,
            host_task_id=reminding.tasks[0] if reminding and reminding.tasks else None,
            host_instances=tuple(reminding.tasks) if reminding else (),
        )
        self.variables.update(self._written(element, self._run_job(job), inputs))

    # -- user tasks and timers ---------------------------------------------------------------

    def _open(self, element: Element) -> None:
        loop = element.multi_instance
        items: list[object] | None = None
        if loop is not None:
            found = self._value(loop.input_collection, self.variables)
            items = list(found) if isinstance(found, list) else []
            if not items:
                if loop.output_collection:
                    self.variables[loop.output_collection] = []
                self._follow(element)
                return
        host = _Host(element, None, [], items, [None] * len(items or ()))
        for place in range(len(items) if items is not None else 1):
            mine: dict[str, Any] = {}
            if items is not None and loop is not None and loop.input_element:
                mine = {loop.input_element: items[place], "loopCounter": place + 1}
            mine.update(self._mapped(element, {**self.variables, **mine}))
            task = self._task(element, mine)
            self._created[task.id] = task
            self._hosts[task.id] = host
            self._locals[task.id] = {**mine, "_place": place}
            host.tasks.append(task.id)
            host.due = task.due_at
        for boundary in self._diagram.boundaries.get(element.id, []):
            self._wait(boundary, host)

    def _task(self, element: Element, mine: Mapping[str, Any]) -> CreatedTask:
        context = {**self.variables, **mine}
        days = self._number(element.properties.get("standardWorkingDays"), context)
        due: datetime | None = None
        if element.due_date:
            told = self._value(element.due_date, context)
            due = instant(told) if told is not None else None
        elif days is not None:
            due = self._calendar.due_at(clock.now(), days)
        self._visits[element.id] += 1
        return CreatedTask(
            id=new_id(),
            element_id=element.id,
            name=element.name or element.id,
            step=element.step,
            lane=element.lane,
            form_key=element.form_key,
            assignee=self._text(element.assignee, context),
            candidate_group=self._text(element.candidate_groups, context),
            due_at=due,
            standards=Standards(
                days,
                self._number(element.properties.get("standardMinutes"), context),
                self._number(element.properties.get("standardCost"), context),
            ),
            outcomes=element.outcomes,
            outcome_variable=element.outcome_variable,
            loop_number=self._visits[element.id],
            help=element.help,
            local_variables=dict(mine),
        )

    def _wait(self, element: Element, host: _Host | None) -> None:
        due = host.due if host is not None else None
        shift = self._calendar.shift

        def shifted(days: float) -> str:
            if due is None:
                raise CannotWalk(f"{element.id} has no due date")
            return shift(due, days).isoformat()

        functions: dict[str, Callable[..., object]] = {
            "before due": lambda days: shifted(-days),
            "at due": lambda: shifted(0),
            "after due": shifted,
        }
        text = element.timer or ""
        found = self._value(text, self.variables, functions if "due(" in text else None)
        timer_id = new_id()
        plan = instants(found, element.timer_kind or "timeDate")
        self._timers[timer_id] = _Waiting(element, plan, host)
        self._started.append(self._due_timer(timer_id, self._timers[timer_id]))

    def _due_timer(self, timer_id: UUID, waiting: _Waiting) -> DueTimer:
        host = waiting.host.tasks[0] if waiting.host and waiting.host.tasks else None
        due = datetime.fromisoformat(waiting.plan[0])
        return DueTimer(timer_id, waiting.element.id, waiting.element.name, due, host)

    def _leave(self, host: _Host) -> None:
        for timer_id in [key for key, each in self._timers.items() if each.host is host]:
            del self._timers[timer_id]
            self._gone.append(timer_id)

    def _cancel(self, host: _Host) -> None:
        for task_id in host.tasks:
            self._cancelled.append(task_id)
            del self._hosts[task_id]
        self._leave(host)

    # -- FEEL and history --------------------------------------------------------------------

    def _value(
        self,
        text: str,
        context: Mapping[str, Any],
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> Any:
        if not text.startswith("="):
            return text
        return evaluate(text[1:], context, calendar=self._calendar, functions=functions)

    def _number(self, text: str | None, context: Mapping[str, Any]) -> float | None:
        value = self._value(text, context) if text else None
        number = None if value is None else float(value)
        if number is not None and not math.isfinite(number):
            raise CannotWalk(f"“{text}” gave {value!r}")
        return number

    def _text(self, text: str | None, context: Mapping[str, Any]) -> str | None:
        value = self._value(text, context) if text else None
        return str(value) if value not in (None, "") else None

    def _written(
        self, element: Element, results: Mapping[str, Any], mine: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What of the results becomes variables: all, or what the designer maps."""
        if not element.outputs:
            return results
        context = {**self.variables, **mine, **results}
        return {mapping.target: self._value(mapping.source, context) for mapping in element.outputs}

    def _mapped(self, element: Element, context: Mapping[str, Any]) -> dict[str, Any]:
        mapped: dict[str, Any] = {}
        for mapping in element.inputs:
            mapped[mapping.target] = self._value(mapping.source, {**context, **mapped})
        return mapped

    def _measure(self, element: Element, task_id: UUID | None = None) -> None:
        if element.measure is None:
            return
        text = element.properties.get("measureValue")
        value = self._value(text, self.variables) if text else None
        self._note(
            EventKind.MEASURED, element, measure=element.measure, value=value, task_id=task_id
        )

    def _note(self, kind: EventKind, element: Element, **details: Any) -> None:
        self._happened.append(
            HappenedEvent(
                kind,
                element_id=element.id,
                element_name=element.name,
                element_type=element.type,
                **details,
            )
        )
