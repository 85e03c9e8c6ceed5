"""One command at work: evaluates FEEL for the task tree, runs jobs, and records what happens."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.task import Task

from broker_crm import clock
from broker_crm.calendar import WorkingCalendar
from broker_crm.engine.decisions import Hit, decide
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element
from broker_crm.engine.errors import BpmnErrorThrown, EngineError, RuleFailed
from broker_crm.engine.explaining import Weighed, gateway, short, weigh
from broker_crm.engine.feel import FeelError, evaluate
from broker_crm.engine.flows_taken import flows_taken
from broker_crm.engine.instants import instant, instants
from broker_crm.engine.transition import (
    CreatedTask,
    EventKind,
    HappenedEvent,
    Job,
    Standards,
    Thrown,
)
from broker_crm.engine.workflow import (
    boundary_host,
    host_of_reminder_path,
    open_instances,
    scope_of,
    scopes_of,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine needs from outside while a command runs."""

    calendar: WorkingCalendar
    run_job: Callable[[Job], Mapping[str, object]]
    instance_id: UUID | None = None
    """Bound into the stored state, so that one instance's state is never taken for another's."""
    failures: tuple[type[Exception], ...] = ()
    """Errors of a job that are no fault of the process, such as a lost database: they pass as they
    are, and no rule has failed."""


