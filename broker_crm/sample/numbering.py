"""Ids for rows that other rows name before either is written."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from broker_crm.db import Base


class Numbers:
    """Counts on from the highest ids that there are."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: dict[type[Base], int] = {}

    def next(self, table: type[Base]) -> int:
        """The next id of a table."""
        if table not in self._last:
            self._last[table] = self._session.scalar(select(func.max(table.id))) or 0  # type: ignore[attr-defined]
        self._last[table] += 1
        return self._last[table]

    def settle(self) -> None:
        """Let the database count on from here; SQLite does so by itself."""
        if self._session.get_bind().dialect.name != "postgresql":
            return
        for table, last in self._last.items():
            statement = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)")
            self._session.execute(statement, {"name": table.__tablename__, "last": last})
