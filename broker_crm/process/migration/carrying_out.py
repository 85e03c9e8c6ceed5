"""A worker's part: rehearses, moves and takes back, each case in a transaction of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.definitions.published import VersionDamaged
from broker_crm.engine.errors import RuleFailed, StateDamaged
from broker_crm.process import duties
from broker_crm.process.errors import CannotMigrate, CommandRefused, Outrun
from broker_crm.process.migration.models import (
    FOLLOWING,
    PENDING,
    ItemState,
    Migration,
    MigrationItem,
    Phase,
)
from broker_crm.process.migration.moving import migrate
from broker_crm.process.migration.rehearsing import rehearse
from broker_crm.process.models import ProcessInstance

CHUNK = 200
"""Cases of one migration that one sweep takes at most."""

log = logging.getLogger(__name__)


class Elsewhere(CommandRefused):
    """The case does not run on the expected version any more."""

    code = "elsewhere"

    def __init__(self) -> None:
        super().__init__("It was moved to another version in the meantime.")


def register() -> None:
    """Let workers carry migrations on; safe to repeat."""
    duties.register("migrations", carry_on)


def carry_on(
    factory: sessionmaker[Session],
    stopping: Callable[[], bool] = lambda: False,
    only: UUID | None = None,
) -> int:
    """Do a part of what was ordered.

    Args:
        factory: makes sessions.
        stopping: asked between cases.
        only: one migration; all by default.

    Returns:
        How many cases were done.
    """
    wanted = select(Migration.id, Migration.phase).where(Migration.phase.in_(list(PENDING)))
    if only is not None:
        wanted = wanted.where(Migration.id == only)
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        found = session.execute(wanted.order_by(Migration.created_at)).all()
    return sum(
        _part(factory, migration_id, Phase(phase), stopping) for migration_id, phase in found
    )


def _part(
    factory: sessionmaker[Session], migration_id: UUID, phase: Phase, stopping: Callable[[], bool]
) -> int:
    pending = (
        select(MigrationItem.instance_id)
        .where(MigrationItem.migration_id == migration_id, MigrationItem.state == PENDING[phase])
        .order_by(MigrationItem.instance_id)
        .limit(CHUNK)
    )
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        waiting = list(session.scalars(pending))
    done = 0
    for instance_id in waiting:
        if stopping():
            return done
        done += _one(factory, migration_id, instance_id, phase)
    if len(waiting) < CHUNK:
        _finish(factory, migration_id, phase)
    return done


def _one(
    factory: sessionmaker[Session], migration_id: UUID, instance_id: UUID, phase: Phase
) -> bool:
    """One case; False when another worker has it, or it has changed and comes round again."""
    try:
        with factory.begin() as session:
            item = _item(session, migration_id, instance_id, phase)
            if item is None:
                return False
            _act(session, item, session.get_one(Migration, migration_id), phase)
    except Outrun:
        return False
    except (CommandRefused, RuleFailed, StateDamaged, VersionDamaged) as error:
        with factory.begin() as session:
            item = _item(session, migration_id, instance_id, phase)
            if item is not None:
                item.state = ItemState.KEPT if phase is Phase.UNDOING else ItemState.STAYS
                item.reason = _reason(error)
                item.done_at = clock.now()
    return True


def _item(
    session: Session, migration_id: UUID, instance_id: UUID, phase: Phase
) -> MigrationItem | None:
    return session.scalars(
        select(MigrationItem)
        .where(
            MigrationItem.migration_id == migration_id,
            MigrationItem.instance_id == instance_id,
            MigrationItem.state == PENDING[phase],
        )
        .with_for_update(skip_locked=True)
    ).one_or_none()


def _act(session: Session, item: MigrationItem, migration: Migration, phase: Phase) -> None:
    leaves, goes_to = migration.from_version_id, migration.to_version_id
    if phase is Phase.UNDOING:
        leaves, goes_to = goes_to, leaves
    by = migration.ordered_by or migration.created_by
    runs_on = select(ProcessInstance.version_id).where(ProcessInstance.id == item.instance_id)
    if session.scalar(runs_on) != leaves:
        raise Elsewhere
    if phase is Phase.REHEARSING:
        item.changes = rehearse(session, item.instance_id, goes_to, by=by)
        item.state = ItemState.FITS
    else:
        migrate(session, item.instance_id, goes_to, by=by)
        item.state = ItemState.UNDONE if phase is Phase.UNDOING else ItemState.MOVED
    item.done_at = clock.now()


def _finish(factory: sessionmaker[Session], migration_id: UUID, phase: Phase) -> None:
    """Go on to the following phase when nothing of this one is left."""
    with factory.begin() as session:
        migration = session.get_one(Migration, migration_id, with_for_update=True)
        left = select(MigrationItem.instance_id).where(
            MigrationItem.migration_id == migration_id, MigrationItem.state == PENDING[phase]
        )
        if migration.phase != phase or session.scalar(left.limit(1)) is not None:
            return
        migration.phase = FOLLOWING[phase]
        if migration.phase != Phase.REHEARSED:
            migration.ended_at = clock.now()
    log.info("migration %s is %s", migration_id, FOLLOWING[phase])


def _reason(error: Exception) -> dict[str, Any]:
    """Why a case stays, as data that pages put into words."""
    obstacles = error.obstacles if isinstance(error, CannotMigrate) else ()
    return {
        "code": getattr(error, "code", "stopped"),
        "text": str(error),
        "obstacles": [
            {
                "element": each.element_id,
                "name": each.element_name,
                "why": each.why.name,
                "source": each.source,
            }
            for each in obstacles
        ],
    }
