"""Orders for many tasks: previewed, carried out one by one, and taken back where possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.definitions.published import VersionDamaged
from broker_crm.engine.errors import EngineError
from broker_crm.process.errors import CommandRefused, Outrun, SubmissionRejected
from broker_crm.process.models import ProcessEvent
from broker_crm.process.rights import acting_user, require_steering
from broker_crm.process.steering.actions import Action, Order, act
from broker_crm.process.steering.models import RowState, SteeringBatch, SteeringRow
from broker_crm.process.steering.undoing import undo
from broker_crm.process.transactions import Command, run_command

MOST = 200
"""Subjects of one order."""
FAILURES = (CommandRefused, EngineError, VersionDamaged)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an order is for."""

    instance_id: UUID
    subject_id: UUID
    """The task, the waiting event or the case."""


class BatchNotFound(CommandRefused):
    """There is no such order."""

    code = "batch-not-found"

    def __init__(self, batch_id: UUID) -> None:
        super().__init__(f"There is no order {batch_id}.")


def give_order(
    factory: sessionmaker[Session], key: UUID, subjects: Iterable[Subject], order: Order
) -> bool:
    """Write an order down and carry it out; with the same key once only.

    Each subject has a transaction of its own: what fails holds up none of the others. A repeated
    call does what an interrupted one left.

    Returns:
        False when the order was given before.

    Raises:
        NotAllowed: only those who steer may.
    """
    fresh = True
    try:
        with factory.begin() as session:
            require_steering(acting_user(session, order.by))
            fresh = session.get(SteeringBatch, key) is None
            if fresh:
                _write_down(session, key, list(subjects)[:MOST], order)
    except IntegrityError:
        fresh = False
    carry_out(factory, key, by=order.by)
    return fresh


def _write_down(session: Session, key: UUID, subjects: list[Subject], order: Order) -> None:
    session.add(
        SteeringBatch(
            id=key,
            action=order.action,
            arguments=dict(order.arguments),
            reason=order.reason.strip()[:500],
            created_by=order.by,
            created_at=clock.now(),
        )
    )
    session.flush()
    session.add_all(
        SteeringRow(
            batch_id=key,
            place=place,
            instance_id=subject.instance_id,
            subject_id=subject.subject_id,
        )
        for place, subject in enumerate(subjects)
    )


def carry_out(factory: sessionmaker[Session], batch_id: UUID, *, by: str) -> int:
    """Do, or take back, what of an order an interruption left; gives how much that was.

    Raises:
        NotAllowed, BatchNotFound.
    """
    with factory() as session:
        state, how = rest(_batch(session, batch_id, by))
    return do_each(factory, batch_id, state, how)


def rest(batch: SteeringBatch) -> tuple[RowState, Order | str]:
    """What is left to do of an order that was interrupted."""
    if batch.undone_by is not None:
        return RowState.UNDOING, batch.undone_by
    order = Order(Action(batch.action), batch.arguments, batch.reason, batch.created_by)
    return RowState.NEW, order


def undo_order(factory: sessionmaker[Session], batch_id: UUID, *, by: str) -> int:
    """Take back what of an order can be taken back, the last one first.

    What was not done yet is not done any more.

    Raises:
        NotAllowed, BatchNotFound.
    """
    with factory.begin() as session:
        batch = _batch(session, batch_id, by)
        standing = select(SteeringRow).where(
            SteeringRow.batch_id == batch_id,
            SteeringRow.state.in_((RowState.NEW, RowState.DONE)),
        )
        for row in session.scalars(standing.with_for_update()):
            row.state = RowState.UNDOING if row.state == RowState.DONE else RowState.UNDONE
            batch.undone_by, batch.undone_at = by, clock.now()
    return do_each(factory, batch_id, RowState.UNDOING, by)


def _batch(session: Session, batch_id: UUID, by: str) -> SteeringBatch:
    require_steering(acting_user(session, by))
    batch = session.get(SteeringBatch, batch_id)
    if batch is None:
        raise BatchNotFound(batch_id)
    return batch


def do_each(
    factory: sessionmaker[Session],
    batch_id: UUID,
    state: RowState,
    how: Order | str,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Do each subject of an order that is in a state, in a transaction of its own.

    Args:
        factory: makes sessions.
        batch_id: of the order.
        state: `NEW` or `UNDOING`.
        how: the order, or who takes it back.
        stopping: asked before each subject; when true, the rest stays as it is.

    Returns:
        How many were done or refused.
    """
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        found = select(SteeringRow.place, SteeringRow.instance_id).where(
            SteeringRow.batch_id == batch_id, SteeringRow.state == state
        )
        waiting = session.execute(found.order_by(SteeringRow.place)).all()
    if state is RowState.UNDOING:
        waiting = waiting[::-1]
    done = 0
    for place, instance_id in waiting:
        if stopping():
            break
        done += _one(factory, (batch_id, place), instance_id, state, how)
    return done


def _one(
    factory: sessionmaker[Session],
    row_key: tuple[UUID, int],
    instance_id: UUID,
    state: RowState,
    how: Order | str,
) -> int:
    def work(session: Session) -> int:
        row = session.get(SteeringRow, row_key, with_for_update=True)
        if row is None or row.state != state:
            return 0
        try:
            with session.begin_nested():
                _do(session, row, how)
        except Outrun:
            raise
        except (*FAILURES, DataError) as error:
            session.expire_all()
            row = session.get_one(SteeringRow, row_key)
            row.state = RowState.REFUSED if state is RowState.NEW else RowState.KEPT
            row.reason = told(error)
        return 1

    try:
        return run_command(factory, work, Command("steer", instance_id))
    except Outrun as error:
        with factory.begin() as session:
            row = session.get_one(SteeringRow, row_key, with_for_update=True)
            if row.state == state:
                row.state = RowState.REFUSED if state is RowState.NEW else RowState.KEPT
                row.reason = told(error)
        return 1


def _do(session: Session, row: SteeringRow, how: Order | str) -> None:
    event: ProcessEvent
    if isinstance(how, Order):
        event = act(session, row.instance_id, row.subject_id, how)
        row.event_id, row.state = event.id, RowState.DONE
    else:
        undo(session, row.instance_id, row.event_id or 0, by=how)
        row.state = RowState.UNDONE


def told(error: Exception) -> dict[str, Any]:
    """Why something was refused, as data that pages put into words."""
    if isinstance(error, DataError):
        error = SubmissionRejected({"value": ["It can't be kept."]})
    why = getattr(error, "why", None)
    return {
        "code": getattr(error, "code", "rule-failed"),
        "why": why.name if why is not None else None,
        "text": str(error)[:500],
    }
