"""Drafts: everybody's changes are noticed, nobody's are overwritten, publishing takes them away."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from broker_crm.db import sessions
from broker_crm.definitions.bundle import arrange
from broker_crm.definitions.findings import DiagramRejected, Finding, Severity
from broker_crm.definitions.lint import lint_folder
from broker_crm.definitions.models import DraftFile, ResourceKind
from broker_crm.definitions.publish import publish_files
from broker_crm.definitions.published import latest_version
from broker_crm.definitions.workspace import drafts, files, publishing
from broker_crm.definitions.workspace.acceptance import check_acceptable, check_name
from broker_crm.definitions.workspace.errors import (
    ChangedMeanwhile,
    ChangedSinceChecked,
    FileUnacceptable,
    NameTaken,
    NameUnacceptable,
    NothingToPublish,
    ProcessInForce,
    PublishedMeanwhile,
)
from broker_crm.definitions.workspace.starting import started
from broker_crm.people.models import Role
from tests.definitions.drawn import DIAGRAM, FORM, FORM_FILE, LETTER, small, small_files
from tests.process.office import add_user


@pytest.fixture
def workspace(session: Session) -> Session:
    """The small process published, and two designers."""
    for login in ("ada", "jonas"):
        add_user(session, login, Role.DESIGNER)
    publish_files(session, small_files())
    session.commit()
    return session


def seen(session: Session, key=DIAGRAM) -> str | None:
    content = files.content_of(session, key)
    return None if content is None else files.content_hash(content)


def publish(session: Session, *keys: str, findings: list[Finding] | None = None):
    contents = files.workspace_files(session)
    checked = {each.key: each.bundle.content_hash for each in publishing.processes(session)}
    found = lint_folder(arrange(contents)) if findings is None else findings
    return publishing.publish(session, keys, checked, found, author="ada", note="Kodėl")


def test_the_small_process_is_clean() -> None:
    assert lint_folder(arrange(small_files())) == []


def test_a_stale_save_is_refused_with_who_and_when_and_nothing_is_lost(workspace: Session) -> None:
    first = seen(workspace)
    mine = drafts.save(workspace, DIAGRAM, small(task="Paskambinti"), seen=first, by="ada")
    workspace.commit()
    with pytest.raises(ChangedMeanwhile) as refused:
        drafts.save(workspace, DIAGRAM, small(task="Rašyti"), seen=first, by="jonas")
    assert refused.value.by == "ada" and refused.value.at is not None
    assert files.content_of(workspace, DIAGRAM) == small(task="Paskambinti")
    for key, content in (
        ((ResourceKind.DIAGRAM, "../x.bpmn"), small()),
        ((ResourceKind.DIAGRAM, "x.bpmn"), b"<!DOCTYPE a><a/>"),
    ):
        with pytest.raises((NameUnacceptable, FileUnacceptable)):
            drafts.save(workspace, key, content, seen=None, by="ada")
    assert files.drafts(workspace).keys() == {DIAGRAM}
    drafts.save(workspace, DIAGRAM, small(task="Susitikti"), seen=mine, by="jonas")
    draft = workspace.get_one(DraftFile, DIAGRAM)
    assert (draft.created_by, draft.changed_by, draft.row_version) == ("ada", "jonas", 2)
    copy = drafts.keep_as_copy(workspace, DIAGRAM, small(task="Rašyti"), by="jonas")
    assert copy == (ResourceKind.DIAGRAM, "small-copy.bpmn")
    assert {each.key for each in publishing.processes(workspace)} == {"small", "small-copy"}


def test_of_two_who_begin_at_once_one_is_told(workspace: Session, engine: Engine) -> None:
    first, results = seen(workspace), []
    workspace.rollback()
    gate = threading.Barrier(2)

    def save(login: str) -> None:
        gate.wait()
        try:
            with sessions(engine).begin() as session:
                drafts.save(session, DIAGRAM, small(task=login), seen=first, by=login)
            results.append("saved")
        except ChangedMeanwhile:
            results.append("told")

    threads = [threading.Thread(target=save, args=(login,)) for login in ("ada", "jonas")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(results) == ["saved", "told"]


def test_going_back_to_what_is_published_leaves_no_draft(workspace: Session) -> None:
    now = drafts.save(workspace, FORM, FORM_FILE + b"\n", seen=seen(workspace, FORM), by="ada")
    assert files.drafts(workspace).keys() == {FORM}
    drafts.save(workspace, FORM, FORM_FILE, seen=now, by="ada")
    assert files.drafts(workspace) == {}
    again = drafts.save(workspace, FORM, FORM_FILE + b" ", seen=seen(workspace, FORM), by="ada")
    with pytest.raises(ChangedMeanwhile):
        drafts.discard(workspace, FORM, seen=now)
    drafts.discard(workspace, FORM, seen=again)
    assert files.content_of(workspace, FORM) == FORM_FILE


def test_publishing_takes_the_drafts_away_and_makes_the_next_version(workspace: Session) -> None:
    drafts.save(workspace, DIAGRAM, small(task="Skambinti"), seen=seen(workspace), by="ada")
    [version] = publish(workspace, "small")
    assert (version.number, version.author, version.note) == (2, "ada", "Kodėl")
    assert files.drafts(workspace) == {}
    assert files.published_content(workspace, DIAGRAM) == small(task="Skambinti")
    with pytest.raises(NothingToPublish):
        publish(workspace, "small")


def test_an_error_or_a_change_after_the_check_publishes_nothing(workspace: Session) -> None:
    broken = small().replace(b'formId="ask"', b'formId="gone"')
    drafts.save(workspace, DIAGRAM, broken, seen=seen(workspace), by="ada")
    with pytest.raises(DiagramRejected):
        publish(workspace, "small")
    contents = {each.key: each.bundle.content_hash for each in publishing.processes(workspace)}
    drafts.save(workspace, DIAGRAM, small(task="Kita"), seen=seen(workspace), by="jonas")
    with pytest.raises(ChangedSinceChecked):
        publishing.publish(workspace, ["small"], contents, [], author="ada", note="-")
    assert latest_version(workspace, "small").number == 1


def test_what_was_published_meanwhile_is_noticed_until_somebody_has_looked(
    workspace: Session,
) -> None:
    drafts.save(workspace, DIAGRAM, small(task="Skambinti"), seen=seen(workspace), by="ada")
    publish_files(workspace, {**small_files(), DIAGRAM: small(task="Rašyti")})
    with pytest.raises(PublishedMeanwhile) as refused:
        publish(workspace, "small")
    assert refused.value.keys == [DIAGRAM]
    drafts.keep_mine(workspace, DIAGRAM, seen=seen(workspace), by="ada")
    assert [each.number for each in publish(workspace, "small")] == [3]


def test_files_are_renamed_and_deleted_with_the_next_version(workspace: Session) -> None:
    target = drafts.rename(workspace, DIAGRAM, "kitas.bpmn", seen=seen(workspace), by="ada")
    with pytest.raises(NameTaken):
        drafts.create(workspace, target, small(), by="jonas")
    publish(workspace, "small")
    assert {DIAGRAM, target} & files.published(workspace).keys() == {target}
    with pytest.raises(ProcessInForce):
        drafts.delete(workspace, target, seen=seen(workspace, target), by="ada")
    drafts.delete(workspace, LETTER, seen=seen(workspace, LETTER), by="ada")
    assert LETTER not in files.workspace_files(workspace)
    publish(workspace, "small")
    assert LETTER not in files.published(workspace)
    assert files.drafts(workspace) == {}


@pytest.mark.parametrize("kind", ["bpmn", "dmn", "form", "letter", "script"])
def test_a_new_file_can_be_opened_and_checked(kind: str) -> None:
    key, content = started(ResourceKind(kind), "Sutarties „Ąžuolas“ & <x>", "lt")
    found = lint_folder(arrange({key: content}))
    assert [each for each in found if each.severity is Severity.ERROR] == []
    assert "azuolas" in key[1]


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ((ResourceKind.DIAGRAM, "../../x.bpmn"), small()),
        ((ResourceKind.DIAGRAM, "x"), small()),
        ((ResourceKind.FORM, "a/b"), FORM_FILE),
        ((ResourceKind.LETTER, "hello"), b"Subject: x\n\ny"),
        ((ResourceKind.TRANSLATION, "klingon"), b""),
    ],
)
def test_names_that_could_not_lie_in_the_folder_are_refused(key, content: bytes) -> None:
    with pytest.raises(NameUnacceptable):
        check_name(key)


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("bpmn", "x.bpmn", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        ("bpmn", "x.bpmn", b"x" * 2_000_001),
        ("dmn", "x.dmn", b"<a>" * 100 + b"</a>" * 100),
        ("form", "x", b"[" * 100_000 + b"]" * 100_000),
        ("letter", "x.lt", b"\xff\xfe"),
        ("script", "x.lt", b"a\x00b"),
        ("document", "x.lt", b"PK\x03\x04 no word"),
        ("letter", "x.lt", b"a" * 500_001),
    ],
)
def test_what_would_harm_a_reader_is_no_draft(kind: str, name: str, content: bytes) -> None:
    with pytest.raises(FileUnacceptable) as refused:
        check_acceptable((ResourceKind(kind), name), content)
    assert all(each.problem and each.mend for each in refused.value.findings)


def test_findings_keep_their_templates() -> None:
    broken = small().replace(b'formId="ask"', b'formId="gone"')
    [finding] = [
        each
        for each in lint_folder(arrange({**small_files(), DIAGRAM: broken}))
        if each.rule == "form"
    ]
    assert finding.problem.template == "The form “%(form_key)s” does not exist."
    assert replace(finding, problem=str(finding.problem)) == finding
