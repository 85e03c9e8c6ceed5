"""Tables that leave the product as files: CSV as Lithuanian Excel opens it, and XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from flask import Response
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

Cell = str | int | float | Decimal | date | datetime | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")
WIDEST = 60


def answer(
    kind: str, name: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]]
) -> Response:
    """The table as a file to be saved.

    Args:
        kind: 'csv' (UTF-8 with its mark, semicolons, decimal comma) or 'xlsx'.
        name: of the file, without its ending.
        headings: of the columns.
        rows: cells.

    Texts that a spreadsheet would take for formulas are kept as texts, in headings too.
    """
    if kind == "xlsx":
        content = _workbook(headings, rows)
        media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    else:
        content = _csv(headings, rows)
        media = "text/csv; charset=utf-8"
    return Response(
        content,
        mimetype=media,
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )


def _csv(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(_text(heading) for heading in headings)
    writer.writerows([_text(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal | float):
        return str(cell).replace(".", ",")
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


def _workbook(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.append([_cell(heading) for heading in headings])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([_cell(value) for value in row])
    for number, heading in enumerate(headings):
        widest = max([len(heading), *(len(_text(row[number])) for row in rows)])
        sheet.column_dimensions[sheet.cell(1, number + 1).column_letter].width = min(
            widest + 2, WIDEST
        )
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(value: Cell) -> Cell:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        return f"'{text}" if text.startswith(FORMULA) else text
    return value
