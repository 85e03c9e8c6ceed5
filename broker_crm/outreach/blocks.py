"""What a Word document says, as blocks: drawn as HTML on a page and as PDF on paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from markupsafe import Markup, escape

from broker_crm.definitions import word

HEADINGS = {"Title": 1, "Subtitle": 2, **{f"Heading {level}": level for level in range(1, 7)}}
ALIGNMENTS = {WD_ALIGN_PARAGRAPH.CENTER: "center", WD_ALIGN_PARAGRAPH.RIGHT: "right"}


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    BULLETS = "bullets"
    NUMBERS = "numbers"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Span:
    text: str
    bold: bool = False
    italic: bool = False


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or paragraph (one line), a list (a line each), or the rows of a table."""

    kind: BlockKind
    lines: tuple[Line, ...] = ()
    rows: tuple[tuple[Line, ...], ...] = ()
    level: int = 0
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole document."""

    blocks: tuple[Block, ...]
    header: tuple[Line, ...] = field(default=())
    footer: tuple[Line, ...] = field(default=())

    @property
    def title(self) -> str:
        """The text of the first heading, '' without one."""
        for block in self.blocks:
            if block.kind is BlockKind.HEADING:
                return "".join(span.text for span in block.lines[0])
        return ""


def read(content: bytes) -> Sheet:
    """What a .docx file says.

    Raises:
        WordRefused: when it can't be read.
    """
    document = word.opened(content)
    section = document.sections[0]
    return Sheet(
        tuple(_gathered(_blocks(document))),
        tuple(filter(None, map(_line, section.header.paragraphs))),
        tuple(filter(None, map(_line, section.footer.paragraphs))),
    )


def html(sheet: Sheet) -> Markup:
    """A fragment; all text is escaped."""
    return Markup("\n").join(_html(block) for block in sheet.blocks)


def _html(block: Block) -> Markup:
    if block.kind is BlockKind.HEADING:
        return Markup("<h{0}>{1}</h{0}>").format(block.level, _inline(block.lines[0]))
    if block.kind is BlockKind.PARAGRAPH:
        return Markup("<p>{}</p>").format(_inline(block.lines[0]))
    if block.kind is BlockKind.TABLE:
        cells = (
            Markup("<tr>{}</tr>").format(
                Markup("").join(Markup("<td>{}</td>").format(_inline(cell)) for cell in row)
            )
            for row in block.rows
        )
        return Markup("<table><tbody>{}</tbody></table>").format(Markup("").join(cells))
    items = Markup("").join(Markup("<li>{}</li>").format(_inline(line)) for line in block.lines)
    return Markup("<{0}>{1}</{0}>").format("ul" if block.kind is BlockKind.BULLETS else "ol", items)


def _inline(line: Line) -> Markup:
    return Markup("").join(_marked(span) for span in line)


def _marked(span: Span) -> Markup:
    text = Markup("<br>").join(escape(part) for part in span.text.split("\n"))
    if span.italic:
        text = Markup("<em>{}</em>").format(text)
    return Markup("<strong>{}</strong>").format(text) if span.bold else text


def _blocks(document: Document) -> Iterator[Block]:
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield Block(BlockKind.TABLE, rows=tuple(map(tuple, _rows(item))))
        elif line := _line(item):
            yield _block(document, item, line)


def _block(document: Document, paragraph: Paragraph, line: Line) -> Block:
    style = (paragraph.style.name if paragraph.style else None) or ""
    if level := HEADINGS.get(style):
        return Block(BlockKind.HEADING, (line,), level=level)
    if style.startswith("List Number"):
        return Block(BlockKind.NUMBERS, (line,))
    if style.startswith("List Bullet"):
        return Block(BlockKind.BULLETS, (line,))
    if number_format := _number_format(document, paragraph):
        listed = BlockKind.BULLETS if number_format == "bullet" else BlockKind.NUMBERS
        return Block(listed, (line,))
    align = ALIGNMENTS.get(paragraph.alignment, "left") if paragraph.alignment else "left"
    return Block(BlockKind.PARAGRAPH, (line,), align=align)


def _number_format(document: Document, paragraph: Paragraph) -> str | None:
    """How Word numbers a paragraph that stands in a list, None outside lists."""
    found = paragraph._p.xpath("./w:pPr/w:numPr/w:numId/@w:val")
    if not found or found[0] == "0":
        return None
    formats = document.part.numbering_part.element.xpath(
        "//w:abstractNum[@w:abstractNumId=//w:num[@w:numId=$number]/w:abstractNumId/@w:val]"
        "/w:lvl[1]/w:numFmt",
        number=found[0],
    )
    return formats[0].get(qn("w:val")) if formats else "bullet"


def _rows(table: Table) -> Iterator[list[Line]]:
    for row in table.rows:
        yield [_cell(cell.paragraphs) for cell in row.cells]


def _cell(paragraphs: list[Paragraph]) -> Line:
    spans: list[Span] = []
    for paragraph in paragraphs:
        line = _line(paragraph)
        if spans and line:
            spans.append(Span("\n"))
        spans.extend(line)
    return tuple(spans)


def _line(paragraph: Paragraph) -> Line:
    spans = tuple(
        Span(run.text, bool(run.bold), bool(run.italic)) for run in paragraph.runs if run.text
    )
    return spans if any(span.text.strip() for span in spans) else ()


def _gathered(blocks: Iterator[Block]) -> Iterator[Block]:
    """Items that follow one another become one list."""
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        if kind in {BlockKind.BULLETS, BlockKind.NUMBERS}:
            yield Block(kind, tuple(line for block in group for line in block.lines))
        else:
            yield from group
