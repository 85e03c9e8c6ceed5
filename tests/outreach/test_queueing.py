"""What is not safe or not complete is refused before it is queued."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from broker_crm.crm.models import Client
from broker_crm.engine.errors import RuleFailed
from broker_crm.outreach import headers
from broker_crm.outreach.letters import Attachment, Draft, Origin, queue_letter
from broker_crm.outreach.models import Letter, LetterAttachment, OutboxEntry
from broker_crm.process.models import ProcessInstance, UserTask
from tests.process.office import rows

from .bureau import begin, queued, write

DRAFT = Draft(
    "hello", "lt", "crm@localhost", "Rasa", "jonas@klientas.example", "Jonas", "Labas", "Tekstas"
)


def nothing_queued(office):
    return rows(office.engine, "letter") == rows(office.engine, "outbox") == 0


@pytest.mark.parametrize(
    "gap", [{"note": None}, {"note": ""}, {"note": " "}, {"premium": None}], ids=repr
)
def test_an_empty_field_is_refused_and_nothing_is_queued(office, gap):
    instance_id = begin(office.factory, **gap)
    with pytest.raises(RuleFailed) as refused:
        write(office.factory, instance_id)
    assert next(iter(gap)) in str(refused.value)
    assert refused.value.element_id == "send"
    assert nothing_queued(office)
    with office.factory() as session:
        task = session.scalars(select(UserTask)).one()
        assert (task.element_id, task.status) == ("write", "open")


@pytest.mark.parametrize(
    "address",
    [
        "jonas@klientas.example\r\nBcc: all@klientas.example",
        "a@klientas.example, b@klientas.example",
        "=?utf-8?q?x?=@klientas.example",
        "jonas",
        "jonas@",
        "Jonas <jonas@klientas.example>",
        "jonas@-klientas.example",
    ],
)
def test_a_recipient_that_is_not_one_address_is_refused(office, address):
    instance_id = begin(office.factory, recipientEmail=address)
    with pytest.raises(RuleFailed):
        write(office.factory, instance_id)
    assert nothing_queued(office)


@pytest.mark.parametrize("name", ["UAB\nBcc: x@y.example", "=?utf-8?q?UAB?="], ids=repr)
def test_a_client_name_can_not_add_headers(office, name):
    instance_id = begin(office.factory)
    with office.factory.begin() as session:
        session.scalars(select(Client)).one().name = name
    try:
        write(office.factory, instance_id)
    except RuleFailed:
        assert nothing_queued(office)
    else:
        assert queued(office.factory)[0].subject == "Turto draudimas – UAB Bcc: x@y.example"


def test_markdown_in_values_stays_text(office, server):
    instance_id = begin(
        office.factory,
        note="[pelnas](http://bad.example) <b>x</b>",
        insuredObject="a | b\n*c*",
    )
    write(office.factory, instance_id)
    office.deliver(server.url)
    html = server.message().get_body(("html",)).get_content()
    assert "<a " not in html and "<b>" not in html and "<em>" not in html
    assert "a | b *c*" in html


def test_an_english_client_gets_an_english_letter(office):
    write(office.factory, begin(office.factory, letterLanguage="en"))
    letter, _entry = queued(office.factory)
    assert letter.subject == "Property"
    assert "EUR 1,234.50, 24 December 2026." in letter.body


def test_a_missing_language_falls_back_to_lithuanian(office):
    write(office.factory, begin(office.factory, letterLanguage="de"))
    assert queued(office.factory)[0].language == "lt"


@pytest.mark.damages("A letter of a case was queued once")
def test_the_same_step_queues_the_same_letter_once(office):
    instance_id = begin(office.factory)
    origin = Origin(instance_id, "send", 1, None, "rasa")
    with office.factory.begin() as session:
        first = queue_letter(session, origin, DRAFT)
    with office.factory.begin() as session:
        second = queue_letter(session, origin, replace(DRAFT, subject="Kitas"))
    assert first.id == second.id
    assert rows(office.engine, "letter") == rows(office.engine, "outbox") == 1


def test_a_letter_and_its_step_are_written_together_or_not_at_all(office):
    instance_id = begin(office.factory)
    origin = Origin(instance_id, "send", 1, None, "rasa")
    with pytest.raises(RuntimeError), office.factory.begin() as session:
        queue_letter(session, origin, DRAFT)
        raise RuntimeError
    assert nothing_queued(office)


def test_the_copy_tells_who_wrote_to_whom(office):
    instance_id = begin(office.factory)
    write(office.factory, instance_id)
    letter, entry = queued(office.factory)
    with office.factory() as session:
        instance = session.get_one(ProcessInstance, instance_id)
        files = session.scalars(select(LetterAttachment)).all()
    assert (letter.author, letter.template_key) == ("rasa", "hello")
    assert (letter.instance_id, letter.client_id) == (instance_id, instance.client_id)
    assert entry.state == "queued" and len(files) == 1
    assert isinstance(letter, Letter) and isinstance(entry, OutboxEntry)


TRICKS = [
    "a\rb",
    "a\nb",
    "a\r\n b",
    "a\x00b",
    "a\x0bb",
    "a\x1eb",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "a\ud800b",
    "=?utf-8?q?x?=",
    "x =?utf-8?b?DQpCY2M6?= y",
]
FIELDS = ("sender", "sender_name", "recipient", "recipient_name", "subject", "file name")


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_can_begin_another_header(office, field):
    instance_id = begin(office.factory)
    origin = Origin(instance_id, "send", 1, None, "rasa")
    for trick in TRICKS:
        text = f"{trick}@x.lt" if field in ("sender", "recipient") else trick
        file = Attachment(text if field == "file name" else "a.html", "text/html", b"")
        draft = DRAFT if field == "file name" else replace(DRAFT, **{field: text})
        with (
            pytest.raises(headers.HeaderRefused, match=field.partition("_")[0]),
            office.factory.begin() as session,
        ):
            queue_letter(session, origin, draft, [file])
        assert nothing_queued(office), trick


@pytest.mark.parametrize(
    "address",
    [
        "a@b@c.lt",
        "a@b.lt,c@d.lt",
        "a@b.lt;c@d.lt",
        "a@b.lt c@d.lt",
        "<a@b.lt>",
        "Ona <a@b.lt>",
        '"a b"@c.lt',
        "a(c)@b.lt",
        "a@(c)b.lt",
        "a@[192.0.2.1]",
        "@x:a@b.lt",
        "a:b@c.lt;",
        ".a@b.lt",
        "a..b@c.lt",
        "a@b..lt",
        "a@b.lt.",
        "a@-b.lt",
        "a@b_c.lt",
        "a\\@b.lt",
        "ą@b.lt",
        "a@b\u3002lt",
        "a@b\uff0elt",
        "a@stra\u00dfe.example",
        "a@b\u200b.lt",
        "a@\u202eb.lt",
        "a" * 65 + "@b.lt",
        "a@" + "b" * 64 + ".lt",
        "",
        "@",
    ],
)
def test_what_only_looks_like_an_address_is_refused(address):
    with pytest.raises(headers.HeaderRefused, match="recipient"):
        headers.address(address, "recipient")


def test_a_subject_that_is_too_long_is_refused_in_words(office):
    origin = Origin(begin(office.factory), "send", 1, None, "rasa")
    with office.factory.begin() as session, pytest.raises(headers.HeaderRefused, match="longer"):
        queue_letter(session, origin, replace(DRAFT, subject="ą" * 301))


@pytest.mark.damages("A letter of a case was queued once")
def test_a_name_that_leaves_no_room_for_the_address_is_left_out(office, server):
    origin = Origin(begin(office.factory), "send", 1, None, "rasa")
    with office.factory.begin() as session:
        queue_letter(session, origin, replace(DRAFT, recipient_name="ą" * 190))
    office.deliver(server.url)
    assert server.message()["To"] == DRAFT.recipient


@pytest.mark.damages("A letter of a case was queued once")
def test_the_message_id_is_ascii_whatever_the_senders_domain(office):
    origin = Origin(begin(office.factory), "send", 1, None, "rasa")
    with office.factory.begin() as session:
        queue_letter(session, origin, replace(DRAFT, sender="crm@žalgiris.lt"))
    assert queued(office.factory)[1].message_id.endswith("@xn--algiris-cxb.lt>")


def test_addresses_keep_to_the_rules():
    assert headers.address("jonas@žalgiris.lt", "recipient") == "jonas@xn--algiris-cxb.lt"
    assert headers.address("Jonas.O'Neil+x@Žalgiris.LT", "recipient").endswith(
        "@xn--algiris-cxb.lt"
    )
    assert headers.address("crm@localhost", "sender") == "crm@localhost"
    assert headers.mailbox("Ona, Jr.", "o@x.lt", "recipient") == '"Ona, Jr." <o@x.lt>'
