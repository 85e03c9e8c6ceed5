"""Headings with lines of names and values, drawn as PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from docx import Document

from broker_crm.outreach import pdf

Line = list[tuple[str, str]]
LONGEST = 2_000
"""Letters of one value on paper; the whole is in the JSON."""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: list[Line]


def drawn(title: str, sections: list[Section], language: str, made_at: datetime) -> bytes:
    """The sections on A4 pages, each row as a table of two columns.

    Args:
        title: of the document.
        sections: in their order.
        language: 'lt' or 'en'.
        made_at: written into the file as its date.
    """
    document = Document()
    document.add_heading(title, level=1)
    for section in sections:
        document.add_heading(section.title, level=2)
        for row in section.rows:
            table = document.add_table(rows=0, cols=2)
            for name, value in row:
                cells = table.add_row().cells
                cells[0].text, cells[1].text = name, _clean(value)
            document.add_paragraph("")
    content = BytesIO()
    document.save(content)
    return pdf.drawn(content.getvalue(), language, made_at)


def _clean(value: str) -> str:
    """Without signs that XML can't hold, and not longer than paper bears."""
    kept = "".join(sign for sign in value if sign.isprintable() or sign in "\n\t")
    return kept if len(kept) <= LONGEST else kept[: LONGEST - 1] + "…"
