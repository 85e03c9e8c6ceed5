"""Fills in the merge fields of a Word template."""

from __future__ import annotations

from collections.abc import Callable

from docx.text.paragraph import Paragraph

from broker_crm.definitions import word
from broker_crm.engine.feel.templates import MERGE_FIELD

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def filled(template: bytes, value_of: Callable[[str], str]) -> bytes:
    """The document with each field replaced by its text, in the field's own style.

    Args:
        template: a .docx file.
        value_of: the text of a field, which is FEEL.

    Raises:
        WordRefused: when the template can't be read.
        FeelError: as `value_of` raises it.
    """
    document = word.opened(template)
    for paragraph in word.paragraphs(document):
        _fill(paragraph, value_of)
    return word.packed(document)


def _fill(paragraph: Paragraph, value_of: Callable[[str], str]) -> None:
    matches = list(MERGE_FIELD.finditer(word.text_of(paragraph)))
    values = [value_of(word.field_of(match[1])) for match in matches]
    for match, value in zip(reversed(matches), reversed(values), strict=True):
        _replace(paragraph, match.start(), match.end(), value)


def _replace(paragraph: Paragraph, start: int, end: int, value: str) -> None:
    """Put the value where the field begins; what else the runs hold stays."""
    position = 0
    written = False
    for run in paragraph.runs:
        text = run.text
        first, last = max(start - position, 0), min(end - position, len(text))
        position += len(text)
        if first >= last:
            continue
        run.text = text[:first] + ("" if written else value) + text[last:]
        written = True
