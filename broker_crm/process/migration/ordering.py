"""What a designer or manager orders: a rehearsal, the move of chosen cases, the way back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, insert, literal, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.definitions.models import ProcessVersion
from broker_crm.process.errors import CommandRefused, NotAllowed, VersionNotOfProcess
from broker_crm.process.migration.models import ItemState, Migration, MigrationItem, Phase
from broker_crm.process.models import InstanceStatus, ProcessInstance
from broker_crm.process.rights import acting_user, may_migrate


class MigrationNotFound(CommandRefused):
    """There is no such migration."""

    code = "migration-not-found"

    def __init__(self, migration_id: UUID) -> None:
        super().__init__(f"There is no migration {migration_id}.")


class NotInThisPhase(CommandRefused):
    """The migration is not where this could be done.

    Attributes:
        phase: where it is.
    """

    code = "not-in-this-phase"

    def __init__(self, phase: str) -> None:
        super().__init__(f"This can't be done now: the migration is {phase}.")
        self.phase = phase


class NothingChosen(CommandRefused):
    """None of the cases can be moved."""

    code = "nothing-chosen"

    def __init__(self) -> None:
        super().__init__("Choose at least one case that can be moved.")


def begin(
    session: Session, from_version_id: int, to_version_id: int, *, by: str, note: str = ""
) -> Migration:
    """Order a rehearsal over all cases that run on a version; nothing is moved yet.

    Args:
        session: the caller commits; a worker rehearses.
        from_version_id: the version whose cases are looked at.
        to_version_id: another version of the same process, earlier or later.
        by: login of the manager or designer.
        note: why, for those who read it later.

    Raises:
        NotAllowed: only managers and designers may.
        VersionNotOfProcess: the versions are not two of one process.
    """
    _require(session, by)
    source = session.get(ProcessVersion, from_version_id)
    target = session.get(ProcessVersion, to_version_id)
    if source is None:
        raise VersionNotOfProcess(from_version_id)
    if target is None or target.process_key != source.process_key or target.id == source.id:
        raise VersionNotOfProcess(to_version_id)
    migration = Migration(
        process_key=source.process_key,
        from_version_id=source.id,
        to_version_id=target.id,
        note=note.strip()[:1000],
        created_by=by,
        created_at=clock.now(),
    )
    session.add(migration)
    session.flush()
    running = select(literal(migration.id), ProcessInstance.id, literal(str(ItemState.NEW))).where(
        ProcessInstance.version_id == source.id, ProcessInstance.status == InstanceStatus.ACTIVE
    )
    session.execute(
        insert(MigrationItem).from_select(["migration_id", "instance_id", "state"], running)
    )
    return migration


def choose(
    session: Session, migration_id: UUID, *, by: str, only: Collection[UUID] | None = None
) -> int:
    """Let the cases be moved that the rehearsal found fit.

    Args:
        session: the caller commits; a worker moves.
        migration_id: rehearsed.
        by: login.
        only: these cases; all that fit by default.

    Returns:
        How many will be moved.

    Raises:
        NotAllowed, MigrationNotFound.
        NotInThisPhase: it is not rehearsed, or is moved already.
        NothingChosen: none of them fits.
    """
    migration = _locked(session, migration_id, by, Phase.REHEARSED)
    fit = update(MigrationItem).where(
        MigrationItem.migration_id == migration_id, MigrationItem.state == ItemState.FITS
    )
    if only is not None:
        fit = fit.where(MigrationItem.instance_id.in_(list(only)))
    chosen = _count(session.execute(fit.values(state=ItemState.CHOSEN)))
    if not chosen:
        raise NothingChosen
    _order(migration, Phase.MOVING, by)
    return chosen


def undo(session: Session, migration_id: UUID, *, by: str) -> int:
    """Let the cases that were moved go back to the version that they came from.

    Each goes back as it stands now: what was done in the meantime stays done. A case that stands
    where the earlier version has no place, or has ended, keeps its version and says so.

    Args:
        session: the caller commits; a worker moves.
        migration_id: moved.
        by: login.

    Returns:
        How many will be taken back.

    Raises:
        NotAllowed, MigrationNotFound, NotInThisPhase.
    """
    migration = _locked(session, migration_id, by, Phase.MOVED)
    moved = update(MigrationItem).where(
        MigrationItem.migration_id == migration_id, MigrationItem.state == ItemState.MOVED
    )
    undone = _count(session.execute(moved.values(state=ItemState.UNDOING)))
    _order(migration, Phase.UNDOING, by)
    return undone


def give_up(session: Session, migration_id: UUID, *, by: str) -> None:
    """End a migration of which nothing was moved.

    Raises:
        NotAllowed, MigrationNotFound, NotInThisPhase.
    """
    migration = _locked(session, migration_id, by, Phase.REHEARSING, Phase.REHEARSED)
    _order(migration, Phase.GIVEN_UP, by)
    migration.ended_at = clock.now()


def _require(session: Session, by: str) -> None:
    if not may_migrate(acting_user(session, by)):
        raise NotAllowed("Only a sales manager, a designer or an administrator may do this.")


def _locked(session: Session, migration_id: UUID, by: str, *phases: Phase) -> Migration:
    _require(session, by)
    migration = session.get(Migration, migration_id, with_for_update=True, populate_existing=True)
    if migration is None:
        raise MigrationNotFound(migration_id)
    if migration.phase not in phases:
        raise NotInThisPhase(migration.phase)
    return migration


def _order(migration: Migration, phase: Phase, by: str) -> None:
    migration.phase = phase
    migration.ordered_by = by
    migration.ordered_at = clock.now()
    migration.ended_at = None


def _count(result: Any) -> int:
    return cast(CursorResult[Any], result).rowcount
