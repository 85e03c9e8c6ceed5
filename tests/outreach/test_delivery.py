"""A letter is never lost, and never sent twice by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from broker_crm.crm.models import ContactPerson
from broker_crm.outreach import deliver
from broker_crm.outreach.models import OutboxEntry
from broker_crm.outreach.resending import LetterNotWaiting, give_up, resend
from broker_crm.process.errors import NotAllowed
from broker_crm.process.models import Incident, ProcessEvent

from .bureau import begin, queued, write
from .mail_server import free_port

MINUTE = timedelta(minutes=1)


def entry(office):
    return queued(office.factory)[1]


def events(office, kind):
    with office.factory() as session:
        return session.scalars(select(ProcessEvent).where(ProcessEvent.kind == kind)).all()


def incidents(office):
    with office.factory() as session:
        return session.scalars(select(Incident).order_by(Incident.raised_at)).all()


@pytest.fixture
def letter(office):
    instance_id = begin(office.factory)
    write(office.factory, instance_id)
    return queued(office.factory)[0]


def test_a_letter_is_delivered_once_with_its_greeting_and_attachment(office, server, letter):
    assert office.deliver(server.url) == 1
    assert office.deliver(server.url) == 0
    message = server.message()
    assert server.recipients == [["jonas.petraitis@klientas.example"]]
    assert message["Subject"] == "Turto draudimas – UAB „Bandymas“"
    assert message["To"] == "Jonas Petraitis <jonas.petraitis@klientas.example>"
    assert message["From"] == "Rasa <crm@localhost>"
    assert message["Reply-To"] == "rasa@broker.example"
    assert message["Message-ID"] == f"<{letter.id}@localhost>"
    plain = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert "Jonai" in plain and "Jonai" in html
    assert "kaina 1\xa0234,50 EUR, galioja iki 2026 m. gruodžio 24 d." in plain
    assert "Objektas: Sandėlis" in plain and "- pirma\r\n- antra\r\n" in plain
    assert "<strong>1\xa0234,50 EUR</strong>" in html
    (offer,) = message.iter_attachments()
    assert offer.get_filename() == "draudimo-pasiulymas.pdf"
    assert offer.get_content_type() == "application/pdf"
    assert offer.get_content().startswith(b"%PDF-")
    assert (entry(office).state, entry(office).attempts) == ("sent", 1)
    assert entry(office).server_reply == "250 taken"
    (queued_event,) = events(office, "letter-queued")
    (sent_event,) = events(office, "letter-sent")
    assert queued_event.value["letter"] == sent_event.value["letter"] == str(letter.id)
    assert sent_event.element_name == "Siųsti laišką"


def test_a_temporary_refusal_is_tried_again_later_with_the_same_message_id(office, server, letter):
    server.recipient_answer = "450 busy"
    assert office.deliver(server.url) == 0
    assert (entry(office).state, entry(office).last_error) == ("queued", "450 busy")
    server.recipient_answer = None
    assert office.deliver(server.url) == 0, "not before the minute is over"
    office.clock.advance(MINUTE)
    assert office.deliver(server.url) == 1
    assert server.message()["Message-ID"] == f"<{letter.id}@localhost>"
    assert incidents(office) == []


def test_after_the_fifth_temporary_refusal_a_manager_decides(office, server, letter):
    server.data_answer = "451 later"
    waits = []
    for _ in range(5):
        before = office.clock.now()
        office.deliver(server.url)
        if entry(office).state == "queued":
            waits.append((entry(office).next_attempt_at - before) / MINUTE)
            office.clock.set(entry(office).next_attempt_at)
    assert waits == [1, 5, 15, 60]
    assert entry(office).state == "failed"
    assert [incident.kind for incident in incidents(office)] == ["letter"]


@pytest.mark.parametrize(
    ("answer", "marked"),
    [
        ("550 no such mailbox", True),
        ("550 5.7.1 refused by policy", False),
        ("552 too big", False),
    ],
)
def test_a_letter_to_an_address_that_does_not_exist_marks_the_contact_person(
    office, server, letter, answer, marked
):
    server.recipient_answer = answer
    office.deliver(server.url)
    with office.factory() as session:
        (contact,) = session.scalars(select(ContactPerson))
    assert (contact.bounced_at is not None) is marked


def test_a_permanent_refusal_fails_and_raises_an_incident(office, server, letter):
    server.recipient_answer = "550 no such mailbox"
    assert office.deliver(server.url) == 0
    assert (entry(office).state, entry(office).last_error) == ("failed", "550 no such mailbox")
    (incident,) = incidents(office)
    assert (incident.kind, incident.element_id) == ("letter", "send")
    assert incident.command == {"letter": str(letter.id)}
    (failed,) = events(office, "letter-failed")
    assert failed.reason == "550 no such mailbox"
    office.clock.advance(timedelta(days=1))
    server.recipient_answer = None
    assert office.deliver(server.url) == 0 and server.accepted == []


def test_a_connection_lost_after_the_message_leaves_doubt_and_no_second_letter(
    office, server, letter
):
    server.drops = True
    assert office.deliver(server.url) == 0
    assert entry(office).state == "in-doubt"
    assert len(incidents(office)) == 1
    server.drops = False
    office.clock.advance(timedelta(days=2))
    assert office.deliver(server.url) == 0
    assert len(server.accepted) == 1


def test_a_sender_that_dies_while_sending_leaves_doubt_and_no_second_letter(
    office, server, letter, monkeypatch
):
    class Killed(BaseException):
        pass

    def die(*_arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(deliver, "hand_over", die)
        with pytest.raises(Killed):
            office.deliver(server.url)
    assert entry(office).state == "sending"
    assert office.deliver(server.url) == 0
    assert entry(office).state == "sending", "the lease has not run out"
    office.clock.advance(deliver.LEASE + timedelta(seconds=1))
    assert office.deliver(server.url) == 0
    assert entry(office).state == "in-doubt"
    assert office.deliver(server.url) == 0 and server.accepted == []
    assert len(incidents(office)) == 1


def test_an_answer_after_the_lease_settles_the_doubt(office, server, letter, monkeypatch):
    hand_over = deliver.hand_over

    def slowly(*arguments):
        office.clock.advance(deliver.LEASE + timedelta(seconds=1))
        deliver.doubt_expired(office.factory)
        assert entry(office).state == "in-doubt"
        return hand_over(*arguments)

    monkeypatch.setattr(deliver, "hand_over", slowly)
    assert office.deliver(server.url) == 1
    assert entry(office).state == "sent"
    assert all(incident.resolved_at for incident in incidents(office))


def test_a_late_answer_does_not_undo_what_a_person_decided(office, server, letter, monkeypatch):
    hand_over = deliver.hand_over

    def slowly(*arguments):
        office.clock.advance(deliver.LEASE + timedelta(seconds=1))
        deliver.doubt_expired(office.factory)
        with office.factory.begin() as session:
            give_up(session, entry(office).letter_id, by="vadove")
        return hand_over(*arguments)

    monkeypatch.setattr(deliver, "hand_over", slowly)
    assert office.deliver(server.url) == 0
    assert entry(office).state == "failed"


def test_without_a_server_everything_stays_queued_and_leaves_when_it_is_back(office, server):
    for _ in range(3):
        write(office.factory, begin(office.factory))
    assert office.deliver(f"smtp://127.0.0.1:{free_port()}") == 0
    with office.factory() as session:
        states = session.scalars(select(OutboxEntry.state)).all()
        attempts = session.scalars(select(OutboxEntry.attempts)).all()
    assert states == ["queued"] * 3
    assert attempts == [0, 0, 0], "that the server is away says nothing of the letters"
    office.clock.advance(MINUTE)
    assert office.deliver(server.url) == 3
    assert len(set(server.accepted)) == 3


def test_without_a_configured_server_letters_stay_in_the_local_outbox(office, letter):
    assert office.deliver(None) == 1
    assert (entry(office).state, entry(office).server_reply) == ("sent", "local outbox")
    assert len(events(office, "letter-sent")) == 1


def test_a_manager_sends_a_doubtful_letter_again(office, server, letter):
    server.drops = True
    office.deliver(server.url)
    server.drops = False
    with office.factory.begin() as session, pytest.raises(NotAllowed):
        resend(session, letter.id, by="rasa")
    with office.factory.begin() as session:
        resend(session, letter.id, by="vadove")
    assert office.deliver(server.url) == 1
    assert [incident.resolution for incident in incidents(office)] == ["retried"]
    with office.factory.begin() as session, pytest.raises(LetterNotWaiting):
        resend(session, letter.id, by="vadove")
    assert len(server.accepted) == 2, "the second one on the manager's word"


def test_a_letter_given_up_never_leaves(office, server, letter):
    server.recipient_answer = "450 busy"
    office.deliver(server.url)
    with office.factory.begin() as session:
        give_up(session, letter.id, by="vadove")
    server.recipient_answer = None
    office.clock.advance(timedelta(days=1))
    assert office.deliver(server.url) == 0 and server.accepted == []
    assert len(events(office, "letter-failed")) == 1


def test_lines_that_begin_with_a_dot_arrive_whole(office, server):
    write(office.factory, begin(office.factory, note="x\n.\n..tail"))
    office.deliver(server.url)
    plain = server.message().get_body(("plain",)).get_content()
    assert "x\n.\n..tail" in plain.replace("\r\n", "\n")
