"""The tables of columns in memory: how they look, and how rows come in and go.

Few different words fill most columns: names of steps, people, products. They are kept as numbers
of one list of words, which makes counting by them several times faster; the list grows when a new
word arrives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""Name to values, all of one length."""

TABLES = {
    "case_file": """
        case_no INTEGER, case_id VARCHAR, process WORD, version INTEGER, product WORD,
        client_kind WORD, sector WORD, size WORD, vip BOOLEAN, region WORD, complexity WORD,
        owner WORD, started_on DATE, started_s DOUBLE, ended_on DATE, ended_s DOUBLE,
        ended_d DOUBLE, status WORD, outcome WORD, ending WORD, reason VARCHAR,
        now_version INTEGER""",
    "task": """
        task_no INTEGER, case_no INTEGER, task_id VARCHAR, process WORD, element WORD, step WORD,
        kind WORD, lane WORD, person WORD, status WORD, created_at TIMESTAMP, done_at TIMESTAMP,
        created_on DATE, due_on DATE, done_on DATE, created_s DOUBLE, started_s DOUBLE,
        done_s DOUBLE, created_d DOUBLE, first_due_d DOUBLE, due_d DOUBLE, done_d DOUBLE,
        outcome WORD, meaning WORD, reason VARCHAR, loop INTEGER, std_days DOUBLE,
        std_minutes DOUBLE, std_cost DOUBLE, minutes DOUBLE, passed_on BOOLEAN, closes BOOLEAN""",
    "stint": "task_no INTEGER, case_no INTEGER, person WORD, from_d DOUBLE, to_d DOUBLE",
    "pause": "task_no INTEGER, case_no INTEGER, reason WORD, from_s DOUBLE, until_s DOUBLE",
    "happening": """
        case_no INTEGER, kind WORD, element WORD, from_element WORD, version INTEGER, actor WORD,
        happened_at TIMESTAMP, at_s DOUBLE""",
    "offer_line": """
        case_no INTEGER, line_id BIGINT, offer_id BIGINT, offer_version INTEGER,
        offer_status WORD, person WORD, approver WORD, prepared_on DATE, line_product WORD,
        band WORD, premium DOUBLE, commission_percent DOUBLE, std_premium DOUBLE,
        std_commission_percent DOUBLE, premium_deviation DOUBLE, commission_deviation DOUBLE,
        premium_effect DOUBLE, commission_effect DOUBLE, other_premium_effect DOUBLE,
        other_commission_effect DOUBLE, deviates BOOLEAN""",
    "person": "login WORD, team WORD, active BOOLEAN, sells BOOLEAN",
}
"""Columns ending in `_s` are office seconds, in `_d` working days, since the calendar began. Cases
and steps have numbers of their own here, `case_no` and `task_no`, by which they are joined and
counted; `case_id` and `task_id` are the ids of instance and user task, in hex. A step *closes* its
case when it was the last one done, and is *passed on* when more than one person held it. Few
different words fill most columns; a `WORD` is kept as its number in the list of all words."""
OF_CASES = ("case_file", "task", "stint", "pause", "happening", "offer_line")
"""Tables whose rows come and go with their cases."""
COMES_WITH = {
    "case_file": "",
    "task": ", case_id VARCHAR",
    "stint": ", case_id VARCHAR, task_id VARCHAR",
    "pause": ", case_id VARCHAR, task_id VARCHAR",
    "happening": ", case_id VARCHAR",
    "offer_line": ", case_id VARCHAR",
}
"""Ids by which what arrives is told apart, before it has numbers."""
KEPT = {
    "case_file": """
        row_number() OVER () + (SELECT coalesce(max(case_no), 0) FROM case_file) AS case_no,
        * EXCLUDE (case_no) FROM arriving_case_file""",
    "task": """
        row_number() OVER (ORDER BY t.created_at, t.loop, t.task_id)
          + (SELECT coalesce(max(task_no), 0) FROM task) AS task_no, c.case_no, c.process,
        t.* EXCLUDE (task_no, case_no, case_id, process, passed_on, closes),
        t.task_id IN (SELECT task_id FROM arriving_stint) AS passed_on,
        t.status = 'completed' AND row_number() OVER (
          PARTITION BY c.case_no, t.status ORDER BY t.done_at DESC, t.task_id) = 1 AS closes
        FROM arriving_task t JOIN case_file c USING (case_id) ORDER BY task_no""",
    "stint": """
        t.task_no, t.case_no, s.person, s.from_d, s.to_d
        FROM arriving_stint s JOIN task t USING (task_id) WHERE t.passed_on""",
    "pause": """
        t.task_no, t.case_no, p.reason, p.from_s, p.until_s
        FROM arriving_pause p JOIN task t USING (task_id)""",
    "happening": "c.case_no, h.* EXCLUDE (case_no, case_id)"
    " FROM arriving_happening h JOIN case_file c USING (case_id)",
    "offer_line": "c.case_no, l.* EXCLUDE (case_no, case_id)"
    " FROM arriving_offer_line l JOIN case_file c USING (case_id)",
}
"""What is kept of it. Steps lie in the order of time, so that a period skips the other years; the
numbers of a case's steps are in the order in which they arose."""
_WORDS = {table: re.findall(r"(\w+) WORD", shape) for table, shape in TABLES.items()}


