"""Publishing makes numbered versions that never change: all of a folder, once, or nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process
from broker_crm.db import connect, sessions
from broker_crm.definitions import published
from broker_crm.definitions.findings import DiagramRejected
from broker_crm.definitions.forms import translate_form
from broker_crm.definitions.models import ProcessVersion, Resource, ResourceKind
from broker_crm.definitions.publish import publish_folder
from broker_crm.process.models import ProcessInstance, UserTask
from tests.definitions.copies import SALE, copy, edit
from tests.engine.diagrams import flows
from tests.process.office import MONDAY, people, reminder_flows, step
from tests.process.office import publish as publish_small

SALE_KEY = "new-client-sale"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sale with a name of this test's own, so that no other test has loaded it."""
    copy(tmp_path / "sale")
    edit(tmp_path / "sale", SALE, "Dešimties žingsnių", f"{tmp_path.name} žingsnių")
    return tmp_path / "sale"


@pytest.fixture
def factory(engine: Engine) -> sessionmaker[Session]:
    return sessions(engine)


def publish(factory: sessionmaker[Session], folder: Path) -> list[int]:
    with factory.begin() as session:
        return [version.number for version in publish_folder(session, folder)]


def numbers(factory: sessionmaker[Session]) -> list[int]:
    with factory() as session:
        statement = select(ProcessVersion.number).order_by(ProcessVersion.number)
        return list(session.scalars(statement.where(ProcessVersion.process_key == SALE_KEY)))


def test_the_same_content_publishes_nothing_new(
    factory: sessionmaker[Session], folder: Path
) -> None:
    assert publish(factory, folder) == [1]
    assert publish(factory, folder) == []
    (folder / "forms/letters/unused.lt.md").write_text("Subject: Nobody names this letter\n\nx")
    assert publish(factory, folder / "bpmn") == []
    assert numbers(factory) == [1]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (SALE, 'name="2. Skambutis"', 'name="2. Kvietimas"'),
        ("bpmn/call_retry.dmn", "</definitions>", "<!-- other --></definitions>"),
        ("forms/first-call.form", "Domisi", "Susidomėjo"),
        ("forms/letters/intro.lt.md", "Pagarbiai", "Su pagarba"),
        ("forms/scripts/first-call.en.md", "\n", "\n\n"),
        ("forms/translations/en.po", "Salesperson", "Seller"),
    ],
)
def test_any_changed_file_makes_the_next_version(
    factory: sessionmaker[Session], folder: Path, file: str, old: str, new: str
) -> None:
    publish(factory, folder)
    edit(folder, file, old, new)
    assert publish(factory, folder) == [2]
    with factory() as session:
        assert published.latest_version(session, SALE_KEY).number == 2


def test_going_back_to_earlier_content_makes_a_version_too(
    factory: sessionmaker[Session], folder: Path
) -> None:
    publish(factory, folder)
    edit(folder, "forms/letters/intro.lt.md", "Pagarbiai", "Su pagarba")
    publish(factory, folder)
    edit(folder, "forms/letters/intro.lt.md", "Su pagarba", "Pagarbiai")
    assert publish(factory, folder) == [3]
    assert numbers(factory) == [1, 2, 3]


def test_unchanged_files_are_stored_once(factory: sessionmaker[Session], folder: Path) -> None:
    publish(factory, folder)
    with factory() as session:
        before = session.scalar(select(func.count()).select_from(Resource))
    edit(folder, "forms/letters/intro.lt.md", "Pagarbiai", "Su pagarba")
    publish(factory, folder)
    with factory() as session:
        assert session.scalar(select(func.count()).select_from(Resource)) == (before or 0) + 1


def test_running_instances_stay_on_their_version(
    factory: sessionmaker[Session], tmp_path: Path
) -> None:
    def body(last: str) -> str:
        ends = '<bpmn:startEvent id="begin" /><bpmn:endEvent id="end" />'
        steps = step("call") + step(last) + reminder_flows("call") + reminder_flows(last)
        return ends + steps + flows("begin>call", f"call>{last}", f"{last}>end")

    def begin(session: Session) -> ProcessInstance:
        return process.start(session, "visits", {"owner": "jonas"}, by="jonas").instance

    def next_step(session: Session, instance: ProcessInstance) -> str:
        waiting = select(UserTask).where(
            UserTask.instance_id == instance.id, UserTask.status == "open"
        )
        process.complete(session, session.scalars(waiting).one().id, {"outcome": "yes"}, by="jonas")
        return session.scalars(waiting).one().element_id

    with clock.use(clock.SimulatedClock(MONDAY)):
        people(factory)
        publish_small(factory, tmp_path, visits=body("meet"))
        with factory.begin() as session:
            old = begin(session)
        publish_small(factory, tmp_path, visits=body("write"))
        with factory.begin() as session:
            assert next_step(session, old) == "meet"
            assert next_step(session, begin(session)) == "write"


def test_a_folder_with_an_error_publishes_nothing_at_all(
    factory: sessionmaker[Session], folder: Path
) -> None:
    publish(factory, folder)
    edit(folder, "forms/letters/intro.lt.md", "Pagarbiai", "Su pagarba")
    edit(folder, SALE, 'formId="first-call"', 'formId="gone"')
    with pytest.raises(DiagramRejected, match=r"Task_FirstCall “2\. Skambutis”.*“gone”"):
        publish(factory, folder)
    assert numbers(factory) == [1]
    with factory() as session:
        version = published.latest_version(session, SALE_KEY)
        letter = published.resource(session, version.id, ResourceKind.LETTER, "intro.lt")
    assert b"Pagarbiai" in letter


