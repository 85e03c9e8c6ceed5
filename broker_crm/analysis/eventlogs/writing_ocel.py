"""Writes OCEL 2.0: completed steps and what they are about, as SQLite with all its keys."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.eventlogs.attributes import OF_CASE, OF_STEP, Value, told
from broker_crm.analysis.eventlogs.objects import TYPES, Thing, things
from broker_crm.analysis.eventlogs.pseudonyms import Names
from broker_crm.analysis.eventlogs.stories import Step, Story
from broker_crm.analysis.eventlogs.writing_csv import completed
from broker_crm.people.models import User

ALWAYS = "1970-01-01T00:00:00.000000Z"
"""Time of values that never change."""
SAME_MOMENT = timedelta(seconds=1)
"""A record is made within the completion of its step."""
STORED = {
    "string": "TEXT",
    "time": "TIMESTAMP",
    "date": "TIMESTAMP",
    "integer": "INTEGER",
    "int": "INTEGER",
    "float": "REAL",
    "boolean": "INTEGER",
}
SHAPE = """
    CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL UNIQUE);
    CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL UNIQUE);
    CREATE TABLE event (ocel_id TEXT PRIMARY KEY,
        ocel_type TEXT NOT NULL REFERENCES event_map_type (ocel_type));
    CREATE TABLE object (ocel_id TEXT PRIMARY KEY,
        ocel_type TEXT NOT NULL REFERENCES object_map_type (ocel_type));
    CREATE TABLE event_object (ocel_event_id TEXT NOT NULL REFERENCES event (ocel_id),
        ocel_object_id TEXT NOT NULL REFERENCES object (ocel_id), ocel_qualifier TEXT NOT NULL,
        PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier));
    CREATE TABLE object_object (ocel_source_id TEXT NOT NULL REFERENCES object (ocel_id),
        ocel_target_id TEXT NOT NULL REFERENCES object (ocel_id), ocel_qualifier TEXT NOT NULL,
        PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier));
