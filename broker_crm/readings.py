"""What an operator has to know of the database: what is due, what is stuck, who works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Executable, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from broker_crm import clock
from broker_crm.heartbeat import Seen, workers
from broker_crm.outreach.hold import is_held
from broker_crm.outreach.models import OutboxEntry, OutboxState
from broker_crm.process.models import (
    Incident,
    InstanceStatus,
    PendingMessage,
    ProcessInstance,
    TaskStatus,
    Timer,
    UserTask,
)

PATIENCE = timedelta(minutes=5)
"""How late or silent the workers may be before they are called late."""


@dataclass(frozen=True, slots=True)
class Due:
    """Work that should be done by now."""

    count: int
    oldest_seconds: int
    """How long the oldest has been waiting; 0 when nothing is due."""
    resting: int = 0
    """Failed, and waiting for another attempt."""
    parked: int = 0
    """Failed too often, and waiting for a manager."""


@dataclass(frozen=True, slots=True)
class Readings:
    """The database at one moment."""

    timers: Due
    timers_ahead: int
    letters: Due
    """None is due while outgoing mail is held."""
    mail_is_held: bool
    letters_by_state: Mapping[str, int]
    messages: Due
    """Thrown by instances and not yet delivered."""
    incidents: Mapping[str, int]
    """Open ones by the command that failed."""
    active_instances: int
    open_tasks: int
    overdue_tasks: int
    workers: list[Seen]

    @property
    def lag_seconds(self) -> int:
        """How long the oldest of all that is due has been waiting."""
        return max(each.oldest_seconds for each in (self.timers, self.letters, self.messages))

    @property
    def silence_seconds(self) -> int | None:
        """Seconds since any worker swept; None when none did within the hour."""
        return min((worker.seconds_ago for worker in self.workers), default=None)

    @property
    def is_late(self) -> bool:
        """True when no worker lives or what is due waits too long."""
        longest = PATIENCE.total_seconds()
        silence = self.silence_seconds
        return silence is None or silence > longest or self.lag_seconds > longest


def take(session: Session) -> Readings:
    """Read everything that health and metrics tell, in a few short statements."""
    now = clock.now()
    letters = session.execute(
        select(func.count(), func.min(OutboxEntry.next_attempt_at)).where(
            OutboxEntry.state == OutboxState.QUEUED,
            OutboxEntry.next_attempt_at <= now,
            ~is_held(),
        )
    ).one()
    states = select(OutboxEntry.state, func.count()).group_by(OutboxEntry.state)
    incidents = (
        select(Incident.kind, func.count())
        .where(Incident.resolved_at.is_(None))
        .group_by(Incident.kind)
    )
    open_task = UserTask.status == TaskStatus.OPEN
    return Readings(
        timers=_leased(session, Timer, Timer.due_at, now),
        timers_ahead=session.scalar(select(func.count(Timer.id)).where(Timer.due_at > now)) or 0,
        letters=Due(letters[0], _seconds(letters[1], now)),
        mail_is_held=session.scalar(select(is_held())) or False,
        letters_by_state={state.value: 0 for state in OutboxState} | _counts(session, states),
        messages=_leased(session, PendingMessage, PendingMessage.created_at, now),
        incidents=_counts(session, incidents),
        active_instances=session.scalar(
            select(func.count(ProcessInstance.id)).where(
                ProcessInstance.status == InstanceStatus.ACTIVE
            )
        )
        or 0,
        open_tasks=session.scalar(select(func.count(UserTask.id)).where(open_task)) or 0,
        overdue_tasks=session.scalar(
            select(func.count(UserTask.id)).where(open_task, UserTask.due_at < now)
        )
        or 0,
        workers=workers(session),
    )


def _counts(session: Session, statement: Executable) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(statement)}


def _leased(
    session: Session,
    kind: type[Timer] | type[PendingMessage],
    due_at: InstrumentedAttribute[datetime],
    now: datetime,
) -> Due:
    """Work that fails is due again when its rest is over."""
    ready_at, parked = func.coalesce(kind.not_before, due_at), kind.parked
    row = session.execute(
        select(
            func.count().filter(ready_at <= now, parked.is_(False)),
            func.min(ready_at).filter(ready_at <= now, parked.is_(False)),
            func.count().filter(ready_at > now, parked.is_(False)),
            func.count().filter(parked),
        )
        .select_from(kind)
        .where(due_at <= now)
    ).one()
    return Due(row[0], _seconds(row[1], now), row[2], row[3])


def _seconds(since: datetime | None, now: datetime) -> int:
    return max(0, int((now - since).total_seconds())) if since else 0
