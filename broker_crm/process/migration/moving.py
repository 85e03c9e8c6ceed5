"""Moves a running instance to another version, with its open tasks, drafts and timers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import compiled
from broker_crm.engine import commands as engine
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.migrating import MigrationRefused
from broker_crm.engine.transition import EventKind, HappenedEvent, Transition
from broker_crm.process import recording
from broker_crm.process.errors import CannotMigrate, NotAllowed, VersionNotOfProcess
from broker_crm.process.loading import LoadedInstance, load_instance
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask
from broker_crm.process.plain_text import plain
from broker_crm.process.recording import Work
from broker_crm.process.rights import acting_user, may_migrate


def migrate(session: Session, instance_id: UUID, version_id: int, *, by: str) -> Transition | None:
    """Move a running instance to another version of its process.

    Open tasks keep their assignee, due date, standards and draft; their name, form, outcomes and
    help become those of the other version.

    Args:
        session: the caller commits.
        instance_id: the running instance.
        version_id: the version to go on with.
        by: login of the manager or designer.

    Returns:
        What changed; None when the instance is on that version already.

    Raises:
        NotAllowed: only managers and designers may.
        InstanceNotFound, InstanceEnded: there is nothing to move.
        VersionNotOfProcess: no such version of this process.
        CannotMigrate: naming every place that the other version lacks; nothing has changed.
        RuleFailed: a rule of a new boundary event fails; the caller rolls back.
    """
    if not may_migrate(acting_user(session, by)):
        raise NotAllowed("Only a sales manager, a designer or an administrator may do this.")
    instance = load_instance(session, instance_id)
    before = instance.version_id
    if before == version_id:
        return None
    numbers = _numbers(session, instance, version_id)
    old, new = compiled(session, before), compiled(session, version_id)
    instance.version_id = instance.case.version_id = version_id
    work = Work(session, instance, by)
    try:
        state, transition = engine.migrate(old, new, instance.state, work.around)
    except MigrationRefused as refusal:
        raise CannotMigrate(refusal.obstacles) from refusal
    _put_on_version(work, new)

    def details(event: HappenedEvent) -> dict[str, Any]:
        return {"value": numbers} if event.kind == EventKind.INSTANCE_MIGRATED else {}

    recording.record(work, state, transition, details)
    return transition


def _numbers(session: Session, instance: LoadedInstance, version_id: int) -> dict[str, int]:
    """Numbers of the two versions."""
    rows = session.execute(
        select(ProcessVersion.id, ProcessVersion.number).where(
            ProcessVersion.id.in_((instance.version_id, version_id)),
            ProcessVersion.process_key == instance.process_key,
        )
    )
    numbers: dict[int, int] = {row.id: row.number for row in rows}
    if version_id not in numbers:
        raise VersionNotOfProcess(version_id)
    return {"from": numbers[instance.version_id], "to": numbers[version_id]}


def _put_on_version(work: Work, new: CompiledProcess) -> None:
    instance_id, version_id = work.instance.id, work.instance.version_id
    work.connection.execute(
        update(ProcessInstance)
        .where(ProcessInstance.id == instance_id)
        .values(version_id=version_id)
    )
    open_tasks = select(UserTask.id, UserTask.element_id).where(
        UserTask.instance_id == instance_id, UserTask.status == TaskStatus.OPEN
    )
    for task_id, element_id in work.connection.execute(open_tasks).all():
        element = new.user_tasks[element_id]
        name = element.name or element.id
        work.connection.execute(
            update(UserTask)
            .where(UserTask.id == task_id)
            .values(
                version_id=version_id,
                name=name,
                search_name=plain(name),
                step=element.step,
                lane=element.lane,
                form_key=element.form_key,
                outcomes=",".join(element.outcomes),
                outcome_variable=element.outcome_variable,
                help=dict(element.help),
            )
        )
