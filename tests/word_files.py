"""Word files for tests."""

from __future__ import annotations

from io import BytesIO

import docx


def word_file(*paragraphs: str, heading: str = "") -> bytes:
    """A .docx with a heading and paragraphs; a tab ends a run, as Word ends them anywhere."""
    document = docx.Document()
    if heading:
        document.add_heading(heading, 1)
    for text in paragraphs:
        paragraph = document.add_paragraph()
        for run in text.split("\t"):
            paragraph.add_run(run)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def word_text(content: bytes) -> str:
    """What a .docx says, a line for each paragraph of the body."""
    return "\n".join(paragraph.text for paragraph in docx.Document(BytesIO(content)).paragraphs)
