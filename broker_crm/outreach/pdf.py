"""A Word document, or a sheet made otherwise, as PDF."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from typing import Literal

import orjson
import typst

from broker_crm.definitions.word import WordRefused
from broker_crm.outreach import blocks

MEDIA_TYPE = "application/pdf"
RESOLUTION = 100.0
"""Of pictures, dots an inch."""
PROGRAM = files("broker_crm.outreach").joinpath("paper.typ").read_bytes()


def drawn(document: bytes, language: str, made_at: datetime) -> bytes:
    """The document on A4 pages with a tagged text, the same bytes for the same arguments.

    Args:
        document: a .docx file.
        language: of its text, 'lt' or 'en'.
        made_at: written into the file as its date.

    Raises:
        WordRefused: when the document can't be read or drawn.
    """
    return of_sheet(blocks.read(document), language, made_at)


def of_sheet(sheet: blocks.Sheet, language: str, made_at: datetime) -> bytes:
    """The same drawing of blocks that come from no Word document.

    Raises:
        WordRefused: when they can't be drawn.
    """
    return _compiled(sheet, language, made_at, "pdf")[0]


def pictures(document: bytes, language: str, made_at: datetime) -> list[bytes]:
    """The pages of the same drawing as PNG.

    Raises:
        WordRefused: when the document can't be read or drawn.
    """
    return _compiled(blocks.read(document), language, made_at, "png")


def _compiled(
    sheet: blocks.Sheet, language: str, made_at: datetime, form: Literal["pdf", "png"]
) -> list[bytes]:
    data = {"title": sheet.title, "language": language, **asdict(sheet)}
    try:
        drawing: bytes | list[bytes] = typst.compile(
            PROGRAM,
            format=form,
            ppi=RESOLUTION if form == "png" else None,
            sys_inputs={"sheet": orjson.dumps(data).decode()},
            timestamp=int(made_at.timestamp()),
            ignore_system_fonts=True,
        )
    except typst.TypstError as error:
        raise WordRefused(f"The document can't be drawn: {error}") from error
    return drawing if isinstance(drawing, list) else [drawing]
