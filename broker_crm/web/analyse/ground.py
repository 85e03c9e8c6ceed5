"""What the analysts' pages look into: one's own work, or a foreign log."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from broker_crm.analysis.eventlogs.scratch import ledger_of
from broker_crm.analysis.ledger import Ledger
from broker_crm.web.answers.asked import Asked


def ground(session: Session, told: Asked) -> AbstractContextManager[Ledger]:
    """The ledger that an address asks about."""
    return ledger_of(session, told.log)
