"""A case on its way through a published diagram, in memory: what the engine would tell, quickly.

For the bulk of the past the engine would be too slow: it stores and reads back the state with every
command. Here a case is walked from its start to its end at once, by the same elements, the same
FEEL and the same decision tables, and the result is the same `Transition`. A case that comes to
what this walk does not know (an inclusive gateway, a called process …) is refused, and the engine
takes it. Messages and signals never come to a walk: nobody sends them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from broker_crm import clock
from broker_crm.calendar import WorkingCalendar
from broker_crm.db import new_id
from broker_crm.engine.decisions import Hit, decide
from broker_crm.engine.dialect import Element, SequenceFlow
from broker_crm.engine.explaining import Weighed, gateway, short, weigh
from broker_crm.engine.transition import (
    CompletedTask,
    CreatedTask,
    DueTimer,
    EventKind,
    HappenedEvent,
    Job,
    Transition,
)
from broker_crm.sample.diagrams import CannotWalk, Diagram
from broker_crm.sample.opening import created_task, timer_plan
from broker_crm.sample.reading import Reader
from broker_crm.sample.scopes import Host, Round, Scope, Token, Waiting

RunJob = Callable[[Job], Mapping[str, object]]


class Walk:
    """One case in memory.

    Args:
        diagram: the version that it runs on.
        calendar: of the company.
        run_job: carries out service tasks, as the product would.
    """

    def __init__(self, diagram: Diagram, calendar: WorkingCalendar, run_job: RunJob) -> None:
        self._diagram = diagram
        self._read = Reader(calendar)
        self._run_job = run_job
        self._case = Scope()
        self._queue: deque[Token] = deque()
        self._hosts: dict[UUID, Host] = {}
        self._locals: dict[UUID, dict[str, Any]] = {}
        self._places: dict[UUID, int] = {}
        self._timers: dict[UUID, Waiting] = {}
        self._listening: list[Scope] = []
        """Scopes of messages and signals that are awaited and never come."""
        self._visits: Counter[str] = Counter()
        self._arrived: Counter[tuple[str, str | None, int]] = Counter()
        self._happened: list[HappenedEvent] = []
        self._created: dict[UUID, CreatedTask] = {}
        self._started: list[DueTimer] = []
        self._gone: list[UUID] = []
        self._cancelled: list[UUID] = []
        self.finished = False

    @property
    def variables(self) -> dict[str, Any]:
        """Of the case."""
        return self._case.data

    def start(self, variables: Mapping[str, object]) -> Transition:
        """Begin with the given variables."""
        self.variables.update(variables)
        self._happened.append(HappenedEvent(EventKind.INSTANCE_STARTED))
        self._queue.append(Token(self._diagram.process.start_event.id, None, self._case))
        return self._settle()

    def seen_by(self, task_id: UUID) -> dict[str, Any]:
        """The variables that a task sees."""
        return dict(self._hosts[task_id].scope.seen(self._locals[task_id]))

    def complete(self, task_id: UUID, values: Mapping[str, object]) -> Transition:
        """Complete an open user task."""
        host = self._hosts.pop(task_id)
        element, scope = host.element, host.scope
        mine = self._locals.pop(task_id)
        scope.write(self._read.outputs(element, values, scope.seen(mine)))
        host.tasks.remove(task_id)
        outcome = values.get(element.outcome_variable)
        done = CompletedTask(task_id, element.id, outcome if isinstance(outcome, str) else None)
        self._note(EventKind.TASK_COMPLETED, element, task_id=task_id, value=done.outcome)
        self._measure(element, scope, task_id)
        loop = element.multi_instance
        if host.items is not None and loop is not None:
            if loop.output_element:
                item = {loop.input_element: mine[loop.input_element]} if loop.input_element else {}
                context = scope.seen({**item, **values})
                result = self._read.value(loop.output_element, context)
                host.results[self._places.pop(task_id)] = result
            if not host.tasks and loop.output_collection:
                self.variables[loop.output_collection] = host.results
        if not host.tasks:
            self._leave(host)
            self._follow(element, scope)
        return self._settle((done,))

    def fire(self, timer_id: UUID) -> Transition | None:
        """Let a due timer fire; None when it no longer waits."""
        waiting = self._timers.get(timer_id)
        if waiting is None or datetime.fromisoformat(waiting.plan[0]) > clock.now():
            return None
        element, host = waiting.element, waiting.host
        self._note(EventKind.TIMER_FIRED, element)
        waiting.plan = waiting.plan[1:]
        if waiting.plan:
            self._started.append(self._due_timer(timer_id, waiting))
        else:
            del self._timers[timer_id]
            self._gone.append(timer_id)
        if host is not None and element.interrupting:
            self._cancel(host)
        if element.timer_kind != "timeCycle":
            self._note(EventKind.ELEMENT_PASSED, element)
            self._measure(element, waiting.scope)
        self._follow(element, waiting.scope, host if not element.interrupting else None)
        return self._settle()

    # -- moving on ---------------------------------------------------------------------------

    def _settle(self, completed: tuple[CompletedTask, ...] = ()) -> Transition:
        while self._queue and not self.finished:
            self._arrive(self._queue.popleft())
        if not (self._hosts or self._timers or self._listening or self._queue):
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

    def _arrive(self, token: Token) -> None:
        element, scope = self._diagram.process.elements[token.target], token.scope
        self._diagram.refuse_unknown(element)
        if element.type == "userTask":
            self._open(element, scope)
        elif element.type == "subProcess":
            self._enter(element, scope)
        elif element.type == "eventBasedGateway":
            self._listening.append(scope)
        elif element.type == "intermediateCatchEvent":
            if element.event == "timer":
                self._wait(element, scope, None)
            else:
                self._listening.append(scope)
        elif element.type != "parallelGateway" or self._all_arrived(token):
            self._pass(element, token)

    def _pass(self, element: Element, token: Token) -> None:
        scope = token.scope
        weighed: list[Weighed] = []
        flows = self._flows_out(element, scope, weighed)
        told: dict[str, object] = {}
        if element.type in {"scriptTask", "businessRuleTask"}:
            told = self._decide(element, scope)
        elif element.job_type:
            told = self._work(element, token)
        if element.type.endswith("Gateway"):
            leaving = self._diagram.outgoing.get(element.id, [])
            told = {"flows": [flow.id for flow in flows]} | gateway(leaving, weighed)
        self._note(EventKind.ELEMENT_PASSED, element, value=told or None)
        self._measure(element, scope)
        for flow in flows:
            self._queue.append(Token(flow.target, element.id, scope, token.reminding))
        if element.type != "endEvent":
            return
        if element.event == "terminate":
            if scope.outside is not None:
                raise CannotWalk(element.id)
            self.finished = True
        elif scope.round is not None and not self._goes_on(scope):
            self._come_out(scope, scope.round)

    def _all_arrived(self, token: Token) -> bool:
        sources, scope = self._diagram.sources[token.target], id(token.scope)
        self._arrived[token.target, token.source, scope] += 1
        if not all(self._arrived[token.target, each, scope] for each in sources):
            return False
        for each in sources:
            self._arrived[token.target, each, scope] -= 1
        return True

    def _flows_out(
        self, element: Element, scope: Scope, weighed: list[Weighed]
    ) -> list[SequenceFlow]:
        flows = self._diagram.outgoing.get(element.id, [])
        if element.type != "exclusiveGateway":
            return flows
        for flow in flows:
            asked = flow.condition if flow.id != element.default_flow else None
            if not asked:
                continue
            seen = scope.seen()
            is_true = self._read.value(asked, seen) is True
            weighed.append(weigh(asked, seen, is_true))
            if is_true:
                return [flow]
        chosen = [flow for flow in flows if flow.id == element.default_flow or len(flows) == 1]
        if not chosen:
            raise CannotWalk(f"{element.id} has no way out")
        return chosen[:1]

    def _follow(self, element: Element, scope: Scope, reminding: Host | None = None) -> None:
        for flow in self._diagram.outgoing.get(element.id, []):
            self._queue.append(Token(flow.target, element.id, scope, reminding))

    # -- subprocesses ------------------------------------------------------------------------

    def _enter(self, element: Element, scope: Scope) -> None:
        loop = element.multi_instance
        items: list[object] = [None]
        if loop is not None:
            found = self._read.value(loop.input_collection, scope.seen())
            items = list(found) if isinstance(found, list) else []
            if not items:
                if loop.output_collection:
                    self.variables[loop.output_collection] = []
                self._follow(element, scope)
                return
        around = Round(element, scope, len(items), [None] * len(items))
        for place, item in enumerate(items):
            mine: dict[str, Any] = {}
            if loop is not None:
                mine = {loop.input_element: item} if loop.input_element else {}
                mine["loopCounter"] = place + 1
            mine.update(self._read.inputs(element, scope.seen(mine)))
            inside = Scope(mine, scope, around, place)
            self._queue.append(Token(self._diagram.starts[element.id].id, None, inside))

    def _goes_on(self, scope: Scope) -> bool:
        """Is anything on its way, open or awaited inside a subprocess?"""
        return any(
            each is scope
            for each in (
                *(token.scope for token in self._queue),
                *(host.scope for host in self._hosts.values()),
                *(timer.scope for timer in self._timers.values()),
                *self._listening,
            )
        )

    def _come_out(self, scope: Scope, around: Round) -> None:
        element, loop = around.element, around.element.multi_instance
        if element.outputs:
            mapped = self._read.outputs(element, scope.data, scope.seen())
            around.outside.write(mapped)
        self._note(EventKind.ELEMENT_PASSED, element)
        self._measure(element, around.outside)
        if loop is not None and loop.output_element:
            around.results[scope.place] = self._read.value(loop.output_element, scope.seen())
        around.left -= 1
        if around.left:
            return
        if loop is not None and loop.output_collection:
            self.variables[loop.output_collection] = around.results
        self._follow(element, around.outside)

    # -- what passes by itself ---------------------------------------------------------------

    def _decide(self, element: Element, scope: Scope) -> dict[str, object]:
        told: dict[str, object] = {}
        seen = scope.seen()
        context = {**seen, **self._read.inputs(element, seen)}
        if element.type == "scriptTask":
            value = self._read.value(element.script or "", context)
        else:
            decisions = self._diagram.process.decisions
            wanted = str(self._read.value(element.decision_id or "", context))
            hits: dict[str, Hit] = {}
            value = decide(wanted, decisions, context, self._read.calendar, hits)
            told["decisions"] = {key: hit.told() for key, hit in hits.items()}
        results = {element.result_variable or "result": value}
        written = self._read.outputs(element, results, seen)
        scope.write(written)
        return told | {"set": short(written)}

    def _work(self, element: Element, token: Token) -> dict[str, object]:
        seen, reminding = token.scope.seen(), token.reminding
        inputs = self._read.inputs(element, seen)
        context = {**seen, **inputs}
        value = self._read.value
        job = Job(
            type=str(value(element.job_type or "", context)),
            element_id=element.id,
            element_name=element.name,
            headers={key: value(text, context) for key, text in element.headers.items()},
            variables=inputs or context,
            host_task_id=reminding.tasks[0] if reminding and reminding.tasks else None,
            host_instances=tuple(reminding.tasks) if reminding else (),
        )
        written = self._read.outputs(element, self._run_job(job), context)
        token.scope.write(written)
        return {"set": short(written)} if written else {}

    # -- user tasks and timers ---------------------------------------------------------------

    def _open(self, element: Element, scope: Scope) -> None:
        loop = element.multi_instance
        items: list[object] | None = None
        if loop is not None:
            found = self._read.value(loop.input_collection, scope.seen())
            items = list(found) if isinstance(found, list) else []
            if not items:
                if loop.output_collection:
                    self.variables[loop.output_collection] = []
                self._follow(element, scope)
                return
        host = Host(element, scope, None, [], items, [None] * len(items or ()))
        for place in range(len(items) if items is not None else 1):
            mine: dict[str, Any] = {}
            if items is not None and loop is not None and loop.input_element:
                mine = {loop.input_element: items[place], "loopCounter": place + 1}
            mine.update(self._read.inputs(element, scope.seen(mine)))
            self._visits[element.id] += 1
            loops = self._visits[element.id]
            task = created_task(self._read, element, scope.seen(mine), loops, scope.own() | mine)
            self._created[task.id] = task
            self._hosts[task.id] = host
            self._locals[task.id], self._places[task.id] = mine, place
            host.tasks.append(task.id)
            host.due = task.due_at
        for boundary in self._diagram.boundaries.get(element.id, []):
            self._wait(boundary, scope, host)

    def _wait(self, element: Element, scope: Scope, host: Host | None) -> None:
        timer_id = new_id()
        plan = timer_plan(self._read, element, scope.seen(), host.due if host else None)
        self._timers[timer_id] = Waiting(element, scope, plan, host)
        self._started.append(self._due_timer(timer_id, self._timers[timer_id]))

    def _due_timer(self, timer_id: UUID, waiting: Waiting) -> DueTimer:
        host = waiting.host.tasks[0] if waiting.host and waiting.host.tasks else None
        due = datetime.fromisoformat(waiting.plan[0])
        return DueTimer(timer_id, waiting.element.id, waiting.element.name, due, host)

    def _leave(self, host: Host) -> None:
        for timer_id in [key for key, each in self._timers.items() if each.host is host]:
            del self._timers[timer_id]
            self._gone.append(timer_id)

    def _cancel(self, host: Host) -> None:
        for task_id in host.tasks:
            self._cancelled.append(task_id)
            del self._hosts[task_id]
        self._leave(host)

    # -- history -----------------------------------------------------------------------------

    def _measure(self, element: Element, scope: Scope, task_id: UUID | None = None) -> None:
        if element.measure is None:
            return
        text = element.properties.get("measureValue")
        value = self._read.value(text, scope.seen()) if text else None
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