def test_a_warning_does_not_stop_publishing(factory: sessionmaker[Session], folder: Path) -> None:
    edit(folder, "forms/first-call.form", "Kodėl nesidomi?", "Kodėl ne?")
    assert publish(factory, folder) == [1]


def test_an_unreadable_file_beside_stops_publishing(
    factory: sessionmaker[Session], folder: Path
) -> None:
    (folder / "bpmn/other.bpmn").write_bytes(b"<html/>")
    with pytest.raises(DiagramRejected, match=r"other\.bpmn"):
        publish(factory, folder)
    assert numbers(factory) == []


@pytest.mark.damages
@pytest.mark.parametrize(
    ("kind", "name"),
    [(ResourceKind.DIAGRAM, "new_client_sale.bpmn"), (ResourceKind.FORM, "signing")],
)
def test_a_flipped_byte_in_the_database_is_told(
    factory: sessionmaker[Session], folder: Path, kind: ResourceKind, name: str
) -> None:
    publish(factory, folder)
    with factory.begin() as session:
        version = published.latest_version(session, SALE_KEY)
        row = session.execute(
            text(
                "SELECT resource_hash FROM process_version_resource"
                " WHERE version_id = :version AND kind = :kind AND name = :name"
            ),
            {"version": version.id, "kind": kind, "name": name},
        ).one()
        content = bytearray(session.get_one(Resource, row[0]).content)
        content[len(content) // 2] ^= 1
        session.execute(
            update(Resource).where(Resource.hash == row[0]).values(content=bytes(content))
        )
    with (
        factory() as session,
        pytest.raises(published.VersionDamaged, match=r"Version 1 .*new-client-sale"),
    ):
        published.compiled(session, version.id)


@pytest.mark.damages
def test_a_file_taken_from_the_database_is_told(
    factory: sessionmaker[Session], folder: Path
) -> None:
    publish(factory, folder)
    with factory.begin() as session:
        session.execute(text("DELETE FROM process_version_resource WHERE kind = 'letter'"))
        version = published.latest_version(session, SALE_KEY)
    with factory() as session, pytest.raises(published.VersionDamaged):
        published.form(session, version.id, "signing")


@pytest.fixture
def publishers(database_url: str, engine: Engine) -> Iterator[list[sessionmaker[Session]]]:
    """Two that share nothing but the database."""
    other = connect(database_url)
    yield [sessions(engine), sessions(other)]
    other.dispose()


def test_who_publishes_while_another_does_waits_and_adds_nothing(
    publishers: list[sessionmaker[Session]], folder: Path
) -> None:
    results: list[list[int]] = []
    second = threading.Thread(target=lambda: results.append(publish(publishers[1], folder)))
    with publishers[0].begin() as session:
        assert len(publish_folder(session, folder)) == 1
        second.start()
        second.join(timeout=1.5)
        assert second.is_alive()
    second.join()
    assert results == [[]]
    assert numbers(publishers[0]) == [1]


def test_a_version_carries_its_own_texts(factory: sessionmaker[Session], folder: Path) -> None:
    publish(factory, folder)
    edit(folder, "forms/translations/en.po", 'msgstr "2. Call"', 'msgstr "2. Ring"')
    publish(factory, folder)
    with factory() as session:
        ids = session.scalars(select(ProcessVersion.id).order_by(ProcessVersion.number)).all()
        names = [published.catalogue(session, each, "en")["2. Skambutis"] for each in ids]
        assert names == ["2. Call", "2. Ring"]
        schema = published.form(session, ids[1], "first-call").schema
        english = translate_form(schema, published.catalogue(session, ids[1], "en"))
    labels = [each["label"] for each in english["components"] if "label" in each]
    assert labels[0] == "Outcome of the call"


@pytest.mark.parametrize("spoilt", ["none", "fuzzy", "empty"])
def test_without_a_translation_the_lithuanian_text_stays(
    factory: sessionmaker[Session], folder: Path, spoilt: str
) -> None:
    file = folder / "forms/translations/en.po"
    if spoilt == "none":
        file.unlink()
    elif spoilt == "fuzzy":
        file.write_text('#, fuzzy\nmsgid "Skambučio rezultatas"\nmsgstr "Call"\n')
    else:
        file.write_text('msgid "Skambučio rezultatas"\nmsgstr ""\n')
    publish(factory, folder)
    with factory() as session:
        version = published.latest_version(session, SALE_KEY)
        catalogue = published.catalogue(session, version.id, "en")
        schema = published.form(session, version.id, "first-call").schema
    assert catalogue == {}
    assert translate_form(schema, catalogue) == schema
    assert "Skambučio rezultatas" in str(schema)


def test_what_is_not_published_is_told(factory: sessionmaker[Session], folder: Path) -> None:
    publish(factory, folder)
    with factory() as session:
        version = published.latest_version(session, SALE_KEY)
        with pytest.raises(published.NotPublished, match="“nothing” is not published"):
            published.latest_version(session, "nothing")
        with pytest.raises(published.NotPublished, match="no process version 99"):
            published.compiled(session, 99)
        with pytest.raises(published.NotPublished, match="no form “absent”"):
            published.form(session, version.id, "absent")