@dataclass(slots=True)
class ColumnTables:
    """The tables in a database of their own in this process's memory."""

    connection: duckdb.DuckDBPyConnection = field(
        default_factory=lambda: duckdb.connect(":memory:")
    )
    words: frozenset[str] = frozenset()
    _lists: int = 0

    def __post_init__(self) -> None:
        self.clear()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Who reads meanwhile sees the tables as they were; what fails leaves them so."""
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def at_one_moment(self) -> duckdb.DuckDBPyConnection:
        """A cursor that sees the tables as they are now until it is closed."""
        cursor = self.connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM case_file LIMIT 0")
        return cursor

    def clear(self) -> None:
        """Leave no case and no person."""
        if not self._lists:
            self._list(frozenset())
        for table, shape in TABLES.items():
            shape = shape.replace("WORD", self._list_name)
            self.connection.execute(f"CREATE OR REPLACE TABLE {table} ({shape})")

    def arrive(self, arriving: Mapping[str, Iterable[Columns] | str]) -> None:
        """Lay rows beside the tables until they are kept.

        Args:
            arriving: pieces of the tables of cases, or statements that give them; ids instead of
                numbers. They come in this order, so that a statement may read of a table before
                it; what is not told of has no rows.
        """
        arriving = {**arriving, **{each: () for each in OF_CASES if each not in arriving}}
        for table, pieces in arriving.items():
            shape = TABLES[table].replace("WORD", "VARCHAR") + COMES_WITH[table]
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE arriving_{table} ({shape})")
            if isinstance(pieces, str):
                self.connection.execute(f"INSERT INTO arriving_{table} BY NAME {pieces}")
                continue
            for columns in pieces:
                self._lay(f"arriving_{table}", columns)
        self._learn({f"arriving_{table}": _WORDS[table] for table in arriving})

    def keep(self) -> None:
        """Take what arrived into the tables."""
        for table, told in KEPT.items():
            self.connection.execute(f"INSERT INTO {table} BY NAME SELECT {told}")
        for table in KEPT:
            self.connection.execute(f"DROP TABLE arriving_{table}")

    def forget(self, case_ids: Sequence[str]) -> None:
        """Leave out cases with all that belongs to them.

        Args:
            case_ids: hex of the instances.
        """
        found = self.connection.execute(
            "SELECT case_no FROM case_file WHERE case_id IN (SELECT unnest(?))", [case_ids]
        ).fetchall()
        for table in OF_CASES:
            self.connection.execute(
                f"DELETE FROM {table} WHERE case_no IN (SELECT unnest(?::INTEGER[]))",
                [[number for (number,) in found]],
            )

    def know_people(self, people: Iterable[Sequence[Any]]) -> None:
        """Replace the people: login, key of the team, active, a salesperson."""
        rows = list(people)
        shape = TABLES["person"].replace("WORD", "VARCHAR")
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE arriving_person ({shape})")
        if rows:
            self.connection.executemany("INSERT INTO arriving_person VALUES (?, ?, ?, ?)", rows)
        self._learn({"arriving_person": _WORDS["person"]})
        with self.at_once():
            self.connection.execute("DELETE FROM person")
            self.connection.execute("INSERT INTO person SELECT * FROM arriving_person")

    def _lay(self, table: str, columns: Columns) -> None:
        if not len(columns["case_id"]):
            return
        self.connection.register(
            "incoming",
            {
                name: values.astype("datetime64[s]")
                if values.dtype == np.dtype("datetime64[D]")
                else values
                for name, values in columns.items()
            },
        )
        names = ", ".join(columns)
        self.connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming")
        self.connection.unregister("incoming")

    def _learn(self, arrived: Mapping[str, Sequence[str]]) -> None:
        """Put words that are new into the list; the tables stay what they say."""
        each = " UNION ".join(
            f"SELECT {column} FROM {table}" for table, told in arrived.items() for column in told
        )
        found = {word for (word,) in self.connection.execute(each).fetchall() if word is not None}
        if found <= self.words:
            return
        before = self._lists
        try:
            with self.at_once():
                self._list(self.words | found)
                for table, told in _WORDS.items():
                    for column in told:
                        self.connection.execute(
                            f"ALTER TABLE {table} ALTER {column} TYPE {self._list_name}"
                        )
        except BaseException:
            self._lists = before
            raise
        self.words |= found

    def _list(self, words: frozenset[str]) -> None:
        self._lists += 1
        self.connection.execute(
            f"CREATE TYPE {self._list_name} AS ENUM (SELECT unnest(?::VARCHAR[]))",
            [sorted(words | {""})],
        )

    @property
    def _list_name(self) -> str:
        return f"words_{self._lists}"
