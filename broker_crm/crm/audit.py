"""The audit trail of personal data: who did what, when, to whose; never the data itself."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import AuditEntry


def note(
    session: Session, action: str, client_id: int | None, *, by: str | None, **detail: object
) -> None:
    """Write an entry.

    Args:
        session: the caller commits.
        action: such as 'merged', 'exported' or 'personal-code-seen'.
        client_id: whose data.
        by: login; None for the product itself.
        detail: numbers, codes and names of fields.
    """
    session.add(
        AuditEntry(at=clock.now(), actor=by, action=action, client_id=client_id, detail=detail)
    )
    session.flush()


def entries(session: Session, client_id: int | None = None, limit: int = 100) -> list[AuditEntry]:
    """The newest entries, of one client or of all."""
    found = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)
    if client_id is not None:
        found = found.where(AuditEntry.client_id == client_id)
    return list(session.scalars(found))
