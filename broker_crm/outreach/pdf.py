"""A Word document as PDF."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from importlib.resources import files

import orjson
import typst

from broker_crm.definitions.word import WordRefused
from broker_crm.outreach import blocks

MEDIA_TYPE = "application/pdf"
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
    sheet = blocks.read(document)
    data = {"title": sheet.title, "language": language, **asdict(sheet)}
    try:
        drawing: bytes = typst.compile(
            PROGRAM,
            sys_inputs={"sheet": orjson.dumps(data).decode()},
            timestamp=int(made_at.timestamp()),
            ignore_system_fonts=True,
        )
    except typst.TypstError as error:
        raise WordRefused(f"The document can't be drawn as PDF: {error}") from error
    return drawing
