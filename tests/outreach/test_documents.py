"""Documents: Word templates filled in, drawn as PDF, refused when something is missing."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import docx
import pytest

from broker_crm.definitions import word as templates
from broker_crm.outreach import blocks, pdf, word
from tests.word_files import word_file, word_text

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)


def value_of(field: str) -> str:
    return {"client.name": "UAB „Ąžuolas“", "a + 1": "2", 'if x then "a" else "b"': "b"}[field]


def test_a_field_is_filled_in_wherever_word_cut_it() -> None:
    template = word_file("Klientas: {\t{ client\t.name }\t}, iš viso {{ a + 1 }}.")
    made = word.filled(template, value_of)
    assert word_text(made) == "Klientas: UAB „Ąžuolas“, iš viso 2."


def test_the_field_keeps_its_style_and_the_text_around_its_own() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph()
    paragraph.add_run("Kam: ")
    paragraph.add_run("{{ client.name }}").bold = True
    paragraph.add_run(" dabar").italic = True
    made = docx.Document(BytesIO(word.filled(templates.packed(document), value_of)))
    runs = made.paragraphs[0].runs
    assert [(run.text, run.bold, run.italic) for run in runs] == [
        ("Kam: ", None, None),
        ("UAB „Ąžuolas“", True, None),
        (" dabar", None, True),
    ]


def test_quotes_that_word_bent_are_straightened_within_fields_only() -> None:
    made = word.filled(word_file("„Taip“: {{ if x then “a” else „b“ }}"), value_of)
    assert word_text(made) == "„Taip“: b"


def test_tables_headers_and_footers_are_filled_in_too() -> None:
    document = docx.Document()
    inner = document.add_table(1, 1).cell(0, 0).add_table(1, 1)
    inner.cell(0, 0).text = "{{ client.name }}"
    section = document.sections[0]
    section.header.paragraphs[0].text = "{{ a + 1 }}"
    section.footer.paragraphs[0].text = "{{ client.name }}"
    content = templates.packed(document)
    assert sorted(each.field for each in templates.merge_fields(content)) == [
        "a + 1",
        "client.name",
        "client.name",
    ]
    made = docx.Document(BytesIO(word.filled(content, value_of)))
    assert made.tables[0].cell(0, 0).tables[0].cell(0, 0).text == "UAB „Ąžuolas“"
    assert made.sections[0].header.paragraphs[0].text == "2"
    assert made.sections[0].footer.paragraphs[0].text == "UAB „Ąžuolas“"


def test_what_a_document_says_is_text_and_never_markup() -> None:
    evil = '<script>alert(1)</script> #panic("x") #read("/etc/passwd") $x^2$ *a* \\ `b`'
    content = word_file(evil, heading="Pavadinimas")
    html = str(blocks.html(blocks.read(content)))
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert html.startswith("<h1>Pavadinimas</h1>")
    assert pdf.drawn(content, "lt", NOON).startswith(b"%PDF-")


def test_lists_and_tables_are_drawn_as_such() -> None:
    document = docx.Document()
    for text in ("pirma", "antra"):
        document.add_paragraph(text, style="List Bullet")
    document.add_paragraph("viena", style="List Number")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Įmoka", "100"
    assert str(blocks.html(blocks.read(templates.packed(document)))) == (
        "<ul><li>pirma</li><li>antra</li></ul>\n<ol><li>viena</li></ol>\n"
        "<table><tbody><tr><td>Įmoka</td><td>100</td></tr></tbody></table>"
    )


def test_the_same_document_gives_the_same_pdf() -> None:
    content = word_file("Įmoka 100 €", heading="Sutartis")
    assert pdf.drawn(content, "lt", NOON) == pdf.drawn(content, "lt", NOON)


def bomb() -> bytes:
    file = BytesIO(word_file("x"))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/media/big.bin", b"\0" * (templates.LARGEST_UNPACKED + 1))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no Word document"),
        (b"{\\rtf1 hello}", "no Word document"),
        (b"PK\x03\x04broken", "no Word document"),
        (b"x" * (templates.LARGEST + 1), "larger than 5 MB"),
        (bomb(), "unpacks to more than 40 MB"),
    ],
    ids=["empty", "rtf", "broken", "large", "bomb"],
)
def test_what_is_no_word_document_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(templates.WordRefused, match=words):
        word.filled(content, value_of)
    with pytest.raises(templates.WordRefused, match=words):
        templates.merge_fields(content)
