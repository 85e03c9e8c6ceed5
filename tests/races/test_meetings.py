"""Other meetings: versions against starts, workers over one letter, managers over one incident."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from broker_crm import process
from broker_crm import settings as environment
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.publish import publish_folder
from broker_crm.outreach import resending
from broker_crm.outreach.deliver import deliver_due
from broker_crm.outreach.models import OutboxEntry, OutboxState
from broker_crm.people.models import User
from broker_crm.process import jobs
from broker_crm.process.errors import IncidentNotOpen, NotAllowed
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.process.transactions import Command, run_command
from tests.engine.diagrams import diagram
from tests.outreach import bureau
from tests.outreach.conftest import Bureau, server  # noqa: F401
from tests.outreach.conftest import office as bureau_office  # noqa: F401
from tests.outreach.mail_server import MailServer
from tests.process.conftest import Office, office  # noqa: F401
from tests.process.office import TWO_CALLS
from tests.process.test_incidents import stopped, waiting  # noqa: F401
from tests.races.interleaving import Answer, Interleaving


def meetings(
    engine: Engine,
    prepare: Callable[[], object],
    first: Callable[[], object],
    second: Callable[[], object],
    every: int = 1,
) -> Iterator[tuple[Answer, Answer]]:
    """Both answers for each (or each so manieth) moment of the first, prepared anew each time."""
    interleaving = Interleaving(engine)
    prepare()
    steps = interleaving.steps(first)
    for at in range(0, steps, every):
        prepare()
        yield interleaving.meet(first, second, at)
    interleaving.close()


def changes(office: Office) -> Iterator[int]:  # noqa: F811
    """Each step writes the diagram anew, with another name in it."""
    for number in count(1):
        renamed = TWO_CALLS.replace('name="meet"', f'name="meet {number}"')
        written = office.folder / "bpmn" / "twoCalls.bpmn"
        written.write_bytes(diagram(renamed, process="twoCalls"))
        yield number


def test_a_start_beside_a_publication_runs_on_one_whole_version(office: Office) -> None:  # noqa: F811
    changed = changes(office)

    def change() -> None:
        next(changed)

    def publish() -> object:
        with office.factory.begin() as session:
            return publish_folder(session, office.folder)

    def start() -> object:
        with office.factory.begin() as session:
            return process.start(session, "twoCalls", {}, by="jonas").instance.id

    for published, started in meetings(office.engine, change, publish, start):
        assert published.took_effect and started.took_effect
        _goes_to_its_end(office, started.value)
    for started, published in meetings(office.engine, change, start, publish):
        assert published.took_effect and started.took_effect
        _goes_to_its_end(office, started.value)


def _goes_to_its_end(office: Office, instance_id: object) -> None:  # noqa: F811
    for element in ("call", "meet"):
        with office.factory.begin() as session:
            task = session.scalars(
                select(UserTask).where(
                    UserTask.instance_id == instance_id, UserTask.status == "open"
                )
            ).one()
            assert task.element_id == element
            process.complete(session, task.id, {"outcome": "yes"}, by="jonas")
    with office.factory() as session:
        assert session.get_one(ProcessInstance, instance_id).status == "completed"


def test_two_publications_at_once_make_one_version(office: Office) -> None:  # noqa: F811
    changed = changes(office)

    def change() -> None:
        next(changed)

    def publish() -> object:
        with office.factory.begin() as session:
            return len(publish_folder(session, office.folder))

    for first, second in meetings(office.engine, change, publish, publish):
        assert sorted((first.value, second.value), key=str) == [0, 1]
    with office.factory() as session:
        numbers = list(
            session.scalars(select(ProcessVersion.number).order_by(ProcessVersion.number))
        )
    assert numbers == list(range(1, next(changed) + 1))


def test_a_person_who_leaves_at_that_moment_completes_or_is_refused(office: Office) -> None:  # noqa: F811
    begun: list[UserTask] = []

    def prepare() -> None:
        with office.factory.begin() as session:
            session.execute(update(User).where(User.login == "ruta").values(active=True))
            begun.append(process.start(session, "twoCalls", {}, by="jonas").tasks[0])

    def complete() -> object:
        task = begun[-1].id

        def work(session: Session) -> object:
            return process.complete(session, task, {"outcome": "yes"}, by="ruta")

        return run_command(office.factory, work, Command("complete", None, task, "ruta"))

    def leave() -> object:
        with office.factory.begin() as session:
            session.execute(update(User).where(User.login == "ruta").values(active=False))
        return True

    for completed, left in meetings(office.engine, prepare, complete, leave):
        assert left.took_effect
        assert completed.took_effect or isinstance(completed.refusal, NotAllowed)
        with office.factory() as session:
            status = session.get_one(UserTask, begun[-1].id).status
        assert (status == "completed") == completed.took_effect


def test_of_two_managers_over_one_incident_one_succeeds(office: Office, stopped: object) -> None:  # noqa: F811
    jobs.register("remind", lambda _call: {})
    (first, second, _third) = (incident.id for incident in waiting(office))

    def retry(incident: object) -> object:
        process.retry_incident(office.factory, incident, by="manager")  # type: ignore[arg-type]
        return True

    def dismiss(incident: object) -> object:
        with office.factory.begin() as session:
            process.dismiss_incident(session, incident, by="manager")  # type: ignore[arg-type]
        return True

    interleaving = Interleaving(office.engine)
    for incident, other in ((first, retry), (second, dismiss)):
        answers = interleaving.meet(
            lambda i=incident: retry(i), lambda i=incident, o=other: o(i), 4
        )
        assert sorted(each.took_effect for each in answers) == [False, True]
        (refused,) = [each.refusal for each in answers if not each.took_effect]
        assert isinstance(refused, IncidentNotOpen)
    interleaving.close()


@pytest.fixture
def letters(bureau_office: Bureau) -> Bureau:  # noqa: F811
    return bureau_office


def test_two_workers_over_one_letter_send_it_once(letters: Bureau, server: MailServer) -> None:  # noqa: F811
    settings = environment.load({"SMTP_URL": server.url})

    def prepare() -> None:
        letters.clock.advance(timedelta(minutes=1))
        bureau.write(letters.factory, bureau.begin(letters.factory))

    def sweep() -> object:
        return deliver_due(letters.factory, settings)

    sent = 0
    for answers in meetings(letters.engine, prepare, sweep, sweep):
        sent += sum(int(str(each.value)) for each in answers)
    assert sent + 1 == len(server.accepted)
    identifiers = [raw.split(b"Message-ID: ")[1].split(b"\r\n")[0] for raw in server.accepted]
    assert len(identifiers) == len(set(identifiers))
    with letters.factory() as session:
        assert set(session.scalars(select(OutboxEntry.state))) == {OutboxState.SENT}


def test_a_letter_sent_again_and_given_up_at_once_does_what_its_state_says(
    letters: Bureau,
    server: MailServer,  # noqa: F811
) -> None:
    settings = environment.load({"SMTP_URL": server.url})
    letter_id = None

    def prepare() -> None:
        nonlocal letter_id
        deliver_due(letters.factory, settings)
        letters.clock.advance(timedelta(minutes=1))
        bureau.write(letters.factory, bureau.begin(letters.factory))
        with letters.factory.begin() as session:
            entry = session.scalars(
                select(OutboxEntry).where(OutboxEntry.state == OutboxState.QUEUED)
            ).one()
            letter_id, entry.state = entry.letter_id, OutboxState.IN_DOUBT

    def resend() -> object:
        with letters.factory.begin() as session:
            resending.resend(session, letter_id, by="vadove")  # type: ignore[arg-type]
        return True

    def give_up() -> object:
        with letters.factory.begin() as session:
            resending.give_up(session, letter_id, by="vadove")  # type: ignore[arg-type]
        return True

    for first, second in meetings(letters.engine, prepare, resend, give_up):
        assert first.took_effect and second.took_effect
        before = len(server.accepted)
        deliver_due(letters.factory, settings)
        with letters.factory() as session:
            state = session.get_one(OutboxEntry, letter_id).state
        assert (state, len(server.accepted) - before) in {
            (OutboxState.SENT, 1),
            (OutboxState.FAILED, 0),
        }


@pytest.mark.parametrize("decide", [resending.resend, resending.give_up])
def test_a_person_who_decides_about_a_letter_on_its_way_is_told_or_has_the_last_word(
    letters: Bureau,
    server: MailServer,  # noqa: F811
    decide: Callable[..., None],
) -> None:
    settings = environment.load({"SMTP_URL": server.url})
    letter_id: list[UUID] = []

    def prepare() -> None:
        deliver_due(letters.factory, settings)
        letters.clock.advance(timedelta(minutes=1))
        bureau.write(letters.factory, bureau.begin(letters.factory))
        with letters.factory() as session:
            waiting_one = select(OutboxEntry.letter_id).where(
                OutboxEntry.state == OutboxState.QUEUED
            )
            letter_id[:] = [session.scalars(waiting_one).one()]

    def sweep() -> object:
        return deliver_due(letters.factory, settings)

    def decides() -> object:
        with letters.factory.begin() as session:
            decide(session, letter_id[0], by="vadove")
        return True

    known = 0
    for _swept, decided in meetings(letters.engine, prepare, sweep, decides, every=4):
        deliver_due(letters.factory, settings)
        with letters.factory() as session:
            entry = session.get_one(OutboxEntry, letter_id[0])
        given_up = decide is resending.give_up and decided.took_effect
        assert entry.state == (OutboxState.FAILED if given_up else OutboxState.SENT)
        identifier = entry.message_id.encode()
        assert sum(identifier in raw for raw in server.accepted) == (0 if given_up else 1)
        if not decided.took_effect:
            assert isinstance(decided.refusal, resending.LetterNotWaiting)
            known += 1
    assert known
