"""Asks the columns: statements with named parameters, and what “now” is in office time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
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
_TELLS_OF_CASE = re.compile(r"\bc\.")
COST = "t.minutes * t.std_cost / nullif(t.std_minutes, 0)"
"""What a step cost, EUR, at the hour's price that its standard implies."""
CASES = " FROM case_file c "
_NAME = re.compile(r"\$(\w+)")


def work(*told: str) -> str:
    """Steps `t`, with their cases `c` only where one of the expressions tells of them."""
    return WORK if any(_TELLS_OF_CASE.search(each) for each in told) else " FROM task t "


def month_of(day: str) -> str:
    """Expression for the first day of the month of a day."""
    return f"date_trunc('month', {day})::DATE"


def points(rows: Iterable[Mapping[str, Any]]) -> list[Point]:
    """A trend of rows with `month`, `value` and `n`; those without a month are left out."""
    known = sorted((row for row in rows if row["month"] is not None), key=lambda row: row["month"])
    return [Point(row["month"], row["value"], row["n"]) for row in known]


def by_month(
    rows: Iterable[Mapping[str, Any]], value: Callable[[list[Any]], float | None]
) -> list[Point]:
    """A trend of rows that were read already, each with its `month`, as `Ledger.trend` makes one.

    Args:
        rows: in any order.
        value: the figure of the rows of a month.
    """
    months: dict[date | None, list[Any]] = {}
    for row in rows:
        months.setdefault(row["month"], []).append(row)
    return points(
        {"month": month, "value": value(some), "n": len(some)} for month, some in months.items()
    )


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
        told = {**self._now(), **parameters}
        named = {name: told[name] for name in set(_NAME.findall(statement))}
        found = self.cursor.execute(statement, named)
        names = [each[0] for each in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def arrays(self, statement: str, parameters: Mapping[str, object]) -> dict[str, NDArray[Any]]:
        """Columns of a statement, for many rows; numbers without a value are not a number, and
        texts without one None."""
        told = {**self._now(), **parameters}
        named = {name: told[name] for name in set(_NAME.findall(statement))}
        found = self.cursor.execute(statement, named).fetchnumpy()
        return {name: _bare(values) for name, values in found.items()}

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

    def trend(
        self,
        source: str,
        parameters: Mapping[str, object],
        *,
        day: str,
        value: str,
        n: str = "count(*)",
    ) -> list[Point]:
        """A figure of the rows of each month, the oldest first.

        Args:
            source: from `FROM` on, without grouping.
            parameters: by name.
            day: expression by which a row falls into a month; rows without one are left out.
            value: the figure, an aggregate over the rows of a month.
            n: on how many it stands.
        """
        rows = self.rows(
            f"SELECT {month_of(day)} AS month, {n} AS n, {value} AS value {source}"
            " GROUP BY 1 ORDER BY 1",
            parameters,
        )
        return points(rows)

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


def _bare(values: NDArray[Any]) -> NDArray[Any]:
    if not isinstance(values, np.ma.MaskedArray):
        return values
    if values.dtype == object:
        return values.filled(None)
    if not values.mask.any():
        return values.data
    numbers: NDArray[Any] = np.where(values.mask, np.nan, values.data.astype(np.float64))
    return numbers


@contextmanager
def ledger(session: Session) -> Iterator[Ledger]:
    """The columns as they are now."""
    with columns(session) as (cursor, office):
        yield Ledger(session, cursor, office, clock.now())
