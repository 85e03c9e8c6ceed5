"""The product's folder at a start: its changes come into force, the designers' stay in force."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.publish import publish_files
from broker_crm.definitions.published import latest_version
from broker_crm.definitions.workspace import drafts, files
from broker_crm.definitions.workspace.folder import take_folder
from broker_crm.definitions.workspace.transfer import check_out, unpacked
from tests.definitions.drawn import DIAGRAM, FORM, FORM_FILE, LETTER, laid_out, small


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def folder(session: Session, tmp_path: Path) -> Path:
    root = laid_out(tmp_path)
    assert [each.number for each in take_folder(session, root).published] == [1]
    return root


def designers_publish(session: Session, **changed: bytes) -> None:
    keys = {"diagram": DIAGRAM, "form": FORM, "letter": LETTER}
    contents = files.published_files(session)
    publish_files(session, {**contents, **{keys[name]: text for name, text in changed.items()}})


def test_a_restart_does_not_bring_the_old_files_back(session: Session, folder: Path) -> None:
    designers_publish(session, diagram=small(task="Skambinti"))
    for _ in range(2):
        assert take_folder(session, folder).published == []
    assert files.published_content(session, DIAGRAM) == small(task="Skambinti")
    assert latest_version(session, "small").number == 2


def test_a_change_of_the_folder_is_laid_over_what_designers_published(
    session: Session, folder: Path
) -> None:
    designers_publish(session, diagram=small(task="Skambinti"))
    (folder / "forms/letters/hello.lt.md").write_bytes(b"Subject: Sveiki\n\n{{greeting}}\n")
    [version] = take_folder(session, folder).published
    assert version.number == 3
    assert files.published_content(session, DIAGRAM) == small(task="Skambinti")
    assert files.published_content(session, LETTER) == b"Subject: Sveiki\n\n{{greeting}}\n"
    assert take_folder(session, folder).published == []


def test_the_same_file_changed_in_both_becomes_a_draft(session: Session, folder: Path) -> None:
    designers_publish(session, form=FORM_FILE + b"\n")
    (folder / "forms/ask.form").write_bytes(FORM_FILE + b"  ")
    taken = take_folder(session, folder)
    assert taken.published == [] and taken.drafted == ["forms/ask.form"]
    assert files.published_content(session, FORM) == FORM_FILE + b"\n"
    draft = files.drafts(session)[FORM]
    assert draft.content == FORM_FILE + b"  " and draft.created_by is None
    assert take_folder(session, folder).drafted == []


def test_a_colleagues_draft_is_never_replaced_by_the_folder(session: Session, folder: Path) -> None:
    designers_publish(session, form=FORM_FILE + b"\n")
    now = files.content_hash(FORM_FILE + b"\n")
    drafts.save(session, FORM, FORM_FILE + b"\n\n", seen=now, by=None)
    (folder / "forms/ask.form").write_bytes(FORM_FILE + b"  ")
    for _ in range(2):
        assert take_folder(session, folder).drafted == ["forms/ask.form"]
    assert files.drafts(session)[FORM].content == FORM_FILE + b"\n\n"


def test_a_diagram_that_designers_renamed_does_not_come_back(
    session: Session, folder: Path
) -> None:
    contents = files.published_files(session)
    content = contents.pop(DIAGRAM)
    publish_files(session, {**contents, (ResourceKind.DIAGRAM, "kitas.bpmn"): content})
    (folder / "forms/letters/hello.lt.md").write_bytes(b"Subject: Sveiki\n\n{{greeting}}\n")
    assert [each.number for each in take_folder(session, folder).published] == [3]
    assert DIAGRAM not in files.published(session)


def test_a_checkout_leaves_changed_files_alone_unless_forced(
    session: Session, folder: Path
) -> None:
    assert check_out(files.workspace_files(session), folder).written == []
    (folder / "bpmn/small.bpmn").write_bytes(small(task="Mano"))
    (folder / "forms/ask.form").rename(folder / "forms/klausti.form")
    now = files.content_hash(FORM_FILE)
    drafts.save(session, FORM, FORM_FILE + b"\n", seen=now, by=None)
    done = check_out(files.workspace_files(session), folder)
    assert done.written == [] and done.differing == ["bpmn/small.bpmn", "forms/klausti.form"]
    assert (folder / "bpmn/small.bpmn").read_bytes() == small(task="Mano")
    done = check_out(files.workspace_files(session), folder, force=True)
    assert done.written == ["bpmn/small.bpmn", "forms/klausti.form"]
    assert take_folder(session, folder).published != []


@pytest.mark.parametrize("name", ["sale.bpmn", "sale.bpmn20.xml", "sale.bpmn2"])
def test_a_diagram_is_known_by_whatever_ending_its_tool_gave_it(name: str) -> None:
    (arrived,) = unpacked([(name, small())])
    assert arrived.key == (ResourceKind.DIAGRAM, "sale.bpmn")
