"""Due work under leases: tried by one worker at a time, a few times, then parked for a manager.

An attempt counts from the moment at which its lease is written, before anything is tried: work that
kills its worker is counted too. Fresh work is taken in batches; what was tried before is taken
alone, so that the innocent neighbours of a killer pass at their second attempt. Effects do not
depend on leases: each is one transaction that looks whether there is still something to do.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from broker_crm import clock
from broker_crm.definitions.published import VersionDamaged
from broker_crm.engine.errors import RuleFailed, StateDamaged
from broker_crm.process.errors import Outrun
from broker_crm.process.models import PendingMessage, Timer
from broker_crm.process.transactions import Command, raise_incident

LEASE = timedelta(minutes=2)
BATCH = 50
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=10))
"""Waits after the first and the second failure; after the third the work is parked."""
MAX_ATTEMPTS = len(BACK_OFF) + 1

Work = TypeVar("Work", Timer, PendingMessage)
log = logging.getLogger(__name__)


class Abandoned(Exception):
    """Every worker that tried it stopped before the end."""

    def __init__(self, attempts: int) -> None:
        super().__init__(f"The worker stopped in the middle of it, {attempts} times in a row.")


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    fired: int = 0
    failed: int = 0


def carry_out(
    factory: sessionmaker[Session],
    kind: type[Work],
    due_at: InstrumentedAttribute[datetime],
    act: Callable[[Session, UUID], int],
    command: Callable[[Work], Command],
    limit: int,
    stopping: Callable[[], bool],
) -> Swept:
    """Carry out what is due, one transaction for each.

    What fails is tried again after a while; after the third time it is parked and an incident
    waits for a manager.

    Args:
        factory: makes sessions.
        kind: the table.
        due_at: its column that says when.
        act: does one piece in the session's transaction and tells how much happened.
        command: of an incident.
        limit: pieces in one sweep.
        stopping: asked before each; when true, the rest waits for the next sweep.
    """
    fired, failures = 0, park_abandoned(factory, kind, command)
    with closing(each_due(factory, kind, due_at, limit, stopping)) as due:
        for identifier in due:
            try:
                with factory.begin() as session:
                    fired += act(session, identifier)
            except Outrun:
                give_back(factory, kind, [identifier])
            except DBAPIError:
                raise
            except Exception as error:
                failures += 1
                failed(factory, kind, identifier, error, command)
    return Swept(fired, failures)


def each_due(
    factory: sessionmaker[Session],
    kind: type[Work],
    due_at: InstrumentedAttribute[datetime],
    limit: int,
    stopping: Callable[[], bool],
) -> Generator[UUID, None, None]:
    """Lease what is due and give it out, one after the other; close it to give back the rest.

    Args:
        factory: makes sessions.
        kind: the table.
        due_at: its column that says when.
        limit: how many at most.
        stopping: asked before each; when true, what was not given out goes back.
    """
    left = limit
    while left > 0 and not stopping():
        leased = deque(_lease(factory, kind, due_at, min(BATCH, left)))
        if not leased:
            return
        left -= len(leased)
        try:
            while leased and not stopping():
                yield leased.popleft()
        finally:
            if leased:
                with suppress(DBAPIError):
                    give_back(factory, kind, leased)


def give_back(
    factory: sessionmaker[Session], kind: type[Work], identifiers: Iterable[UUID]
) -> None:
    """End the lease of work that was not tried; it counts as no attempt."""
    with factory.begin() as session:
        session.execute(
            update(kind)
            .where(kind.id.in_(list(identifiers)), kind.lease_until.is_not(None))
            .values(lease_until=None, attempts=kind.attempts - 1)
            .execution_options(synchronize_session=False)
        )


def failed(
    factory: sessionmaker[Session],
    kind: type[Work],
    identifier: UUID,
    error: Exception,
    command: Callable[[Work], Command],
) -> None:
    """An attempt failed: try again later, or park it and raise an incident.

    Args:
        factory: makes sessions.
        kind: the table.
        identifier: of the row.
        error: what went wrong.
        command: for the incident.
    """
    if not isinstance(error, (RuleFailed, StateDamaged, VersionDamaged)):
        log.exception("%s %s failed unexpectedly", kind.__tablename__, identifier)
    with factory.begin() as session:
        row = session.get(kind, identifier, with_for_update=True)
        if row is None:
            return
        row.lease_until = None
        hopeless = isinstance(error, (StateDamaged, VersionDamaged))
        if hopeless or row.attempts >= MAX_ATTEMPTS:
            _park(session, row, error, command)
        else:
            row.not_before = clock.now() + BACK_OFF[max(row.attempts, 1) - 1]


def park_abandoned(
    factory: sessionmaker[Session], kind: type[Work], command: Callable[[Work], Command]
) -> int:
    """Park work whose last lease ran out although it was tried often enough.

    Returns:
        How many rows.
    """
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        abandoned = list(session.scalars(select(kind.id).where(_worn_out(kind))))
    for identifier in abandoned:
        with factory.begin() as session:
            row = session.scalar(
                select(kind).where(kind.id == identifier, _worn_out(kind)).with_for_update()
            )
            if row is not None:
                row.lease_until = None
                _park(session, row, Abandoned(row.attempts), command)
    return len(abandoned)


def _lease(
    factory: sessionmaker[Session],
    kind: type[Work],
    due_at: InstrumentedAttribute[datetime],
    size: int,
) -> list[UUID]:
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        if session.scalar(_ready(kind, due_at).limit(1)) is None:
            return []
    with factory.begin() as session:
        ready = _ready(kind, due_at).order_by(due_at).with_for_update(skip_locked=True)
        leased = list(session.scalars(ready.where(kind.attempts == 0).limit(size)))
        leased = leased or list(session.scalars(ready.where(kind.attempts > 0).limit(1)))
        session.execute(
            update(kind)
            .where(kind.id.in_(leased))
            .values(lease_until=clock.now() + LEASE, attempts=kind.attempts + 1)
            .execution_options(synchronize_session=False)
        )
        return leased


def _ready(kind: type[Work], due_at: InstrumentedAttribute[datetime]) -> Select[UUID]:
    now = clock.now()
    return select(kind.id).where(
        due_at <= now,
        kind.parked.is_(False),
        kind.attempts < MAX_ATTEMPTS,
        or_(kind.not_before.is_(None), kind.not_before <= now),
        or_(kind.lease_until.is_(None), kind.lease_until < now),
    )


def _worn_out(kind: type[Work]) -> ColumnElement[bool]:
    return and_(
        kind.attempts >= MAX_ATTEMPTS, kind.parked.is_(False), kind.lease_until < clock.now()
    )


def _park(session: Session, row: Any, error: Exception, command: Callable[[Any], Command]) -> None:
    row.parked = True
    raise_incident(session, command(row), error)