"""
STEP_TIMES = {"scheduled_at": "time", "started_at": "time"}


def write(session: Session, lots: Iterable[Sequence[Story]], file: Path, names: Names) -> int:
    """Write a database.

    Args:
        session: reads what the cases are about.
        lots: cases, some at a time.
        file: that does not exist yet.
        names: what cases, people and records are called.

    Returns:
        The number of events.
    """
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        connection.executescript(SHAPE)
        with connection:
            teams = dict(session.execute(select(User.login, User.team_key)).all())
            writer = _Writer(connection, names, teams)
            for lot in lots:
                about = things(session, [story.id for story in lot])
                for story in lot:
                    writer.add(story, about.get(story.id, ()))
                writer.flush()
            writer.finish()
        return writer.events


def instant(moment: datetime) -> str:
    """UTC in microseconds, so that texts stand in the order of time."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class _Writer:
    """Takes cases, and writes their rows lot by lot."""

    def __init__(
        self, connection: sqlite3.Connection, names: Names, teams: Mapping[str, str | None]
    ) -> None:
        self.connection = connection
        self.teams = teams
        self.names = names
        self.events = 0
        self.of_step = told(OF_STEP, names)
        self.kinds = {each.name: each.kind for each in self.of_step}
        self.tables: dict[str, str] = {}
        self.rows: dict[str, list[Sequence[object]]] = {}
        for type_, attributes in TYPES.items():
            connection.execute("INSERT INTO object_map_type VALUES (?, ?)", (type_, type_))
            columns = ", ".join(f"{name} {STORED[kind]}" for name, kind in attributes.items())
            connection.execute(
                f"CREATE TABLE object_{type_} (ocel_id TEXT NOT NULL REFERENCES object (ocel_id),"
                f" ocel_time TIMESTAMP NOT NULL, ocel_changed_field TEXT, {columns})"
            )
            connection.execute(
                f"CREATE UNIQUE INDEX once_{type_} ON object_{type_}"
                " (ocel_id, ocel_time, coalesce(ocel_changed_field, ''))"
            )

    def add(self, story: Story, about: Sequence[Thing]) -> None:
        case = self.names.record("case", story.id)
        values = {each.name: each.of(story, self.names) for each in told(OF_CASE, self.names)}
        self._object("case", case, values)
        around = []
        if story.client_id is not None:
            client = self.names.record("client", story.client_id)
            self._object("client", client, values)
            self._link(case, client, "of")
            around.append((client, "for"))
        if story.owner is not None:
            self._link(case, self._person(story.owner), "owned by")
        for thing in about:
            self._thing(case, thing)
        for step in completed(story):
            self._step(case, step, around, about)

    def flush(self) -> None:
        for statement, rows in self.rows.items():
            self.connection.executemany(statement, rows)
        self.rows.clear()

    def finish(self) -> None:
        """Records of which nothing is told get an empty row: some readers expect one."""
        for type_ in TYPES:
            self.connection.execute(
                f"INSERT INTO object_{type_} (ocel_id, ocel_time) SELECT ocel_id, ? FROM object"
                f" WHERE ocel_type = ? AND ocel_id NOT IN (SELECT ocel_id FROM object_{type_})",
                (ALWAYS, type_),
            )

    def _thing(self, case: str, thing: Thing) -> None:
        id_ = self.names.record(thing.type, thing.number)
        self._object(thing.type, id_, thing.values)
        self._link(case, id_, thing.role)
        for at, status in thing.statuses:
            columns = (id_, instant(at), "status", status)
            self._put(
                f"object_{thing.type}",
                ("ocel_id", "ocel_time", "ocel_changed_field", "status"),
                columns,
            )
        for type_, number, role in thing.parents:
            parent = self.names.record(type_, number)
            self._put("object", ("ocel_id", "ocel_type"), (parent, type_))
            self._link(id_, parent, role)

    def _step(
        self,
        case: str,
        step: Step,
        around: Sequence[tuple[str, str]],
        about: Sequence[Thing],
    ) -> None:
        assert step.done_at is not None
        self.events += 1
        id_ = self.names.record("step", step.id)
        table = self._table(step.step)
        self._put("event", ("ocel_id", "ocel_type"), (id_, step.step))
        told_of = {
            "ocel_id": id_,
            "ocel_time": instant(step.done_at),
            "scheduled_at": _stored(step.created_at),
            "started_at": _stored(step.started_at),
            **{each.name: _stored(each.of(step, self.names)) for each in self.of_step},
        }
        self._put(table, tuple(told_of), tuple(told_of.values()))
        related = [(case, "in"), *around]
        if step.person is not None:
            related.append((self._person(step.person), "done by"))
        latest: dict[str, str] = {}
        for thing in about:
            if thing.since is None or thing.since <= step.done_at + SAME_MOMENT:
                latest[thing.type] = self.names.record(thing.type, thing.number)
        related += [(thing, "about") for thing in latest.values()]
        for object_id, role in related:
            self._put(
                "event_object",
                ("ocel_event_id", "ocel_object_id", "ocel_qualifier"),
                (id_, object_id, role),
            )

    def _person(self, login: str) -> str:
        id_ = self.names.record("person", login)
        self._object("salesperson", id_, {"team": self.teams.get(login)})
        return id_

    def _object(self, type_: str, id_: str, values: Mapping[str, Value]) -> None:
        self._put("object", ("ocel_id", "ocel_type"), (id_, type_))
        known = {
            name: _stored(values[name]) for name in TYPES[type_] if values.get(name) is not None
        }
        if known:
            self._put(
                f"object_{type_}",
                ("ocel_id", "ocel_time", "ocel_changed_field", *known),
                (id_, ALWAYS, None, *known.values()),
            )

    def _link(self, source: str, target: str, role: str) -> None:
        columns = ("ocel_source_id", "ocel_target_id", "ocel_qualifier")
        self._put("object_object", columns, (source, target, role))

    def _put(self, table: str, columns: tuple[str, ...], row: Sequence[object]) -> None:
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        self.rows.setdefault(statement, []).append(row)

    def _table(self, step: str) -> str:
        """The table of a type of step, made when it is first met."""
        if step not in self.tables:
            short = (
                "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", step)) or "Step"
            )
            taken = {table.casefold() for table in self.tables.values()}
            name, number = short, 1
            while f"event_{name}".casefold() in taken:
                number += 1
                name = f"{short}{number}"
            columns = ", ".join(
                f"{key} {STORED[kind]}" for key, kind in (STEP_TIMES | self.kinds).items()
            )
            self.connection.execute(
                f"CREATE TABLE event_{name} (ocel_id TEXT PRIMARY KEY REFERENCES event (ocel_id),"
                f" ocel_time TIMESTAMP NOT NULL, {columns})"
            )
            self.connection.execute("INSERT INTO event_map_type VALUES (?, ?)", (step, name))
            self.tables[step] = f"event_{name}"
        return self.tables[step]


def _stored(value: Value) -> Any:
    return instant(value) if isinstance(value, datetime) else value
