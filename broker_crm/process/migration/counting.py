"""How many cases run on which version, and how far a migration is."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.process.migration.models import ItemState, MigrationItem
from broker_crm.process.models import InstanceStatus, ProcessInstance


def running_by_version(session: Session, process_key: str) -> Mapping[int, int]:
    """Running cases by the id of the version that they run on now."""
    counted = (
        select(ProcessInstance.version_id, func.count())
        .where(
            ProcessInstance.status == InstanceStatus.ACTIVE,
            ProcessInstance.process_key == process_key,
        )
        .group_by(ProcessInstance.version_id)
    )
    return dict(session.execute(counted).all())


def states(session: Session, migration_id: UUID) -> Mapping[ItemState, int]:
    """Cases of a migration by their state; states without cases are left out."""
    rows = session.execute(
        select(MigrationItem.state, func.count())
        .where(MigrationItem.migration_id == migration_id)
        .group_by(MigrationItem.state)
    )
    return {ItemState(state): count for state, count in rows}
