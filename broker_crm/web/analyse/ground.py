"""What the analysts' pages look into."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from broker_crm.analysis.ledger import Ledger, ledger
from broker_crm.web.answers.asked import Asked


def ground(session: Session, told: Asked) -> AbstractContextManager[Ledger]:
    """The ledger that an address asks about: one's own work."""
    del told
    return ledger(session)
