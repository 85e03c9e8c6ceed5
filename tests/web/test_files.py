"""Files of a case: documents of a step, what colleagues bring, who may see and remove it."""

from __future__ import annotations

from io import BytesIO
from uuid import uuid4

import pytest
from sqlalchemy import select

from broker_crm.crm.models import Document
from broker_crm.process.models import UserTask
from tests.word_files import word_file, word_text

from .conftest import Site, Visitor

PDF = b"%PDF-1.7\nsigned"


def bring(
    visitor: Visitor, site: Site, name: str, content: bytes, kind: str = "attachment"
) -> tuple[int, str]:
    """Bring a file to the case; the answer's status, and what the case's page says then."""
    answer = visitor.client.post(
        f"/instances/{site.instance_id}/files",
        data={"kind": kind, "file": (BytesIO(content), name)},
        headers={"X-CSRFToken": visitor.token()},
    )
    return answer.status_code, visitor.get(f"/instances/{site.instance_id}").text


def documents(site: Site) -> list[Document]:
    with site.factory() as session:
        return list(
            session.scalars(
                select(Document)
                .where(Document.instance_id.is_not(None))
                .order_by(Document.created_at)
            )
        )


def test_a_file_is_kept_listed_and_given_back_unchanged(site: Site) -> None:
    visitor = site.visitor(site.owner)
    status, page = bring(visitor, site, "C:\\Sutartys\\Pasirašyta ąž.pdf", PDF, "signed-contract")
    assert status == 303
    assert "Pasirašyta ąž.pdf" in page and "Pasirašyta sutartis" in page
    (document,) = documents(site)
    assert (document.kind, document.size, document.created_by) == (
        "signed-contract",
        len(PDF),
        site.owner,
    )
    assert document.client_id == site.client_id
    answer = visitor.get(f"/files/{document.id}")
    assert answer.data == PDF and answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Pasirašyta ąž.pdf" in visitor.get(f"/clients/{site.client_id}").text


def test_the_same_file_brought_twice_is_kept_once(site: Site) -> None:
    visitor = site.visitor(site.owner)
    bring(visitor, site, "a.pdf", PDF)
    bring(visitor, site, "b.pdf", PDF)
    assert len(documents(site)) == 1
    bring(visitor, site, "b.pdf", PDF, "signed-contract")
    assert len(documents(site)) == 2


@pytest.mark.parametrize(
    ("name", "content", "kind", "words"),
    [
        ("empty.pdf", b"", "attachment", "tuščias"),
        ("page.html", b"<script>", "attachment", "nesaugome"),
        ("program.exe", b"MZ", "attachment", "nesaugome"),
        ("noextension", PDF, "attachment", "nesaugome"),
        ("fake.pdf", b"MZ program", "attachment", "neatitinka pavadinimo"),
        ("fake.docx", b"PK\x03\x04 broken", "attachment", "neatitinka pavadinimo"),
        ("fake.txt", b"a\0b", "attachment", "neatitinka pavadinimo"),
        ("contract.docx", word_file("x"), "signed-contract", "Pasirašyta sutartis turi būti PDF"),
        ("a.pdf", PDF, "unknown-kind", "Pasirinkite failą."),
        ("large.pdf", PDF + b"x" * 15 * 1024 * 1024, "attachment", "didesnis nei 15 MB"),
    ],
)
def test_what_can_not_be_kept_is_refused_with_the_reason(
    site: Site, name: str, content: bytes, kind: str, words: str
) -> None:
    status, page = bring(site.visitor(site.owner), site, name, content, kind)
    assert status == 303
    assert words in page
    assert documents(site) == []


def test_colleagues_who_may_not_see_the_case_get_no_file(site: Site) -> None:
    bring(site.visitor(site.owner), site, "a.pdf", PDF)
    (document,) = documents(site)
    stranger = site.visitor(site.colleague)
    stranger.get(f"/files/{document.id}", 404)
    stranger.post(f"/files/{document.id}/remove", 404)
    stranger.post(f"/instances/{site.instance_id}/files", 404)
    site.visitor(site.owner).get(f"/files/{uuid4()}", 404)


def test_only_who_brought_a_file_or_leads_removes_it(site: Site) -> None:
    bring(site.visitor("manager"), site, "a.pdf", PDF)
    (document,) = documents(site)
    owner = site.visitor(site.owner)
    assert f"/files/{document.id}/remove" not in owner.get(f"/instances/{site.instance_id}").text
    owner.post(f"/files/{document.id}/remove", 404)
    site.visitor("manager").post(f"/files/{document.id}/remove")
    owner.get(f"/files/{document.id}", 404)
    (removed,) = documents(site)
    assert removed.removed_at is not None


@pytest.mark.parametrize("form", ["docx", "pdf"])
def test_a_step_gives_its_document_filled_in_as_far_as_the_data_goes(site: Site, form: str) -> None:
    with site.factory.begin() as session:
        task = session.get_one(UserTask, site.task_id)
        task.help = {**task.help, "offer": "offer"}
    visitor = site.visitor(site.owner)
    answer = visitor.get(f"/tasks/{site.task_id}/offer.{form}")
    assert f"draudimo-pasiulymas.{form}" in answer.headers["Content-Disposition"]
    if form == "pdf":
        assert answer.data.startswith(b"%PDF-")
    else:
        assert "[nėra: offerValidUntil]" in word_text(answer.data)
    visitor.get(f"/tasks/{site.task_id}/contract.{form}", 404)
    visitor.get(f"/tasks/{site.task_id}/letter.{form}", 404)
    site.visitor(site.colleague).get(f"/tasks/{site.task_id}/offer.{form}", 404)
