"""Reads a table out of a file as offices have them: CSV in any of their encodings, or XLSX."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

MOST_BYTES = 10_000_000
MOST_UNPACKED = 100_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 100
ENCODINGS = ("utf-8-sig", "cp1257")
"""UTF-8 with or without its mark, else the Baltic code page of Windows."""
DELIMITERS = ";,\t|"
ZIP = b"PK\x03\x04"


class Unreadable(Exception):
    """The file can't be read as a table.

    Attributes:
        code: 'tooBig', 'tooManyRows', 'notATable', 'noRows' or 'sameColumn'.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows as texts; rows are numbered as in the file, the heading is 1."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    encoding: str


def read(content: bytes) -> Table:
    """Read a file; the first row with something in it is the heading.

    Args:
        content: of the file.

    Raises:
        Unreadable: saying why.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable("tooBig")
    if content.startswith(ZIP):
        lines, encoding = _workbook(content), "xlsx"
    else:
        lines, encoding = _text(content)
    numbered = [(number, line) for number, line in enumerate(lines, 1) if any(line)]
    if len(numbered) < 2:
        raise Unreadable("noRows")
    if len(numbered) > MOST_ROWS + 1:
        raise Unreadable("tooManyRows")
    width = max(_filled(line) for _number, line in numbered)
    heading = (*numbered[0][1], *[""] * width)[:width]
    columns = tuple(name or f"#{place}" for place, name in enumerate(heading, 1))
    if len(columns) > MOST_COLUMNS:
        raise Unreadable("notATable")
    if len(set(columns)) != len(columns):
        raise Unreadable("sameColumn")
    rows = tuple((number, tuple((*line, *[""] * width)[:width])) for number, line in numbered[1:])
    return Table(columns, rows, encoding)


def _filled(line: list[str]) -> int:
    """Cells up to the last one with something in it."""
    return max((place for place, cell in enumerate(line, 1) if cell), default=0)


def _text(content: bytes) -> tuple[list[list[str]], str]:
    if b"\0" in content:
        raise Unreadable("notATable")
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(DELIMITERS, key=first.count)
        try:
            found = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            return [[cell.strip() for cell in line] for line in found], encoding
        except csv.Error as error:
            raise Unreadable("notATable") from error
    raise Unreadable("notATable")


def _workbook(content: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise Unreadable("tooBig")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        lines = []
        for line in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1):
            lines.append([_cell(each) for each in line])
            if len(lines) > MOST_ROWS + 100:
                raise Unreadable("tooManyRows")
        return lines
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError) as error:
        raise Unreadable("notATable") from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
