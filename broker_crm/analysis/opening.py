"""Opens the columns of a database from Python, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from broker_crm.analysis.ledger import Ledger, ledger
from broker_crm.db import connect, sessions


@contextmanager
def opened(url: str) -> Iterator[Ledger]:
    """The columns of the database at an address, as they are now; nothing is written or locked,
    however long they stay open.

    Args:
        url: as in `DATABASE_URL`, such as 'sqlite:///var/broker_crm.sqlite3'.
    """
    engine = connect(url)
    try:
        reading = sessions(engine.execution_options(read_only=True))
        with reading() as session, ledger(session) as columns:
            session.rollback()
            yield columns
    finally:
        engine.dispose()
