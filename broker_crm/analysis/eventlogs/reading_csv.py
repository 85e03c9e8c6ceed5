"""Reads CSV as offices write it: finds encoding and delimiter, names the line of a fault."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import Any

from broker_crm.analysis.eventlogs.staging import MOST_COLUMNS, LogRefused, Stage

DELIMITERS = (";", ",", "\t", "|")
LOOKED_AT = 20
"""Rows by which the delimiter is found."""
LONGEST_CELL = 131_072
LONGEST_LINE = 4_000_000
"""Bytes."""


def read(file: io.BufferedReader[Any], stage: Stage) -> None:
    """Take all rows.

    Args:
        file: with a heading; UTF-8, UTF-16 with its mark, or Windows-1257.
        stage: takes the rows, each with the line on which it ends.

    Raises:
        LogRefused: naming the line.
    """
    text = _Text(file)
    head = text.head()
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.reader(text, delimiter=_delimiter(head), strict=True)
    heading: list[str] = []
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not heading:
                if row[0].lower().startswith("sep="):
                    continue
                heading = _heading(row, rows.line_num)
                for name in heading:
                    stage.column(name)
                continue
            if len(row) != len(heading):
                told = f"{len(row)}, the heading has {len(heading)}"
                raise LogRefused("cells", rows.line_num, told)
            stage.add(rows.line_num, 0, dict(zip(heading, row, strict=True)))
    except csv.Error as error:
        if "field larger" in str(error) or "unexpected end" in str(error):
            raise LogRefused("longCell", rows.line_num, LONGEST_CELL) from error
        raise LogRefused("notText", rows.line_num) from error


def _heading(row: list[str], line: int) -> list[str]:
    if len(row) > MOST_COLUMNS:
        raise LogRefused("tooManyColumns", line, MOST_COLUMNS)
    names = [name.strip() or f"column {place}" for place, name in enumerate(row, 1)]
    for name in names:
        if names.count(name) > 1:
            raise LogRefused("sameColumn", line, name[:60])
    return [name[:200] for name in names]


def _delimiter(head: str) -> str:
    """The one that divides the first rows into the most cells, in each the same number."""
    lines = head.splitlines()
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) > 4:
        return lines[0][4]
    best, most = DELIMITERS[0], (False, 1)
    for each in DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines[:LOOKED_AT], delimiter=each) if row]
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        found = (len(widths) == 1, len(rows[0]) if rows else 0)
        if found[1] > 1 and found > most:
            best, most = each, found
    return best


class _Text:
    """Lines of a file, decoded as UTF-8 for as long as that goes, else as Windows-1257."""

    def __init__(self, file: io.BufferedReader[Any]) -> None:
        self.file = file
        self.line = 0
        head = file.peek(4)[:4]
        self.wide = head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        self.encoding = "utf-16" if self.wide else "utf-8"
        if head.startswith(codecs.BOM_UTF8):
            file.read(3)

    def head(self) -> str:
        """The beginning, without taking it; without the line that breaks off."""
        seen = self.file.peek(65_536)
        text = seen.decode("utf-16" if self.wide else "utf-8", errors="replace")
        whole, _last, rest = text.rpartition("\n")
        return whole if len(seen) >= 65_536 and whole else whole + _last + rest

    def __iter__(self) -> Iterator[str]:
        if self.wide:
            yield from self._wide()
            return
        while line := self.file.readline(LONGEST_LINE):
            self.line += 1
            self._check(line)
            try:
                yield line.decode(self.encoding)
            except UnicodeDecodeError:
                self.encoding = "cp1257"
                yield self._decoded(line)

    def _wide(self) -> Iterator[str]:
        text = io.TextIOWrapper(self.file, "utf-16", newline="")
        try:
            while line := text.readline(LONGEST_LINE):
                self.line += 1
                self._check(line)
                yield line
        except UnicodeDecodeError as error:
            raise LogRefused("notText", self.line + 1) from error

    def _check(self, line: bytes | str) -> None:
        if len(line) >= LONGEST_LINE:
            raise LogRefused("longCell", self.line, LONGEST_CELL)

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode(self.encoding)
        except UnicodeDecodeError as error:
            raise LogRefused("notText", self.line) from error