class Run:
    """Stands in for SpiffWorkflow's script engine; no Python of a diagram is ever executed."""

    def __init__(self, process: CompiledProcess, around: Surroundings) -> None:
        self.process = process
        self.around = around
        self.created: dict[UUID, CreatedTask] = {}
        self.happened: list[HappenedEvent] = []
        self.thrown: list[Thrown] = []
        self._weighed: dict[UUID, list[Weighed]] = {}
        self._found: dict[UUID, dict[str, Any]] = {}

    def element(self, task: Task) -> Element:
        return self.process.elements[task.task_spec.bpmn_id]

    def context(self, task: Task) -> dict[str, Any]:
        """The variables that the task sees: process scope, multi-instance locals, mapped inputs."""
        inner, scope = self._scopes(task)
        return {**scope, **inner} if inner else scope

    def _scopes(self, task: Task) -> tuple[dict[str, Any], dict[str, Any]]:
        """What only this task and the subprocesses around it see, and the process's scope."""
        *around, scope = scopes_of(task)
        inner: dict[str, Any] = {}
        for data in reversed(around):
            inner.update(data)
        inner.update(task.data)
        inner.update(task.internal_data.get("inputs") or {})
        return inner, scope

    # -- FEEL ------------------------------------------------------------------------------

    def value(
        self,
        element: Element,
        text: str,
        context: Mapping[str, Any],
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> Any:
        """A zeebe value: FEEL behind '=', else the text itself."""
        if not text.startswith("="):
            return text
        try:
            return evaluate(text[1:], context, calendar=self.around.calendar, functions=functions)
        except FeelError as error:
            raise RuleFailed(element.id, element.name, str(error)) from error

    def evaluate(self, task: Task, expression: str, external_context: object = None) -> bool:
        """The condition of a sequence flow; SpiffWorkflow calls this."""
        element = self.element(task)
        context = self.context(task)
        result = self.value(element, expression, context)
        if not isinstance(result, bool):
            raise RuleFailed(
                element.id,
                element.name,
                f"The condition “{expression}” gave {result!r} instead of true or false.",
            )
        if element.type.endswith("Gateway"):
            self._weighed.setdefault(task.id, []).append(weigh(expression, context, result))
        return result

    def timer_instants(self, task: Task, element: Element) -> list[str]:
        """When a timer is due, as ISO instants in UTC, ascending."""
        found = self.value(
            element, element.timer or "", self.context(task), self._due_functions(task)
        )
        try:
            return instants(found, element.timer_kind or "timeDate")
        except ValueError as error:
            raise RuleFailed(element.id, element.name, f"The timer: {error}") from error

    def _due_functions(self, task: Task) -> dict[str, Callable[..., object]] | None:
        if "due(" not in (self.element(task).timer or ""):
            return None
        host = boundary_host(task)
        due = self._due_of(host) if host is not None else None
        calendar = self.around.calendar

        def shifted(days: float) -> str:
            if due is None:
                raise ValueError("the activity has no due date (no time standard)")
            return calendar.shift(due, days).isoformat()

        return {
            "before due": lambda days: shifted(-days),
            "at due": lambda: shifted(0),
            "after due": shifted,
        }

    def _due_of(self, host: Task) -> datetime | None:
        if "due" in host.internal_data:
            return datetime.fromisoformat(host.internal_data["due"])
        element, context = self.element(host), self.context(host)
        days = self._number(element, element.properties.get("standardWorkingDays"), context)
        return self._due_at(element, days, context)

    # -- user tasks ------------------------------------------------------------------------

    def user_task_ready(self, task: Task) -> None:
        """Snapshot assignment, standards and due date of a user task that became ready."""
        element = self.element(task)
        inputs = self.mapped_inputs(task)
        if inputs:
            task._set_internal_data(inputs=inputs)
        context = self.context(task)
        properties = element.properties
        working_days = self._number(element, properties.get("standardWorkingDays"), context)
        due = self._due_at(element, working_days, context)
        if due is not None:
            task._set_internal_data(due=due.isoformat())
        visits = task.workflow.top_workflow.visits
        visits[element.id] = visits.get(element.id, 0) + 1
        self.created[task.id] = CreatedTask(
            id=task.id,
            element_id=element.id,
            name=element.name or element.id,
            step=element.step,
            lane=element.lane,
            form_key=element.form_key,
            assignee=self._text(element, element.assignee, context),
            candidate_group=self._text(element, element.candidate_groups, context),
            due_at=due,
            standards=Standards(
                working_days,
                self._number(element, properties.get("standardMinutes"), context),
                self._number(element, properties.get("standardCost"), context),
            ),
            outcomes=element.outcomes,
            outcome_variable=element.outcome_variable,
            loop_number=visits[element.id],
            help=element.help,
            local_variables=self._scopes(task)[0],
        )

    def _due_at(
        self, element: Element, working_days: float | None, context: Mapping[str, Any]
    ) -> datetime | None:
        if element.due_date:
            value = self.value(element, element.due_date, context)
            try:
                return instant(value) if value is not None else None
            except ValueError as error:
                raise RuleFailed(element.id, element.name, f"The due date: {error}") from error
        if working_days is None:
            return None
        try:
            return self.around.calendar.due_at(clock.now(), working_days)
        except ValueError as error:
            raise RuleFailed(element.id, element.name, f"The time standard: {error}") from error

    def _number(
        self, element: Element, text: str | None, context: Mapping[str, Any]
    ) -> float | None:
        if not text:
            return None
        value = self.value(element, text, context)
        try:
            number = None if value is None else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if number is not None and not math.isfinite(number):
            raise RuleFailed(
                element.id, element.name, f"The standard “{text}” gave {value!r}, not a number."
            )
        return number

    def _text(self, element: Element, text: str | None, context: Mapping[str, Any]) -> str | None:
        value = self.value(element, text, context) if text else None
        return str(value) if value not in (None, "") else None

    # -- mappings --------------------------------------------------------------------------

    def mapped_inputs(self, task: Task) -> dict[str, Any]:
        element = self.element(task)
        if not element.inputs:
            return {}
        context = dict(self.context(task))
        mapped: dict[str, Any] = {}
        for mapping in element.inputs:
            value = self.value(element, mapping.source, context)
            mapped[mapping.target] = context[mapping.target] = value
        return mapped

    def write_outputs(
        self, task: Task, results: Mapping[str, Any], element: Element | None = None
    ) -> None:
        """Bring results into the variables: mapped where the designer maps, else all of them.

        Args:
            task: where the results arrive.
            results: by name.
            element: the one that maps, where it is not the task's own.
        """
        element = element or self.element(task)
        if not element.outputs:
            self._write(task, results)
            return
        context = {**self.context(task), **results}
        mapped = {
            mapping.target: self.value(element, mapping.source, context)
            for mapping in element.outputs
        }
        self._write(task, mapped)

    def _write(self, task: Task, values: Mapping[str, Any]) -> None:
        if values and self.element(task).type != "userTask":
            known = self._found.setdefault(task.id, {})
            known["set"] = short({**known.get("set", {}), **values})
        *inner, scope = [task.data, *scopes_of(task)]
        for name, value in values.items():
            next((data for data in inner if name in data), scope)[name] = value

    def subprocess_ended(self, task: Task, variables: Mapping[str, Any]) -> None:
        """An embedded subprocess's own variables end with it, but for what the designer maps."""
        if self.element(task).multi_instance is not None:
            task.data.update(variables)
        if self.element(task).outputs:
            self.write_outputs(task, variables)

    def called_process_ended(self, task: Task, variables: Mapping[str, Any]) -> None:
        element = self.element(task)
        if element.outputs or element.propagate_all:
            self.write_outputs(task, variables)

    # -- multi-instance --------------------------------------------------------------------

    def collection(self, task: Task) -> list[object]:
        element = self.element(task)
        loop = element.multi_instance
        assert loop is not None
        items = self.value(element, loop.input_collection, self.context(task))
        if not isinstance(items, list):
            raise RuleFailed(
                element.id, element.name, f"The input collection gave {items!r}, not a list."
            )
        return items

    def instance_result(self, child: Task) -> object:
        element = self.element(child)
        loop = element.multi_instance
        assert loop is not None
        if not loop.output_element:
            return None
        return self.value(element, loop.output_element, self.context(child))

    def completion_condition(self, child: Task, completed: int) -> bool:
        element = self.element(child)
        loop = element.multi_instance
        assert loop is not None
        if not loop.completion_condition:
            return False
        total = len(child.parent.internal_data["items"])
        counts = {"numberOfCompletedInstances": completed, "numberOfInstances": total}
        result = self.value(element, loop.completion_condition, {**self.context(child), **counts})
        return result is True

    def collection_done(self, task: Task, results: list[object]) -> None:
        loop = self.element(task).multi_instance
        if loop is not None and loop.output_collection:
            scope_of(task)[loop.output_collection] = results

    # -- automatic elements ----------------------------------------------------------------

    def run_job_if_any(self, task: Task) -> None:
        if self.element(task).job_type:
            self.run_job(task)

    def run_job(self, task: Task) -> None:
        element = self.element(task)
        inputs = self.mapped_inputs(task)
        context = {**self.context(task), **inputs}
        host = host_of_reminder_path(task)
        job = Job(
            type=str(self.value(element, element.job_type or "", context)),
            element_id=element.id,
            element_name=element.name,
            headers={
                key: self.value(element, text, context) for key, text in element.headers.items()
            },
            variables=inputs or context,
            host_task_id=host.id if host is not None else None,
            host_instances=open_instances(host) if host is not None else (),
        )
        try:
            results = self.around.run_job(job)
        except (EngineError, BpmnErrorThrown):
            raise
        except self.around.failures:
            raise
        except Exception as error:
            reason = f"The job “{job.type}” failed: {error}"
            raise RuleFailed(element.id, element.name, reason) from error
        self.write_outputs(task, results)

    def run_script(self, task: Task) -> None:
        element = self.element(task)
        context = {**self.context(task), **self.mapped_inputs(task)}
        value = self.value(element, element.script or "", context)
        self.write_outputs(task, {element.result_variable or "result": value})

    def run_decision(self, task: Task) -> None:
        element = self.element(task)
        context = {**self.context(task), **self.mapped_inputs(task)}
        decision = str(self.value(element, element.decision_id or "", context))
        hits: dict[str, Hit] = {}
        value = decide(decision, self.process.decisions, context, self.around.calendar, hits)
        self._found[task.id] = {"decisions": {key: hit.told() for key, hit in hits.items()}}
        self.write_outputs(task, {element.result_variable or "result": value})

    def throw(self, task: Task, element: Element) -> None:
        """A message or signal leaves the instance, with what was mapped for it and nothing else."""
        context = self.context(task)
        key = self._text(element, element.correlation_key, context)
        payload = self.mapped_inputs(task)
        self.thrown.append(
            Thrown(element.event or "message", element.event_name or "", key, payload)
        )

    # -- history ---------------------------------------------------------------------------

    def passed(self, task: Task) -> None:
        """Record that an automatic element was passed."""
        element = self.element(task)
        if element.type == "userTask":
            return
        found = self._found.pop(task.id, {})
        taken = flows_taken(self.process.flows, task, element)
        if taken is not None:
            leaving = [flow for flow in self.process.flows.values() if flow.source == element.id]
            found |= taken | gateway(leaving, self._weighed.pop(task.id, ()))
        self.note(EventKind.ELEMENT_PASSED, element, value=found or None)
        self.measure(task)

    def measure(self, task: Task, task_id: UUID | None = None) -> None:
        """Record a measurement point."""
        element = self.element(task)
        if element.measure is None:
            return
        text = element.properties.get("measureValue")
        value = self.value(element, text, self.context(task)) if text else None
        self.note(
            EventKind.MEASURED, element, measure=element.measure, value=value, task_id=task_id
        )

    def note(self, kind: EventKind, element: Element, **details: Any) -> None:
        self.happened.append(
            HappenedEvent(
                kind,
                element_id=element.id,
                element_name=element.name,
                element_type=element.type,
                **details,
            )
        )
