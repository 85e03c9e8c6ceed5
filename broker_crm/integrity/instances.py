"""Instances: what their row says fits their version, their end and what they wait for."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from broker_crm.definitions.models import ProcessVersion
from broker_crm.integrity.invariant import holds
from broker_crm.process.models import (
    EventSubscription,
    InstanceStatus,
    ProcessInstance,
    TaskStatus,
    Timer,
    UserTask,
)


@holds("A running instance has no end, an ended one has")
def status_and_end_agree(session: Session) -> Iterator[tuple[str, str]]:
    running = ProcessInstance.status == InstanceStatus.ACTIVE
    wrong = select(ProcessInstance.id, ProcessInstance.status).where(
        or_(
            ProcessInstance.status.not_in(list(InstanceStatus)),
            and_(running, ProcessInstance.ended_at.is_not(None)),
            and_(~running, ProcessInstance.ended_at.is_(None)),
        )
    )
    for instance_id, status in session.execute(wrong):
        yield f"instance {instance_id}", f"it is {status}"


@holds("An instance does not end before it starts")
def times_are_in_order(session: Session) -> Iterator[tuple[str, str]]:
    wrong = select(ProcessInstance.id).where(ProcessInstance.ended_at < ProcessInstance.started_at)
    for instance_id in session.scalars(wrong):
        yield f"instance {instance_id}", "its end is before its start"


@holds("A cancelled instance has an outcome")
def cancelled_have_an_outcome(session: Session) -> Iterator[tuple[str, str]]:
    wrong = select(ProcessInstance.id).where(
        ProcessInstance.status == InstanceStatus.CANCELLED, ProcessInstance.outcome.is_(None)
    )
    for instance_id in session.scalars(wrong):
        yield f"instance {instance_id}", "it has none"


@holds("An instance runs on a version of its own process")
def versions_fit(session: Session) -> Iterator[tuple[str, str]]:
    now, first = aliased(ProcessVersion), aliased(ProcessVersion)
    wrong = (
        select(ProcessInstance.id, ProcessInstance.process_key)
        .outerjoin(now, now.id == ProcessInstance.version_id)
        .outerjoin(first, first.id == ProcessInstance.first_version_id)
        .where(
            or_(
                now.process_key.is_distinct_from(ProcessInstance.process_key),
                first.process_key.is_distinct_from(ProcessInstance.process_key),
            )
        )
    )
    for instance_id, key in session.execute(wrong):
        yield f"instance {instance_id}", f"its version is not one of {key}"


@holds("An open task has a running instance")
def open_tasks_live(session: Session) -> Iterator[tuple[str, str]]:
    orphans = (
        select(UserTask.id, ProcessInstance.status)
        .outerjoin(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .where(
            UserTask.status == TaskStatus.OPEN,
            ProcessInstance.status.is_distinct_from(InstanceStatus.ACTIVE),
        )
    )
    for task_id, status in session.execute(orphans):
        yield f"task {task_id}", f"the instance is {status or 'missing'}"


@holds("An ended instance waits for nothing")
def ended_wait_for_nothing(session: Session) -> Iterator[tuple[str, str]]:
    ended = ProcessInstance.status != InstanceStatus.ACTIVE
    waits = union_all(
        *(
            select(kind.id, kind.instance_id)
            .join(ProcessInstance, ProcessInstance.id == kind.instance_id)
            .where(ended)
            for kind in (Timer, EventSubscription)
        )
    )
    for wait_id, instance_id in session.execute(waits):
        yield f"instance {instance_id}", f"it still waits for {wait_id}"


INVARIANTS = (
    status_and_end_agree,
    times_are_in_order,
    cancelled_have_an_outcome,
    versions_fit,
    open_tasks_live,
    ended_wait_for_nothing,
)
