"""Writes OCEL 2.0 as JSON, from the same log as SQLite: one event or object a line, streamed."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import orjson

from broker_crm.analysis.eventlogs.objects import TYPES

OF_EVENT = {"TEXT": "string", "TIMESTAMP": "time", "INTEGER": "integer", "REAL": "float"}


def write(database: Path, file: Path) -> None:
    """Write a log.

    Args:
        database: as `writing_ocel` made it.
        file: to be written.
    """
    with closing(sqlite3.connect(database)) as connection, file.open("wb") as out:
        tables = dict(connection.execute("SELECT ocel_type, ocel_type_map FROM event_map_type"))
        kinds = {type_: _columns(connection, f"event_{table}") for type_, table in tables.items()}
        object_types = [
            {"name": type_, "attributes": _declared(attributes)}
            for type_, attributes in TYPES.items()
        ]
        event_types = [
            {"name": type_, "attributes": _declared(attributes)}
            for type_, attributes in sorted(kinds.items())
        ]
        out.write(b'{"objectTypes":' + orjson.dumps(object_types))
        out.write(b',\n"eventTypes":' + orjson.dumps(event_types))
        out.write(b',\n"objects":[')
        _write_all(out, _objects(connection))
        out.write(b'],\n"events":[')
        _write_all(out, _events(connection, tables, kinds))
        out.write(b"]}\n")


def _write_all(out: IO[bytes], found: Iterator[dict[str, Any]]) -> None:
    between = b"\n"
    for each in found:
        out.write(between + orjson.dumps(each))
        between = b",\n"


def _declared(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in attributes.items()]


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    rows = connection.execute(f"SELECT name, type FROM pragma_table_info('{table}')")
    return {name: OF_EVENT[kind] for name, kind in rows if not name.startswith("ocel_")}


def _events(
    connection: sqlite3.Connection, tables: Mapping[str, str], kinds: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The earliest first; those of one moment as they stand in the database."""
    by_type = [
        _events_of_type(connection, type_, table, list(kinds[type_]))
        for type_, table in tables.items()
    ]
    for _moment, _place, event in heapq.merge(*by_type, key=lambda each: each[:2]):
        yield event


def _events_of_type(
    connection: sqlite3.Connection, type_: str, table: str, names: Sequence[str]
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    rows = connection.execute(
        f"SELECT t.ocel_id, t.ocel_time, {', '.join(f't.{name}' for name in names)},"
        " o.ocel_object_id, o.ocel_qualifier, e.rowid"
        f" FROM event_{table} t JOIN event e ON e.ocel_id = t.ocel_id"
        " LEFT JOIN event_object o ON o.ocel_event_id = t.ocel_id"
        " ORDER BY t.ocel_time, e.rowid, o.rowid"
    )
    for place, same in groupby(rows, key=lambda row: row[-1]):
        lines = list(same)
        row = lines[0]
        event = {
            "id": row[0],
            "type": type_,
            "time": row[1],
            "attributes": [
                {"name": name, "value": str(value)}
                for name, value in zip(names, row[2:], strict=False)
                if value is not None
            ],
            "relationships": [
                {"objectId": line[-3], "qualifier": line[-2]} for line in lines if line[-3]
            ],
        }
        yield row[1], place, event


def _objects(connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    for type_, attributes in TYPES.items():
        names = list(attributes)
        rows = connection.execute(
            f"SELECT o.ocel_id, t.ocel_time, {', '.join(f't.{name}' for name in names)}"
            f" FROM object o LEFT JOIN object_{type_} t ON t.ocel_id = o.ocel_id"
            " WHERE o.ocel_type = ? ORDER BY o.ocel_id, t.ocel_time",
            (type_,),
        )
        for id_, same in groupby(rows, key=lambda row: row[0]):
            told = [
                {"name": name, "value": _text(value, attributes[name]), "time": row[1]}
                for row in same
                for name, value in zip(names, row[2:], strict=True)
                if value is not None
            ]
            links = connection.execute(
                "SELECT ocel_target_id, ocel_qualifier FROM object_object"
                " WHERE ocel_source_id = ? ORDER BY rowid",
                (id_,),
            )
            yield {
                "id": id_,
                "type": type_,
                "attributes": told,
                "relationships": [{"objectId": to, "qualifier": role} for to, role in links],
            }


def _text(value: object, kind: str) -> str:
    return ("true" if value else "false") if kind == "boolean" else str(value)
