"""Asks the columns: statements with named parameters, and what “now” is in office time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.analysis.answers import Place, Point
from broker_crm.analysis.mirror import columns
from broker_crm.analysis.office_time import OfficeTime

WORK = " FROM task t JOIN case_file c USING (case_no) "
"""Steps with their cases."""
COST = "t.minutes * t.std_cost / nullif(t.std_minutes, 0)"
"""What a step cost, EUR, at the hour's price that its standard implies."""
CASES = " FROM case_file c "
_NAME = re.compile(r"\$(\w+)")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The columns at one moment.

    Attributes:
        session: for what is not in the columns.
        cursor: of the columns.
        office: their office time.
        now: aware, UTC.
    """

    session: Session
    cursor: duckdb.DuckDBPyConnection
    office: OfficeTime
    now: datetime

    def rows(self, statement: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        """Rows of a statement; it may also name `$today`, `$today_d` and `$now_s`."""
        found = self._asked(statement, parameters)
        names = [each[0] for each in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def arrays(self, statement: str, parameters: Mapping[str, object]) -> dict[str, NDArray[Any]]:
        """Columns of a statement as arrays, for what is reckoned over very many rows.

        Numbers without a value are NaN; whole numbers and conditions always have one.
        """
        found = self._asked(statement, parameters).fetchnumpy()
        return {
            name: values.filled(np.nan)
            if isinstance(values, np.ma.MaskedArray) and values.dtype.kind == "f"
            else np.asarray(values)
            for name, values in found.items()
        }

    def keep(self, name: str, statement: str, parameters: Mapping[str, object]) -> None:
        """Keep the rows of a statement as a table of this ledger alone, to be asked repeatedly."""
        self.rows(f"CREATE OR REPLACE TEMP TABLE {name} AS {statement}", parameters)

    def row(self, statement: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        """The one row of a statement."""
        return self.rows(statement, parameters)[0]

    def places(self, statement: str, parameters: Mapping[str, object]) -> list[Place]:
        """Steps or cases of a statement with the columns `case_no`, `task_no` and `value`, the
        last two NULL where it has none; in its order.
        """
        told = self.rows(
            "SELECT c.case_id, t.task_id, w.value"
            f" FROM (SELECT row_number() OVER () AS place, * FROM ({statement})) w"
            " JOIN case_file c USING (case_no) LEFT JOIN task t USING (task_no) ORDER BY w.place",
            parameters,
        )
        return [Place(row["case_id"], row["task_id"], row["value"]) for row in told]

    def trend(self, statement: str, parameters: Mapping[str, object]) -> list[Point]:
        """Months of a statement with the columns `month`, `value` and `n`."""
        return [
            Point(row["month"], row["value"], row["n"])
            for row in self.rows(statement, parameters)
            if row["month"] is not None
        ]

    def _asked(self, statement: str, parameters: Mapping[str, object]) -> duckdb.DuckDBPyConnection:
        told = {**self._now(), **parameters}
        named = {name: told[name] for name in set(_NAME.findall(statement))}
        return self.cursor.execute(statement, named)

    @property
    def today(self) -> date:
        """In the office's time zone."""
        return self.office.calendar.local_day(self.now)

    def _now(self) -> dict[str, object]:
        instant = np.array([self.now.astimezone(UTC).replace(tzinfo=None)], dtype="datetime64[us]")
        return {
            "today": self.today,
            "today_d": float(self.office.days(instant)[0]),
            "now_s": float(self.office.seconds(instant)[0]),
        }


@contextmanager
def ledger(session: Session) -> Iterator[Ledger]:
    """The columns as they are now."""
    with columns(session) as (cursor, office):
        yield Ledger(session, cursor, office, clock.now())
