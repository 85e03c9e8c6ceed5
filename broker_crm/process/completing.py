"""Completes a user task: checks, runs the process on, writes, all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from broker_crm.definitions.forms import validate
from broker_crm.definitions.published import compiled, form
from broker_crm.engine import commands as engine
from broker_crm.engine.errors import TaskNotOpen
from broker_crm.engine.transition import CreatedTask, EventKind, Transition
from broker_crm.process import jobs, recording
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import (
    SubmissionRejected,
    TaskAlreadyCompleted,
    TaskNoLongerOpen,
    TaskNotFound,
    TaskTaken,
)
from broker_crm.process.jobs import CompletedStep
from broker_crm.process.loading import LoadedInstance, LoadedTask, load_task
from broker_crm.process.models import TaskStatus, UserTask
from broker_crm.process.recording import Work
from broker_crm.process.rights import may_work_on, refuse_two_hats

TASKS = cast(Table, UserTask.__table__)


class Held(Protocol):
    """What is asked of a task to measure its completion."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def loop_number(self) -> int: ...
    @property
    def standard_working_days(self) -> float | None: ...
    @property
    def standard_cost(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Completed:
    """What a completion led to."""

    instance_id: UUID
    case_title: str
    tasks: tuple[CreatedTask, ...]
    """Newly open tasks of the instance."""
    finished: bool
    outcome: str | None
    """The instance's outcome, once it has one."""
    transition: Transition


def complete(
    session: Session,
    task_id: UUID,
    values: Mapping[str, object],
    *,
    by: str,
    actual_minutes: float | None = None,
) -> Completed:
    """Complete a user task.

    Args:
        session: the caller commits, or rolls back on any error.
        task_id: the open task.
        values: what the form gave; checked against the form of the instance's version.
        by: login of the person.
        actual_minutes: working time as the person tells it, where it does.

    Raises:
        TaskNotFound: no such task, or not one that the person may know of.
        TaskAlreadyCompleted: with by whom and when; nothing has changed.
        TaskNoLongerOpen: the process went another way.
        TaskTaken: another person holds it.
        NotAllowed: the four-eyes rule, or the user is no longer active.
        SubmissionRejected: with messages by field.
        FormRejected: with errors by field.
        RuleFailed: a rule or job of the process failed; the caller rolls back.
    """
    task, instance, user = load_task(session, task_id, by)
    if not may_work_on(user, task.assignee, task.candidate_group):
        raise TaskNotFound(task_id)
    _refuse_unless_open(task, by)
    refuse_two_hats(session, user, instance.id, task.step)
    accepted = _accepted(session, task, instance, values)
    outcome, reason = _text(accepted.get(task.outcome_variable)), reason_in(accepted)
    step = CompletedStep(
        session, instance.case, task.id, task.step, task.element_id, outcome, reason, accepted, by
    )
    jobs.checked(step)
    work = Work(session, instance, by)
    process = compiled(session, instance.version_id)
    try:
        state, transition = engine.complete(process, instance.state, task.id, accepted, work.around)
    except TaskNotOpen as error:
        raise TaskNoLongerOpen from error
    outcome = transition.completed[0].outcome
    work.connection.execute(
        _COMPLETE,
        {
            "task": task.id,
            "by": by,
            "at": work.at,
            "began": task.started_at or work.at,
            "result": outcome,
            "why": reason,
            "minutes": actual_minutes,
        },
    )
    jobs.completed(replace(step, outcome=outcome))
    told = measured(work, task, outcome, reason, accepted)
    recording.record(
        work,
        state,
        transition,
        lambda event: told if event.kind == EventKind.TASK_COMPLETED else {},
    )
    return Completed(
        instance.id,
        instance.case.title,
        transition.created,
        transition.finished,
        instance.case.outcome,
        transition,
    )


_COMPLETE = (
    update(TASKS)
    .where(TASKS.c.id == bindparam("task"))
    .values(
        status=TaskStatus.COMPLETED,
        completed_by=bindparam("by"),
        completed_at=bindparam("at"),
        assignee=bindparam("by"),
        started_at=bindparam("began"),
        outcome=bindparam("result"),
        reason=bindparam("why"),
        actual_minutes=bindparam("minutes"),
        draft=None,
    )
)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def reason_in(values: Mapping[str, object]) -> str | None:
    """The reason among a task's values: the field `reason`, else one whose key ends with it."""
    for key, value in sorted(values.items(), key=lambda item: item[0] != "reason"):
        if key.lower().endswith("reason") and isinstance(value, str) and value:
            return value[:500]
    return None


def _refuse_unless_open(task: LoadedTask, by: str) -> None:
    if task.status == TaskStatus.COMPLETED:
        raise TaskAlreadyCompleted(task.completed_by, task.completed_at)
    if task.status != TaskStatus.OPEN:
        raise TaskNoLongerOpen
    if task.assignee not in (None, by):
        raise TaskTaken(task.assignee or "")


def _accepted(
    session: Session,
    task: LoadedTask,
    instance: LoadedInstance,
    values: Mapping[str, object],
) -> dict[str, Any]:
    outcomes = [part for part in task.outcomes.split(",") if part]
    if task.form_key is None:
        unknown = set(values) - {task.outcome_variable}
        if unknown:
            raise SubmissionRejected(
                {key: ["This field is not part of the task."] for key in unknown}
            )
        accepted = dict(values)
    else:
        schema = form(session, instance.version_id, task.form_key)
        context: dict[str, Any] = {}
        if schema.reads_variables:
            context = {
                **engine.variables(instance.state, instance.id),
                **task.local_variables,
            }
        accepted = validate(schema, values, context)
    if outcomes and accepted.get(task.outcome_variable) not in outcomes:
        listed = ", ".join(outcomes)
        raise SubmissionRejected({task.outcome_variable: [f"Choose one of: {listed}."]})
    return accepted


def measured(
    work: Work,
    task: Held,
    outcome: str | None,
    reason: str | None,
    accepted: Mapping[str, object],
) -> dict[str, object]:
    """What the event of a completion tells: values, waiting, working and lateness, standards."""
    calendar = company_calendar(work.session)
    began = task.started_at or work.at
    late = calendar.late_days(task.due_at, work.at) if task.due_at else None
    return {
        "value": dict(accepted),
        "outcome": outcome,
        "reason": reason,
        "wait_seconds": calendar.working_seconds(task.created_at, began),
        "work_seconds": calendar.working_seconds(began, work.at),
        "late_days": late,
        "loop_number": task.loop_number,
        "first_reach": task.loop_number == 1,
        "standard_working_days": task.standard_working_days,
        "standard_cost": task.standard_cost,
    }
