"""Locks a process instance and reads what a command needs of it in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from broker_crm.process.errors import InstanceEnded, InstanceNotFound, TaskNotFound
from broker_crm.process.jobs import Case
from broker_crm.process.models import InstanceStatus, ProcessInstance, UserTask
from broker_crm.process.rights import ACTOR, Actor, actor

INSTANCE: tuple[Any, ...] = (
    ProcessInstance.id,
    ProcessInstance.version_id,
    ProcessInstance.process_key,
    ProcessInstance.title,
    ProcessInstance.client_id,
    ProcessInstance.product_id,
    ProcessInstance.owner,
    ProcessInstance.status,
    ProcessInstance.outcome,
    ProcessInstance.reason,
    ProcessInstance.segment,
    ProcessInstance.state,
    ProcessInstance.row_version,
)
TASK: tuple[Any, ...] = (
    UserTask.id,
    UserTask.element_id,
    UserTask.step,
    UserTask.name,
    UserTask.form_key,
    UserTask.candidate_group,
    UserTask.assignee,
    UserTask.status,
    UserTask.created_at,
    UserTask.started_at,
    UserTask.due_at,
    UserTask.completed_at,
    UserTask.completed_by,
    UserTask.loop_number,
    UserTask.standard_working_days,
    UserTask.standard_cost,
    UserTask.outcomes,
    UserTask.outcome_variable,
    UserTask.local_variables,
)

_LOCK_INSTANCE: Select[Any] = (
    select(*INSTANCE).where(ProcessInstance.id == bindparam("wanted")).with_for_update()
)
_LOCK_TASK: Select[Any] = (
    select(*INSTANCE, *TASK, *ACTOR)
    .join(UserTask, UserTask.instance_id == ProcessInstance.id)
    .where(UserTask.id == bindparam("wanted"))
    .with_for_update()
)


@dataclass(slots=True)
class LoadedInstance:
    """An instance under lock."""

    id: UUID
    version_id: int
    process_key: str
    status: str
    state: bytes
    row_version: int
    segment: str
    case: Case


@dataclass(frozen=True, slots=True)
class LoadedTask:
    """A user task under lock."""

    id: UUID
    element_id: str
    step: str
    name: str
    form_key: str | None
    candidate_group: str | None
    assignee: str | None
    status: str
    created_at: datetime
    started_at: datetime | None
    due_at: datetime | None
    completed_at: datetime | None
    completed_by: str | None
    loop_number: int
    standard_working_days: float | None
    standard_cost: float | None
    outcomes: str
    outcome_variable: str
    local_variables: dict[str, Any]


def load_instance(session: Session, instance_id: UUID) -> LoadedInstance:
    """Lock a running instance.

    Raises:
        InstanceNotFound: when there is none.
        InstanceEnded: when it is over.
    """
    row = session.connection().execute(_LOCK_INSTANCE, {"wanted": instance_id}).one_or_none()
    if row is None:
        raise InstanceNotFound(instance_id)
    loaded = _instance(row)
    if loaded.status != InstanceStatus.ACTIVE:
        raise InstanceEnded
    return loaded


def load_task(session: Session, task_id: UUID, by: str) -> tuple[LoadedTask, LoadedInstance, Actor]:
    """Lock a task and its instance for the user `by`.

    Raises:
        TaskNotFound: when there is none.
        NotAllowed: when there is no such active user.
    """
    wanted = {"wanted": task_id, "who": by}
    row = session.connection().execute(_LOCK_TASK, wanted).one_or_none()
    if row is None:
        raise TaskNotFound(task_id)
    task = LoadedTask(*row[len(INSTANCE) : -len(ACTOR)])
    return task, _instance(row), actor(by, *row[-len(ACTOR) :])


def _instance(row: Sequence[Any]) -> LoadedInstance:
    case = Case(
        id=row[0],
        version_id=row[1],
        process_key=row[2],
        title=row[3],
        client_id=row[4],
        product_id=row[5],
        owner=row[6],
        outcome=row[8],
        reason=row[9],
    )
    return LoadedInstance(
        id=row[0],
        version_id=row[1],
        process_key=row[2],
        status=row[7],
        state=row[11],
        row_version=row[12],
        segment=row[10],
        case=case,
    )
