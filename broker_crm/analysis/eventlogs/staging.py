"""Keeps the rows of a foreign log compactly, whatever its columns are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

PIECE = 20_000
EXAMPLES = 3
LONGEST = 2_000
"""Letters of a value that are kept."""
MOST_COLUMNS = 300


class LogRefused(Exception):
    """The file can't be taken as an event log.

    Attributes:
        code: what is wrong, such as 'notXml', 'doctype', 'tooManyRows' or 'noRows'.
        line: in the file, where it is known.
        detail: a value, a limit or the parser's own words.
    """

    def __init__(self, code: str, line: int | None = None, detail: object = "") -> None:
        self.code = code
        self.line = line
        self.detail = str(detail)
        super().__init__(said(code, line, self.detail))


def said(code: str, line: int | None, detail: str) -> str:
    """The refusal in English, for the command line."""
    text = {
        "empty": "The file is empty. Export it again.",
        "notXml": "This is not well-formed XML: {}. Export it again, or mend the line.",
        "doctype": "The file declares a DOCTYPE, which is not allowed. Remove the declaration.",
        "notXes": "The root is <{}>, not <log>: this is no XES file. Choose another file.",
        "notGzip": "The compressed file is broken. Compress it again.",
        "tooBig": "The file has more than {} MB when unpacked. Divide it by cases or by months.",
        "tooManyRows": "The file has more than {} rows or events. Divide it by cases or by months.",
        "tooManyColumns": "The file has more than {} columns. Leave out those that nobody needs.",
        "tooDeep": "Elements are nested too deeply. Export it again without nested attributes.",
        "noRows": "The file has no events. Choose another file.",
        "notText": "This is neither UTF-8 nor Windows-1257 text. Save it as UTF-8.",
        "cells": "The row has {} cells. Quote cells that contain the delimiter.",
        "sameColumn": "Two columns are called “{}”. Rename one of them.",
        "longCell": "A cell is longer than {} letters: a quote is probably not closed.",
    }[code].format(detail)
    return text if line is None else f"Line {line}: {text}"


@dataclass(frozen=True, slots=True)
class Staged:
    """A log's rows as they are kept.

    Attributes:
        columns: name and first values of each.
        rows: how many.
        content: Parquet.
    """

    columns: list[dict[str, Any]]
    rows: int
    content: bytes


class Stage:
    """Takes rows one by one, in whatever columns they come, and never holds many of them.

    Args:
        most: rows at most.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows = 0
        self.names: dict[str, int] = {}
        self._examples: list[list[str]] = []
        self._waiting: list[tuple[int, int, int, Mapping[str, str]]] = []
        self._cases: list[tuple[int, Mapping[str, str]]] = []
        self._folder = tempfile.TemporaryDirectory(prefix="crm-log-")
        self._connection = duckdb.connect(str(Path(self._folder.name) / "stage.duckdb"))
        self._connection.execute("SET memory_limit = '512MB'")
        self._connection.execute("SET preserve_insertion_order = true")
        self._connection.execute("CREATE TABLE event (place BIGINT, line BIGINT, trace BIGINT)")
        self._connection.execute("CREATE TABLE trace (trace BIGINT)")

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()
        self._folder.cleanup()

    def column(self, name: str) -> None:
        """Let a column be known, in the file's order, though it may stay empty."""
        self._place(name)

    def add(self, line: int, trace: int, values: Mapping[str, str]) -> None:
        """Take a row.

        Args:
            line: in the file.
            trace: number of its case, for values of the case; any number where there are none.
            values: column to text.

        Raises:
            LogRefused: too many rows or columns.
        """
        self.rows += 1
        if self.rows > self.most:
            raise LogRefused("tooManyRows", line, self.most)
        self._waiting.append((self.rows, line, trace, values))
        if len(self._waiting) >= PIECE:
            self._write_events()

    def add_case(self, trace: int, values: Mapping[str, str]) -> None:
        """Take values that all rows of a case have."""
        self._cases.append((trace, values))
        if len(self._cases) >= PIECE:
            self._write_cases()

    def staged(self) -> Staged:
        """All rows in the file's order.

        Raises:
            LogRefused: there are none.
        """
        if not self.rows:
            raise LogRefused("noRows")
        self._write_events()
        self._write_cases()
        of_event, of_case = (self._there(table) for table in ("event", "trace"))
        chosen = []
        for place in self.names.values():
            sides = [
                f"{side}.c{place}"
                for side, there in (("e", of_event), ("t", of_case))
                if f"c{place}" in there
            ]
            told = f"coalesce({', '.join(sides)})" if sides else "NULL::VARCHAR"
            chosen.append(f"{told} AS c{place}")
        file = Path(self._folder.name) / "log.parquet"
        self._connection.execute(
            f"COPY (SELECT e.place, e.line, {', '.join(chosen)} FROM event e"
            " LEFT JOIN trace t USING (trace) ORDER BY e.place)"
            f" TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
        )
        columns = [
            {"name": name, "examples": self._examples[place]} for name, place in self.names.items()
        ]
        return Staged(columns, self.rows, file.read_bytes())

    def _place(self, name: str) -> int:
        place = self.names.get(name)
        if place is None:
            if len(self.names) >= MOST_COLUMNS:
                raise LogRefused("tooManyColumns", None, MOST_COLUMNS)
            place = self.names[name] = len(self.names)
            self._examples.append([])
        return place

    def _there(self, table: str) -> set[str]:
        rows = self._connection.execute(f"DESCRIBE {table}").fetchall()
        return {row[0] for row in rows}

    def _write_events(self) -> None:
        if not self._waiting:
            return
        places, lines, traces, values = zip(*self._waiting, strict=True)
        heads = {
            "place": np.array(places, dtype=np.int64),
            "line": np.array(lines, dtype=np.int64),
            "trace": np.array(traces, dtype=np.int64),
        }
        self._write("event", heads, values)
        self._waiting.clear()

    def _write_cases(self) -> None:
        if not self._cases:
            return
        traces, values = zip(*self._cases, strict=True)
        self._write("trace", {"trace": np.array(traces, dtype=np.int64)}, values)
        self._cases.clear()

    def _write(
        self, table: str, heads: dict[str, Any], values: Iterable[Mapping[str, str]]
    ) -> None:
        rows = list(values)
        columns: dict[int, Any] = {}
        for number, row in enumerate(rows):
            for name, text in row.items():
                if not text:
                    continue
                place = self._place(name)
                if place not in columns:
                    columns[place] = np.full(len(rows), None, dtype=object)
                columns[place][number] = text[:LONGEST]
        there = self._there(table)
        for place, column in columns.items():
            self._note_examples(place, column)
            if f"c{place}" not in there:
                self._connection.execute(f"ALTER TABLE {table} ADD COLUMN c{place} VARCHAR")
        self._connection.register(
            "incoming", {**heads, **{f"c{place}": column for place, column in columns.items()}}
        )
        names = ", ".join([*heads, *(f"c{place}" for place in columns)])
        self._connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming")
        self._connection.unregister("incoming")

    def _note_examples(self, place: int, column: Any) -> None:
        kept = self._examples[place]
        for text in column:
            if len(kept) == EXAMPLES:
                return
            if text is not None and text[:60] not in kept:
                kept.append(text[:60])


@contextmanager
def as_file(content: bytes) -> Iterator[Path]:
    """The content of a log as a file, for as long as it is read."""
    with tempfile.TemporaryDirectory(prefix="crm-log-") as folder:
        file = Path(folder) / "log.parquet"
        file.write_bytes(content)
        yield file
