"""Gives a new case its version and, while an experiment runs, its arm: in the start's transaction.

Whoever starts cases passes through here: people, campaigns, imports, messages, timers, other
processes. A case with a version of the caller's choice is in no experiment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import latest_version, latest_versions
from broker_crm.process.experiments.arms import hashed, in_block
from broker_crm.process.experiments.models import (
    IN_FORCE,
    VERSION,
    Arm,
    Experiment,
    ExperimentAssignment,
    State,
    Unit,
)

NEEDED: tuple[Any, ...] = (
    Experiment.id,
    Experiment.state,
    Experiment.compared,
    Experiment.version_a_id,
    Experiment.version_b_id,
    Experiment.share_b,
    Experiment.unit,
    Experiment.balanced,
    Experiment.needed,
    Experiment.ends_on,
    Experiment.seed,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The case that is about to start, as far as drawing asks for it."""

    instance_id: UUID
    client_id: int | None
    owner: str | None
    segment: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a case begins with.

    Attributes:
        version: that it runs on.
        assignment: its row, not yet written; None outside of experiments.
    """

    version: ProcessVersion
    assignment: ExperimentAssignment | None = None

    def told(self) -> dict[str, str]:
        """What the case's history says of it."""
        row = self.assignment
        return {"experiment": str(row.experiment_id), "arm": row.arm} if row is not None else {}


def version_in_force(session: Session, process_key: str) -> ProcessVersion:
    """The version that cases outside of experiments start on: the latest, or A while one runs.

    Raises:
        NotPublished: when the process has none.
    """
    latest, found = _in_force(session, process_key)
    return latest if found is None else session.get_one(ProcessVersion, found.version_a_id)


def versions_in_force(session: Session) -> list[ProcessVersion]:
    """The version of every process that cases outside of experiments start on, by name."""
    held = dict(
        session.execute(
            select(Experiment.process_key, Experiment.version_a_id).where(
                Experiment.state.in_(IN_FORCE)
            )
        ).all()
    )
    return [
        session.get_one(ProcessVersion, held.get(version.process_key, version.id))
        for version in latest_versions(session)
    ]


def draw(session: Session, process_key: str, subject: Subject) -> Drawn:
    """Draw the arm of a new case, and with it its version.

    Until the caller commits, the experiment can neither be paused nor ended; where blocks are
    balanced, other starts of the process wait too.

    Args:
        session: the caller writes the assignment after the instance, and commits.
        process_key: id of the process.
        subject: the case.

    Raises:
        NotPublished: when the process has no version.
    """
    latest, found = _in_force(session, process_key)
    while found is not None and found.state == State.RUNNING:
        held = _held(session, found)
        if held is not None:
            found = held
            break
        latest, found = _in_force(session, process_key)
    if found is None:
        return Drawn(latest)
    arm = _arm(session, found, subject) if found.state == State.RUNNING else None
    takes_b = arm == Arm.B and found.compared == VERSION
    version = session.get_one(ProcessVersion, found.version_b_id if takes_b else found.version_a_id)
    if arm is None:
        return Drawn(version)
    return Drawn(
        version,
        ExperimentAssignment(
            instance_id=subject.instance_id,
            experiment_id=found.id,
            arm=arm,
            unit_key=_unit_key(found.unit, subject),
            stratum=_stratum(found, subject),
            at=clock.now(),
        ),
    )


def assigned(session: Session, experiment_id: UUID) -> int:
    """How many cases are in an experiment."""
    counted = select(func.count()).where(ExperimentAssignment.experiment_id == experiment_id)
    return session.scalar(counted) or 0


def _in_force(session: Session, process_key: str) -> tuple[ProcessVersion, Row[Any] | None]:
    """The latest version, and the experiment that is on: one statement, since every start asks."""
    on = and_(Experiment.process_key == ProcessVersion.process_key, Experiment.state.in_(IN_FORCE))
    row = session.execute(
        select(ProcessVersion, *NEEDED)
        .outerjoin(Experiment, on)
        .where(ProcessVersion.process_key == process_key)
        .order_by(ProcessVersion.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return latest_version(session, process_key), None
    return row[0], row if row.id is not None else None


def _held(session: Session, found: Row[Any]) -> Row[Any] | None:
    """The experiment under lock, as it is then; None when it is no longer running.

    Plain draws share the lock among themselves. Blocks count who came before, so they take turns.
    """
    in_turn = _draws_in_blocks(found)
    return session.execute(
        select(*NEEDED)
        .where(Experiment.id == found.id, Experiment.state == State.RUNNING)
        .with_for_update(read=not in_turn)
    ).one_or_none()


def _arm(session: Session, found: Row[Any], subject: Subject) -> Arm | None:
    """The arm; None when the sample is full or the time is over."""
    unit_key = _unit_key(found.unit, subject)
    if found.ends_on is not None and clock.now().astimezone(OFFICE).date() > found.ends_on:
        return None
    if found.unit != Unit.CASE:
        before = session.scalar(
            select(ExperimentAssignment.arm)
            .where(
                ExperimentAssignment.experiment_id == found.id,
                ExperimentAssignment.unit_key == unit_key,
            )
            .limit(1)
        )
        if before is not None:
            return Arm(before)
    if assigned(session, found.id) >= found.needed:
        return None
    if not _draws_in_blocks(found):
        return hashed(found.seed, unit_key, found.share_b)
    stratum = _stratum(found, subject)
    place = session.scalar(
        select(func.count(ExperimentAssignment.unit_key.distinct())).where(
            ExperimentAssignment.experiment_id == found.id,
            ExperimentAssignment.stratum == stratum,
        )
    )
    return in_block(found.seed, stratum, place or 0, found.share_b)


def _draws_in_blocks(found: Row[Any]) -> bool:
    """Salespeople are few, so that a hash could give one arm far too many of them."""
    return bool(found.balanced) or found.unit == Unit.SALESPERSON


def _stratum(found: Row[Any], subject: Subject) -> str:
    return subject.segment if found.balanced else ""


def _unit_key(unit: str, subject: Subject) -> str:
    """A case without a client, or without a salesperson, is drawn by itself."""
    if unit == Unit.CLIENT and subject.client_id is not None:
        return f"client:{subject.client_id}"
    if unit == Unit.SALESPERSON and subject.owner is not None:
        return f"salesperson:{subject.owner}"
    return f"case:{subject.instance_id.hex}"
