"""Invariants of the database: what must be true after every command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import Bundle, BundledFile
from broker_crm.definitions.models import (
    ProcessVersion,
    ProcessVersionResource,
    Resource,
    ResourceKind,
)
from broker_crm.definitions.published import VersionDamaged, compiled
from broker_crm.engine import commands as engine
from broker_crm.engine.errors import EngineError
from broker_crm.engine.run import Surroundings
from broker_crm.engine.transition import EventKind
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import (
    EventSubscription,
    InstanceStatus,
    ProcessEvent,
    ProcessInstance,
    TaskStatus,
    Timer,
    UserTask,
)


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: str
    place: str
    found: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.place}: {self.found}"


def violations(session: Session) -> Iterator[Violation]:
    """Everything that is not as it must be; nothing when the database is sound."""
    yield from _completed_tasks_have_one_event(session)
    yield from _open_tasks_live(session)
    yield from _states_agree(session)
    yield from _versions_are_untouched(session)


def _completed_tasks_have_one_event(session: Session) -> Iterator[Violation]:
    counted = (
        select(UserTask.id, func.count(ProcessEvent.id))
        .outerjoin(
            ProcessEvent,
            (ProcessEvent.task_id == UserTask.id) & (ProcessEvent.kind == EventKind.TASK_COMPLETED),
        )
        .where(UserTask.status == TaskStatus.COMPLETED)
        .group_by(UserTask.id)
        .having(func.count(ProcessEvent.id) != 1)
    )
    for task_id, events in session.execute(counted):
        yield Violation("A completed task has one event", f"task {task_id}", f"{events} events")


def _open_tasks_live(session: Session) -> Iterator[Violation]:
    orphans = (
        select(UserTask.id, ProcessInstance.status)
        .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .where(
            UserTask.status == TaskStatus.OPEN,
            ProcessInstance.status != InstanceStatus.ACTIVE,
        )
    )
    for task_id, status in session.execute(orphans):
        yield Violation(
            "An open task has a running instance", f"task {task_id}", f"the instance is {status}"
        )


def _states_agree(session: Session) -> Iterator[Violation]:
    active = select(ProcessInstance).where(ProcessInstance.status == InstanceStatus.ACTIVE)
    for instance in session.scalars(active.execution_options(yield_per=200)):
        place = f"instance {instance.id}"
        around = Surroundings(company_calendar(session), lambda _job: {}, instance.id)
        try:
            process = compiled(session, instance.version_id)
            snapshot = engine.inspect(process, instance.state, around)
        except VersionDamaged:
            continue  # the version itself is told of
        except EngineError as error:
            yield Violation("A state can be read", place, str(error))
            continue
        rows: dict[str, tuple[set[object], set[object]]] = {
            "open tasks": (
                set(
                    session.scalars(
                        select(UserTask.id).where(
                            UserTask.instance_id == instance.id,
                            UserTask.status == TaskStatus.OPEN,
                        )
                    )
                ),
                set(snapshot.open_tasks),
            ),
            "timers": (
                {
                    tuple(row)
                    for row in session.execute(
                        select(Timer.id, Timer.due_at).where(Timer.instance_id == instance.id)
                    )
                },
                {(timer.id, timer.due_at) for timer in snapshot.timers.values()},
            ),
            "subscriptions": (
                set(
                    session.scalars(
                        select(EventSubscription.id).where(
                            EventSubscription.instance_id == instance.id
                        )
                    )
                ),
                set(snapshot.subscriptions),
            ),
        }
        for what, (stored, meant) in rows.items():
            if stored != meant:
                yield Violation(
                    f"Rows and state agree on {what}", place, f"{len(stored ^ meant)} differ"
                )


def _versions_are_untouched(session: Session) -> Iterator[Violation]:
    for version in session.scalars(select(ProcessVersion)):
        rows = session.execute(
            select(ProcessVersionResource.kind, ProcessVersionResource.name, Resource.content)
            .join(Resource, Resource.hash == ProcessVersionResource.resource_hash)
            .where(ProcessVersionResource.version_id == version.id)
        )
        files = tuple(
            BundledFile(ResourceKind(kind), name, content) for kind, name, content in rows
        )
        if Bundle(version.process_key, version.name, files).content_hash != version.content_hash:
            yield Violation(
                "A version is as it was published",
                f"{version.process_key} {version.number}",
                "its content has another hash",
            )
