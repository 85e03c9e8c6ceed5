"""Word templates of documents: opened with care, and their merge fields found.

Word cuts a field that somebody typed into several runs and may bend its quotes; a field is read
from the whole paragraph, with straight quotes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import chain

import docx
from docx.blkcntnr import BlockItemContainer
from docx.document import Document
from docx.section import Section
from docx.text.paragraph import Paragraph

from broker_crm.engine.feel.templates import MERGE_FIELD
from broker_crm.engine.sentences import said

LARGEST = 5 * 1024 * 1024
LARGEST_UNPACKED = 40 * 1024 * 1024
DEEPEST = 8
"""Tables within tables."""
QUOTES = str.maketrans("„“”‟«»", '""""""')
BROKEN = (KeyError, LookupError, OSError, SyntaxError, TypeError, ValueError, zipfile.BadZipFile)


class WordRefused(Exception):
    """The file is no Word document (.docx), or a dangerous one; the message says what to do."""


@dataclass(frozen=True, slots=True)
class PlacedField:
    """A merge field and the paragraph in which it stands, counted from 1."""

    field: str
    paragraph: int


def opened(content: bytes) -> Document:
    """The document of a file.

    Raises:
        WordRefused: when it is no .docx, too large, or unpacks to too much.
    """
    if len(content) > LARGEST:
        raise WordRefused(said("The file is larger than 5 MB. Make its pictures smaller."))
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            unpacked = sum(entry.file_size for entry in package.infolist())
        if unpacked > LARGEST_UNPACKED:
            raise WordRefused(said("The file unpacks to more than 40 MB. Save it from Word again."))
        return docx.Document(BytesIO(content))
    except BROKEN as error:
        raise WordRefused(
            said("The file is no Word document. Save it from Word as .docx.")
        ) from error


def packed(document: Document) -> bytes:
    """The document as a file."""
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def paragraphs(document: Document) -> Iterator[Paragraph]:
    """All paragraphs: of the body and its tables, then of headers and footers."""
    yield from _within(document)
    for section in document.sections:
        for part in margins(section):
            yield from _within(part)


def margins(section: Section) -> list[BlockItemContainer]:
    """A section's own headers and footers."""
    parts = (
        section.header,
        section.footer,
        section.first_page_header,
        section.first_page_footer,
    )
    return [part for part in parts if not part.is_linked_to_previous]


def field_of(written: str) -> str:
    """A field as FEEL: without the spaces and the bent quotes that Word puts in."""
    field = written.strip()
    return field if '"' in field else field.translate(QUOTES)


@lru_cache(maxsize=64)
def merge_fields(content: bytes) -> tuple[PlacedField, ...]:
    """Every `{{ FEEL }}` field of a template.

    Raises:
        WordRefused: when the file can't be read.
    """
    return tuple(
        PlacedField(field_of(match[1]), number)
        for number, paragraph in enumerate(paragraphs(opened(content)), start=1)
        for match in MERGE_FIELD.finditer(text_of(paragraph))
    )


def text_of(paragraph: Paragraph) -> str:
    """The text of the runs; what stands in hyperlinks is not ours to fill in."""
    return "".join(run.text for run in paragraph.runs)


def _within(holder: Document | BlockItemContainer, depth: int = 0) -> Iterator[Paragraph]:
    if depth > DEEPEST:
        raise WordRefused(said("The tables stand too deep within one another."))
    for item in holder.iter_inner_content():
        if isinstance(item, Paragraph):
            yield item
        else:
            cells = chain.from_iterable(row.cells for row in item.rows)
            for cell in {id(cell._tc): cell for cell in cells}.values():
                yield from _within(cell, depth + 1)
