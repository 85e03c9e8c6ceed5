"""The history of instances: a beginning, at most one end, and only what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from broker_crm.engine.transition import EventKind
from broker_crm.integrity.invariant import holds
from broker_crm.process.models import InstanceStatus, ProcessEvent, ProcessInstance, UserTask

REACHED_ONCE = (EventKind.TASK_CREATED, EventKind.TASK_COMPLETED, EventKind.LETTER_QUEUED)
"""Kinds of which exactly one at most is the first at an element."""


@holds("A history begins with the start of its instance")
def begins_with_start(session: Session) -> Iterator[tuple[str, str]]:
    started = case((ProcessEvent.kind == EventKind.INSTANCE_STARTED, ProcessEvent.id))
    histories = (
        select(
            ProcessEvent.instance_id,
            func.min(ProcessEvent.id).label("first"),
            func.min(started).label("start"),
            func.count(started).label("starts"),
        )
        .group_by(ProcessEvent.instance_id)
        .subquery()
    )
    wrong = (
        select(ProcessInstance.id, func.coalesce(histories.c.starts, 0))
        .outerjoin(histories, histories.c.instance_id == ProcessInstance.id)
        .where(
            or_(
                func.coalesce(histories.c.starts, 0) != 1,
                histories.c.first != histories.c.start,
            )
        )
    )
    for instance_id, starts in session.execute(wrong):
        found = f"{starts} starts" if starts != 1 else "something happened before the start"
        yield f"instance {instance_id}", found


@holds("An ended instance has one end in its history, a running one none")
def ends_once(session: Session) -> Iterator[tuple[str, str]]:
    kinds = {
        InstanceStatus.COMPLETED: EventKind.INSTANCE_COMPLETED,
        InstanceStatus.CANCELLED: EventKind.INSTANCE_CANCELLED,
    }
    ends = (
        select(
            ProcessEvent.instance_id,
            func.count().label("number"),
            func.min(ProcessEvent.kind).label("kind"),
            func.min(ProcessEvent.at).label("at"),
        )
        .where(ProcessEvent.kind.in_(kinds.values()))
        .group_by(ProcessEvent.instance_id)
        .subquery()
    )
    expected = case(
        *((ProcessInstance.status == status, kind) for status, kind in kinds.items()), else_=None
    )
    running = ProcessInstance.status == InstanceStatus.ACTIVE
    wrong = (
        select(ProcessInstance.id, ProcessInstance.status, func.coalesce(ends.c.number, 0))
        .outerjoin(ends, ends.c.instance_id == ProcessInstance.id)
        .where(
            or_(
                and_(running, ends.c.number.is_not(None)),
                and_(
                    ~running,
                    or_(
                        ends.c.number.is_(None),
                        ends.c.number != 1,
                        ends.c.kind.is_distinct_from(expected),
                        ends.c.at.is_distinct_from(ProcessInstance.ended_at),
                    ),
                ),
            )
        )
    )
    for instance_id, status, number in session.execute(wrong):
        yield f"instance {instance_id}", f"it is {status}, and its history has {number} ends"


@holds("An event's task is a task of its instance")
def tasks_are_of_the_instance(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(ProcessEvent.id, ProcessEvent.kind)
        .outerjoin(UserTask, UserTask.id == ProcessEvent.task_id)
        .where(
            ProcessEvent.task_id.is_not(None),
            UserTask.instance_id.is_distinct_from(ProcessEvent.instance_id),
        )
    )
    for event_id, kind in session.execute(wrong):
        yield f"event {event_id} ({kind})", "its task is not there or is of another instance"


@holds("An event is of an instance that exists")
def instances_are_there(session: Session) -> Iterator[tuple[str, str]]:
    orphans = (
        select(ProcessEvent.id, ProcessEvent.kind)
        .outerjoin(ProcessInstance, ProcessInstance.id == ProcessEvent.instance_id)
        .where(ProcessInstance.id.is_(None))
    )
    for event_id, kind in session.execute(orphans):
        yield f"event {event_id} ({kind})", "its instance is missing"


@holds("An element is first reached once")
def first_reached_once(session: Session) -> Iterator[tuple[str, str]]:
    firsts = (
        select(ProcessEvent.instance_id, ProcessEvent.element_id, ProcessEvent.kind, func.count())
        .where(ProcessEvent.kind.in_(REACHED_ONCE), ProcessEvent.first_reach)
        .group_by(ProcessEvent.instance_id, ProcessEvent.element_id, ProcessEvent.kind)
        .having(func.count() > 1)
    )
    for instance_id, element_id, kind, number in session.execute(firsts):
        yield f"instance {instance_id}", f"{element_id}: {number} first events {kind}"
    unmarked = select(ProcessEvent.id, ProcessEvent.kind).where(
        ProcessEvent.kind.in_(REACHED_ONCE),
        ProcessEvent.first_reach != (ProcessEvent.loop_number == 1),
    )
    for event_id, kind in session.execute(unmarked):
        yield f"event {event_id} ({kind})", "its mark of a first reach does not fit its loop"


INVARIANTS = (
    begins_with_start,
    ends_once,
    tasks_are_of_the_instance,
    instances_are_there,
    first_reached_once,
)
