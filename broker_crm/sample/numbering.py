"""Ids for rows that other rows name before either is written."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from broker_crm.crm.models import Contract, Offer, Policy
from broker_crm.db import Base

NUMBERED: tuple[type[Base], ...] = (Contract, Offer, Policy)


class Numbers:
    """Counts on from the highest ids that there are.

    Args:
        highest: ids by table, as `highest` tells them.
        ahead: by how much this one counts ahead of the others that count at the same time.
    """

    def __init__(self, highest: Mapping[str, int], ahead: int = 0) -> None:
        self._last = {table: number + ahead for table, number in highest.items()}

    def next(self, table: type[Base]) -> int:
        """The next id of a table."""
        self._last[table.__tablename__] += 1
        return self._last[table.__tablename__]


def highest(session: Session) -> dict[str, int]:
    """The highest ids that there are, by table."""
    return {
        table.__tablename__: session.scalar(select(func.max(table.id))) or 0  # type: ignore[attr-defined]
        for table in NUMBERED
    }


def settle(session: Session) -> None:
    """Let the database count on from here; SQLite does so by itself."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table, last in highest(session).items():
        if last:
            statement = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)")
            session.execute(statement, {"name": table, "last": last})
