"""A case in an experiment on a letter gets, and is shown, the wording of its arm."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import process
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import latest_version, resource
from broker_crm.outreach.models import Letter
from broker_crm.process import experiments
from broker_crm.process.experiments import Decision, ExperimentAssignment
from broker_crm.process.models import ProcessInstance

from . import bureau
from .conftest import Bureau


def one_of_each(factory: sessionmaker[Session]) -> dict[str, UUID]:
    """A case in each arm."""
    found: dict[str, UUID] = {}
    while len(found) < 2:
        case = bureau.begin(factory)
        with factory() as session:
            found.setdefault(session.get_one(ExperimentAssignment, case).arm, case)
    return found


def body(factory: sessionmaker[Session], case: UUID) -> str:
    bureau.write(factory, case)
    with factory() as session:
        return session.scalars(select(Letter.body).where(Letter.instance_id == case)).one()


def test_the_letter_sent_is_that_of_the_arm(office: Bureau, tmp_path: Path) -> None:
    bureau.try_letter(office.factory, tmp_path / "bureau")
    cases = one_of_each(office.factory)
    assert "antra" in body(office.factory, cases["a"])
    assert body(office.factory, cases["b"]).endswith("Kaina 1\u00a0234,50 EUR.\n")
    with office.factory() as session:
        versions = session.scalars(
            select(ProcessInstance.version_id).where(ProcessInstance.id.in_(cases.values()))
        )
        assert len(set(versions)) == 1


def test_a_case_keeps_its_letter_after_the_decision(office: Bureau, tmp_path: Path) -> None:
    made = bureau.try_letter(office.factory, tmp_path / "bureau")
    cases = one_of_each(office.factory)
    with office.factory.begin() as session:
        experiments.end(session, made, Decision.A, "", by="vadove")
    assert "antra" not in body(office.factory, cases["b"])
    assert "antra" in body(office.factory, bureau.begin(office.factory))


def test_a_case_that_was_moved_gets_that_versions_letter(office: Bureau, tmp_path: Path) -> None:
    made = bureau.try_letter(office.factory, tmp_path / "bureau")
    case = one_of_each(office.factory)["b"]
    with office.factory.begin() as session:
        experiments.end(session, made, Decision.A, "", by="vadove")
    with office.factory.begin() as session:
        process.migrate(session, case, latest_version(session, "letters").id, by="vadove")
    assert "antra" in body(office.factory, case)


def test_the_letter_that_won_is_published_in_as_version(office: Bureau, tmp_path: Path) -> None:
    made = bureau.try_letter(office.factory, tmp_path / "bureau")
    with office.factory.begin() as session:
        experiments.end(session, made, Decision.B, "shorter", by="vadove")
    with office.factory() as session:
        newest = latest_version(session, "letters")
        first = session.scalars(select(ProcessVersion).where(ProcessVersion.number == 1)).one()
        letter = resource(session, newest.id, ResourceKind.LETTER, "hello.lt").decode()
        english = resource(session, newest.id, ResourceKind.LETTER, "hello.en").decode()
        diagram = resource(session, newest.id, ResourceKind.DIAGRAM, "letters.bpmn")
        assert letter == bureau.SHORTER and english == bureau.ENGLISH
        assert diagram == resource(session, first.id, ResourceKind.DIAGRAM, "letters.bpmn")
    assert "antra" not in body(office.factory, bureau.begin(office.factory))
