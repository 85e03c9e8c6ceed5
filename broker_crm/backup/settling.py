"""What makes a copy of a database a system of its own: no mail, no sign-ins, no work under way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Table, func, select, text, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.outreach.hold import hold_mail
from broker_crm.outreach.models import MailHold, OutboxEntry, OutboxState
from broker_crm.people.accounts import new_stamp
from broker_crm.people.models import ApiToken, User
from broker_crm.process.models import PendingMessage, Timer
from broker_crm.schema import METADATA


def settle(session: Session, taken_at: datetime) -> tuple[int, int]:
    """Prepare a fresh copy for its own life.

    Args:
        session: the caller commits.
        taken_at: when the backup was made.

    Returns:
        How many letters wait under the hold, and how many are in doubt.
    """
    _end_sign_ins(session)
    _end_leases(session)
    now = clock.now()
    session.execute(update(MailHold).where(MailHold.released_at.is_(None)).values(released_at=now))
    reason = f"Restored from the backup of {taken_at:%Y-%m-%d %H:%M:%S}Z."
    hold_mail(session, reason, since=max(now, taken_at), by=None)
    return _count(session, OutboxState.QUEUED), _count(session, OutboxState.IN_DOUBT)


def reset_sequences(connection: Connection) -> None:
    """Let PostgreSQL number new rows after the restored ones."""
    for table in METADATA.sorted_tables:
        for column in table.primary_key.columns:
            if isinstance(column.type, Integer) and _is_numbered(connection, table, column.name):
                highest = connection.scalar(select(func.max(column)))
                if highest is not None:
                    connection.execute(
                        text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
                        {"table": table.name, "column": column.name, "highest": highest},
                    )


def _is_numbered(connection: Connection, table: Table, column: str) -> bool:
    asked = text("SELECT pg_get_serial_sequence(:table, :column)")
    return connection.scalar(asked, {"table": table.name, "column": column}) is not None


def _end_sign_ins(session: Session) -> None:
    """Sessions and tokens that were ended after the backup must not come to life again."""
    for user in session.scalars(select(User)).unique():
        user.session_stamp = new_stamp()
    session.execute(
        update(ApiToken).where(ApiToken.revoked_at.is_(None)).values(revoked_at=clock.now())
    )


def _end_leases(session: Session) -> None:
    """Attempts that the backup interrupted did not fail."""
    kinds: tuple[Any, ...] = (Timer, PendingMessage)
    for kind in kinds:
        session.execute(
            update(kind)
            .where(kind.lease_until.is_not(None))
            .values(lease_until=None, attempts=kind.attempts - 1)
        )


def _count(session: Session, state: OutboxState) -> int:
    counted = select(func.count()).select_from(OutboxEntry).where(OutboxEntry.state == state)
    return session.scalar(counted) or 0
