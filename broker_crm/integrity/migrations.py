"""Migrations of cases: where they are agrees with where each of their cases is."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from broker_crm.definitions.models import ProcessVersion
from broker_crm.integrity.invariant import holds
from broker_crm.process.migration.models import PENDING, ItemState, Migration, MigrationItem
from broker_crm.process.models import ProcessInstance


@holds("A migration leaves no case half-way")
def phases_and_items_agree(session: Session) -> Iterator[tuple[str, str]]:
    ahead = or_(
        *(
            and_(MigrationItem.state == state, Migration.phase != phase)
            for phase, state in PENDING.items()
            if state != ItemState.NEW
        )
    )
    wrong = (
        select(Migration.id, Migration.phase, MigrationItem.instance_id, MigrationItem.state)
        .join(MigrationItem, MigrationItem.migration_id == Migration.id)
        .where(ahead)
    )
    for migration_id, phase, instance_id, state in session.execute(wrong):
        yield f"migration {migration_id}", f"it is {phase}, but instance {instance_id} is {state}"


@holds("A migration leads from one version of a process to another of the same")
def versions_are_of_the_process(session: Session) -> Iterator[tuple[str, str]]:
    source, target = aliased(ProcessVersion), aliased(ProcessVersion)
    wrong = (
        select(Migration.id)
        .join(source, source.id == Migration.from_version_id)
        .join(target, target.id == Migration.to_version_id)
        .where(
            or_(
                source.id == target.id,
                source.process_key != Migration.process_key,
                target.process_key != Migration.process_key,
            )
        )
    )
    for migration_id in session.scalars(wrong):
        yield f"migration {migration_id}", "its versions are not two of its process"


@holds("The cases of a migration are of its process")
def cases_are_of_the_process(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(Migration.id, ProcessInstance.id)
        .join(MigrationItem, MigrationItem.migration_id == Migration.id)
        .join(ProcessInstance, ProcessInstance.id == MigrationItem.instance_id)
        .where(ProcessInstance.process_key != Migration.process_key)
    )
    for migration_id, instance_id in session.execute(wrong):
        yield f"migration {migration_id}", f"instance {instance_id} is of another process"


INVARIANTS = (phases_and_items_agree, versions_are_of_the_process, cases_are_of_the_process)
