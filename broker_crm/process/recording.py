"""Writes what a command did: state, tasks, timers, subscriptions and events, in few statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, CursorResult, Table, bindparam, case, delete, func, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.db import UNAVAILABLE
from broker_crm.engine.errors import RuleFailed
from broker_crm.engine.run import Surroundings
from broker_crm.engine.transition import CreatedTask, EventKind, HappenedEvent, Job, Transition
from broker_crm.process import jobs
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import Outrun
from broker_crm.process.jobs import JobCall
from broker_crm.process.loading import LoadedInstance
from broker_crm.process.models import (
    EventSubscription,
    InstanceStatus,
    PendingMessage,
    ProcessEvent,
    ProcessInstance,
    TaskPause,
    TaskStatus,
    Timer,
    UserTask,
)
from broker_crm.process.plain_text import plain
from broker_crm.process.search_words import MOST, words_of

INSTANCES = cast(Table, ProcessInstance.__table__)
TASKS = cast(Table, UserTask.__table__)
PAUSES = cast(Table, TaskPause.__table__)
TIMERS = cast(Table, Timer.__table__)
SUBSCRIPTIONS = cast(Table, EventSubscription.__table__)
EVENTS = cast(Table, ProcessEvent.__table__)
MESSAGES = cast(Table, PendingMessage.__table__)

EVENT_COLUMNS = (
    "outcome",
    "reason",
    "wait_seconds",
    "work_seconds",
    "late_days",
    "standard_working_days",
    "standard_cost",
)


@dataclass(slots=True)
class Work:
    """A command under way on one instance."""

    session: Session
    instance: LoadedInstance
    actor: str | None
    at: datetime = field(default_factory=clock.now)
    job_events: list[HappenedEvent] = field(default_factory=list)

    connection: Connection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = self.session.connection()

    @property
    def around(self) -> Surroundings:
        """What the engine needs from here."""
        return Surroundings(
            company_calendar(self.session), self._run_job, self.instance.id, UNAVAILABLE
        )

    def _run_job(self, job: Job) -> Mapping[str, object]:
        call = JobCall(self.session, self.instance.case, job, self.actor)
        results = jobs.run(call)
        self.job_events.extend(call.events)
        return results


def record(
    work: Work,
    state: bytes,
    transition: Transition,
    details: Callable[[HappenedEvent], Mapping[str, object]] | None = None,
) -> None:
    """Write a transition.

    Args:
        work: the command.
        state: to be stored.
        transition: what happened.
        details: further columns for an event, such as lateness for a completion.

    Raises:
        Outrun: when the instance changed since it was loaded.
        RuleFailed: when a step is assigned to a login that nobody has.
    """
    rows = event_rows(work, transition, details)
    _update_instance(work, state, transition, rows)
    connection = work.connection
    if transition.created:
        _create_tasks(work, transition.created)
    if transition.cancelled:
        connection.execute(
            update(TASKS)
            .where(TASKS.c.id.in_(transition.cancelled))
            .values(status=TaskStatus.CANCELLED, completed_at=work.at)
        )
        _end_pauses(work, transition.cancelled, None)
    if transition.completed:
        _end_pauses(work, [task.id for task in transition.completed], work.actor)
    _record_timers(work, transition)
    _record_subscriptions(work, transition)
    if transition.thrown:
        connection.execute(MESSAGES.insert(), _message_rows(work, transition))
    if rows:
        connection.execute(EVENTS.insert(), rows)


def _create_tasks(work: Work, created: Sequence[CreatedTask]) -> None:
    try:
        work.connection.execute(TASKS.insert(), [task_row(work, task) for task in created])
    except IntegrityError as error:
        assigned = [task for task in created if task.assignee is not None]
        if not assigned:
            raise
        logins = ", ".join(sorted({f"“{task.assignee}”" for task in assigned}))
        reason = f"Nobody has the login to which the step is assigned: {logins}."
        raise RuleFailed(assigned[0].element_id, assigned[0].name, reason) from error


def _end_pauses(work: Work, task_ids: Sequence[UUID], by: str | None) -> None:
    """A task that has ended is paused no more; its due date stays as it was."""
    ended = cast(
        CursorResult[Any],
        work.connection.execute(
            update(PAUSES)
            .where(PAUSES.c.task_id.in_(task_ids), PAUSES.c.until_at.is_(None))
            .values(until_at=work.at, resumed_by=by)
        ),
    )
    if ended.rowcount:
        paused_no_more = update(TASKS).where(TASKS.c.id.in_(task_ids)).values(pause_reason=None)
        work.connection.execute(paused_no_more)


def insert_instance(work: Work, state: bytes, row: dict[str, Any]) -> None:
    """Write a new instance."""
    work.connection.execute(INSTANCES.insert(), [{**row, "state": state}])


def write_events(work: Work, *events: HappenedEvent, **columns: object) -> None:
    """Write events that are not part of a transition."""
    rows = [_event_row(work, event, columns) for event in events]
    work.connection.execute(EVENTS.insert(), rows)


def event_rows(
    work: Work,
    transition: Transition,
    details: Callable[[HappenedEvent], Mapping[str, object]] | None,
) -> list[dict[str, object]]:
    """Rows of the history for a transition, in the order in which things happened."""
    created = [
        HappenedEvent(
            EventKind.TASK_CREATED,
            element_id=task.element_id,
            element_name=task.name,
            element_type="userTask",
            task_id=task.id,
            loop_number=task.loop_number,
        )
        for task in transition.created
    ]
    cancelled = [
        HappenedEvent(EventKind.TASK_CANCELLED, element_type="userTask", task_id=task_id)
        for task_id in transition.cancelled
    ]
    ended = [event for event in transition.events if event.kind == EventKind.INSTANCE_COMPLETED]
    passed = [event for event in transition.events if event.kind != EventKind.INSTANCE_COMPLETED]
    return [
        _event_row(work, event, details(event) if details else {})
        for event in (*passed, *work.job_events, *cancelled, *created, *ended)
    ]


def new_words(work: Work, rows: Iterable[Mapping[str, object]]) -> str:
    """Words by which a case is found because of what these rows of the history tell."""
    typed = [row["value"] for row in rows if row["kind"] == EventKind.TASK_COMPLETED]
    return words_of([*typed, *work.instance.case.words])


def add_words(session: Session, instance_id: UUID, text: str) -> None:
    """Let a case be found by a text that no command of its own brings, such as an invitation."""
    wanted = update(INSTANCES).where(INSTANCES.c.id == instance_id)
    values = {"new_words": words_of([text])}
    session.connection().execute(wanted.values(search_text=_LONGER_TEXT), values)


_LONGER_TEXT = case(
    (
        func.length(INSTANCES.c.search_text) < MOST,
        INSTANCES.c.search_text.concat(bindparam("new_words")),
    ),
    else_=INSTANCES.c.search_text,
)


def _update_instance(
    work: Work, state: bytes, transition: Transition, rows: Iterable[Mapping[str, object]]
) -> None:
    instance = work.instance
    values: dict[str, object] = {
        "new_state": state,
        "new_version": instance.row_version + 1,
        "new_outcome": instance.case.outcome,
        "new_reason": instance.case.reason,
        "new_status": InstanceStatus.ACTIVE,
        "new_ended": None,
        "new_words": new_words(work, rows),
        "old_id": instance.id,
        "old_version": instance.row_version,
    }
    if transition.finished:
        values["new_status"] = InstanceStatus.COMPLETED
        values["new_ended"] = work.at
        if any(event.kind == EventKind.INSTANCE_CANCELLED for event in transition.events):
            values["new_status"] = InstanceStatus.CANCELLED
    result = cast(CursorResult[Any], work.connection.execute(_UPDATE_INSTANCE, values))
    if result.rowcount != 1:
        raise Outrun
    instance.row_version += 1


_UPDATE_INSTANCE = (
    update(INSTANCES)
    .where(
        INSTANCES.c.id == bindparam("old_id"),
        INSTANCES.c.row_version == bindparam("old_version"),
    )
    .values(
        state=bindparam("new_state"),
        row_version=bindparam("new_version"),
        outcome=bindparam("new_outcome"),
        reason=bindparam("new_reason"),
        status=bindparam("new_status"),
        ended_at=bindparam("new_ended"),
        search_text=_LONGER_TEXT,
    )
)


def task_row(work: Work, task: CreatedTask) -> dict[str, object]:
    """The row of a user task that became ready."""
    return {
        "id": task.id,
        "instance_id": work.instance.id,
        "version_id": work.instance.version_id,
        "client_id": work.instance.case.client_id,
        "element_id": task.element_id,
        "step": task.step,
        "name": task.name,
        "search_name": plain(task.name),
        "lane": task.lane,
        "form_key": task.form_key,
        "candidate_group": task.candidate_group,
        "assignee": task.assignee,
        "status": TaskStatus.OPEN,
        "created_at": work.at,
        "due_at": task.due_at,
        "loop_number": task.loop_number,
        "standard_working_days": task.standards.working_days,
        "standard_minutes": task.standards.minutes,
        "standard_cost": task.standards.cost,
        "outcomes": ",".join(task.outcomes),
        "outcome_variable": task.outcome_variable,
        "help": dict(task.help),
        "local_variables": dict(task.local_variables),
    }


def _record_timers(work: Work, transition: Transition) -> None:
    connection = work.connection
    stale = [*transition.timers_gone, *transition.timers_moved]
    if stale:
        connection.execute(delete(TIMERS).where(TIMERS.c.id.in_(stale)))
    if transition.timers:
        connection.execute(
            TIMERS.insert(),
            [
                {
                    "id": timer.id,
                    "instance_id": work.instance.id,
                    "element_id": timer.element_id,
                    "name": timer.name,
                    "due_at": timer.due_at,
                    "host_task_id": timer.host_task_id,
                    "attempts": 0,
                    "parked": False,
                }
                for timer in transition.timers
            ],
        )


def _record_subscriptions(work: Work, transition: Transition) -> None:
    connection = work.connection
    if transition.subscriptions_gone:
        gone = SUBSCRIPTIONS.c.id.in_(transition.subscriptions_gone)
        connection.execute(delete(SUBSCRIPTIONS).where(gone))
    if transition.subscriptions:
        connection.execute(
            SUBSCRIPTIONS.insert(),
            [
                {
                    "id": each.id,
                    "instance_id": work.instance.id,
                    "element_id": each.element_id,
                    "kind": each.kind,
                    "name": each.name,
                    "correlation_key": each.correlation_key,
                }
                for each in transition.subscriptions
            ],
        )


def _message_rows(work: Work, transition: Transition) -> list[dict[str, object]]:
    return [
        {
            "kind": thrown.kind,
            "name": thrown.name,
            "correlation_key": thrown.correlation_key,
            "payload": dict(thrown.payload),
            "created_at": work.at,
        }
        for thrown in transition.thrown
    ]


def _event_row(
    work: Work, event: HappenedEvent, columns: Mapping[str, object]
) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(EVENT_COLUMNS)
    row.update(
        instance_id=work.instance.id,
        version_id=work.instance.version_id,
        kind=event.kind,
        at=work.at,
        actor=work.actor,
        element_id=event.element_id,
        element_name=event.element_name,
        element_type=event.element_type,
        task_id=event.task_id,
        measure=event.measure,
        value=event.value,
        loop_number=event.loop_number,
        first_reach=event.loop_number == 1,
    )
    row.update(columns)
    return row
