"""Whatever the mail server does at whatever place, each letter ends in the state that is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from broker_crm.outreach import deliver, smtp
from broker_crm.outreach.letters import Draft, Origin, queue_letter
from broker_crm.outreach.models import Letter, OutboxEntry
from broker_crm.people.models import User
from broker_crm.process.models import Incident

from . import faulty_server
from .bureau import begin, write
from .faulty_server import DROP, ENDLESS_LINE, ENDLESS_LINES, GARBAGE, SILENCE, FaultyServer

DRAFT = Draft("hello", "lt", "crm@localhost", "Rasa", "jonas@klientas.example", "", "Labas", "–")
SPEECHLESS = (DROP, SILENCE, GARBAGE, ENDLESS_LINE, ENDLESS_LINES)
LATER = ("421 closing", "450 busy", "451 later")
NEVER = ("550 no", "552 too big", "554 no")
OFFERS = {"starttls": ("STARTTLS",), "auth": ("AUTH PLAIN",)}
HOW_TO_LOG_IN = {"starttls": ("", "?starttls=1"), "auth": ("user:password@", "")}
UNANSWERED = (SILENCE, "220 but no handshake follows")
KEPT = {"queued": (0,), "failed": (0,), "in-doubt": (0, 1), "sent": (1,)}
"""How many copies the server may hold."""
LIMITS = {
    "banner": ("CONNECTING_SECONDS", 0.1),
    "end": ("MESSAGE_SECONDS", 0.3),
    "quit": ("LEAVING_SECONDS", 0.1),
}


def outcomes() -> Iterator[tuple[str, str, str]]:
    """Each place and fault, with the state in which the letter has to end."""
    for place in ("banner", "ehlo", "starttls", "auth"):
        for fault in (*SPEECHLESS, *LATER, *NEVER, "530 log in", "535 wrong password", "334 abcde"):
            yield place, fault, "queued"
    yield "starttls", "220 but no handshake follows", "queued"
    for place in ("mail", "rcpt", "data"):
        for fault in (*SPEECHLESS, *LATER, "530 log in", "299 odd"):
            yield place, fault, "queued"
    for place in ("mail", "rcpt", "data", "end"):
        for fault in NEVER:
            yield place, fault, "failed"
    yield "message", DROP, "in-doubt"
    for fault in (*SPEECHLESS, "299 odd"):
        yield "end", fault, "in-doubt"
    for fault in LATER:
        yield "end", fault, "queued"
    for fault in (*SPEECHLESS, *LATER, *NEVER):
        yield "quit", fault, "sent"


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with faulty_server.running() as server:
        yield server


def url(server: FaultyServer, place: str | None = None) -> str:
    login, query = HOW_TO_LOG_IN.get(place or "", ("", ""))
    return f"smtp://{login}127.0.0.1:{server.port}{query}"


def states(office):
    with office.factory() as session:
        return {
            letter.id: entry.state
            for letter, entry in session.execute(select(Letter, OutboxEntry).join(OutboxEntry))
        }


def incidents(session, letter_id):
    commands = session.scalars(select(Incident.command)).all()
    return sum(command["letter"] == str(letter_id) for command in commands)


@pytest.mark.damages("A letter of a case was queued once")
def test_each_fault_at_each_place_ends_in_the_state_that_is_true(office, server, monkeypatch):
    instance_id = begin(office.factory)
    ended = {}
    for number, (place, fault, _state) in enumerate(outcomes(), start=1):
        with office.factory.begin() as session:
            origin = Origin(instance_id, "send", number, None, "rasa")
            letter_id = queue_letter(session, origin, DRAFT).id
        server.accepted.clear()
        server.misbehave(place, fault, OFFERS.get(place, ()))
        with monkeypatch.context() as hurried:
            if fault in UNANSWERED:
                limit, seconds = LIMITS.get(place, ("OPENING_SECONDS", 0.1))
                hurried.setattr(smtp, limit, seconds)
            office.deliver(url(server, place))
        with office.factory.begin() as session:
            entry = session.get_one(OutboxEntry, letter_id)
            ended[place, fault] = entry.state
            assert len(server.accepted) in KEPT[entry.state], (place, fault)
            assert entry.message_id == f"<{letter_id}@localhost>"
            assert (entry.state == "queued") == (entry.next_attempt_at > office.clock.now())
            waits_for_a_person = entry.state in ("failed", "in-doubt")
            assert incidents(session, letter_id) == waits_for_a_person, (place, fault)
            entry.next_attempt_at += timedelta(days=1)
    assert ended == {(place, fault): state for place, fault, state in outcomes()}


@pytest.mark.parametrize("fault", [DROP, "450 busy"])
def test_a_letter_that_comes_back_leaves_with_the_same_message_id(office, server, fault):
    write(office.factory, begin(office.factory))
    for place in ("banner", "mail", "rcpt", "data"):
        server.misbehave(place, fault)
        assert office.deliver(url(server)) == 0
        office.clock.advance(deliver.BACK_OFF[-1])
    server.misbehave(None)
    assert office.deliver(url(server)) == 1
    (raw,) = server.accepted
    (letter_id,) = states(office)
    assert f"Message-ID: <{letter_id}@localhost>\r\n".encode() in raw


@pytest.mark.parametrize(
    ("place", "fault"), [("banner", DROP), ("ehlo", "421 closing"), ("mail", "421 closing")]
)
def test_a_server_away_for_days_fails_no_letter(office, server, place, fault):
    for _ in range(2):
        write(office.factory, begin(office.factory))
    server.misbehave(place, fault)
    for _ in range(20):
        before = server.greeted
        assert office.deliver(url(server)) == 0
        assert server.greeted == before + 1, "one letter finds out, the others need not"
        office.clock.advance(timedelta(hours=4))
    server.misbehave(None)
    assert office.deliver(url(server)) == 2
    with office.factory() as session:
        assert session.scalars(select(Incident)).all() == []


def test_a_message_cut_in_its_middle_was_surely_not_taken(server):
    server.misbehave("message", DROP)
    answer = smtp.hand_over(url(server), "a@x.lt", "b@x.lt", b"line of a long letter\r\n" * 10**6)
    assert answer.fate == smtp.Fate.TEMPORARY
    assert server.accepted == []


@pytest.mark.parametrize("login", ["jonas:slapta%C5%BEodis@", "jonas:x@"], ids=repr)
@pytest.mark.parametrize("offer", ["AUTH PLAIN", "AUTH CRAM-MD5", "AUTH LOGIN", "AUTH NTLM", "x"])
def test_a_login_that_can_not_be_done_blames_no_letter(server, login, offer):
    server.misbehave("auth", "334 abcde", (offer,))
    answer = smtp.hand_over(f"smtp://{login}127.0.0.1:{server.port}", "a@x.lt", "b@x.lt", b"")
    assert answer.fate == smtp.Fate.UNREACHABLE


def test_a_dialogue_ends_before_its_lease():
    longest = 3 * smtp.CONNECTING_SECONDS + smtp.OPENING_SECONDS
    longest += smtp.MESSAGE_SECONDS + smtp.LEAVING_SECONDS
    assert timedelta(seconds=longest) < deliver.LEASE


SPOILED = {
    "address of the salesperson": lambda session: setattr(
        session.get_one(User, "rasa"), "email", "rasa@broker.example\r\nBcc: all@klientas.example"
    ),
    "single address": lambda session: setattr(
        session.scalars(select(Letter)).one(), "recipient", "a@klientas.example, b@klientas.example"
    ),
    "linefeed": lambda session: setattr(
        session.scalars(select(Letter)).one(), "subject", "Labas\r\nBcc: all@klientas.example"
    ),
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_letter_that_can_not_be_written_holds_up_no_other(office, server, spoil):
    write(office.factory, begin(office.factory))
    with office.factory.begin() as session:
        mail = session.get_one(User, "rasa").email
        SPOILED[spoil](session)
    assert office.deliver(url(server)) == 0
    with office.factory.begin() as session:
        session.get_one(User, "rasa").email = mail
        (incident,) = session.scalars(select(Incident)).all()
    assert spoil in incident.message
    write(office.factory, begin(office.factory))
    assert office.deliver(url(server)) == 1
    assert sorted(states(office).values()) == ["failed", "sent"]
    assert len(server.accepted) == 1
