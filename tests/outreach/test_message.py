"""A letter reads back as it was written, whatever its subject and names are."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.utils import parseaddr

from hypothesis import given
from hypothesis import strategies as st

from broker_crm.outreach.message import serialised
from broker_crm.outreach.models import Letter

WORDS = st.text(alphabet='abc ąčęėįšųūž –„“(),.@<>"\\;:019', min_size=1, max_size=200).map(
    lambda text: " ".join(text.split()) or "x"
)


@given(subject=WORDS, sender=WORDS, recipient=WORDS)
def test_headers_read_back_as_written(subject: str, sender: str, recipient: str) -> None:
    letter = Letter(
        sender=str(Address(sender, addr_spec="rasa@broker.example")),
        recipient=str(Address(recipient, addr_spec="info@klientas.example")),
        subject=subject,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        language="lt",
        body="Laba diena",
    )
    raw = serialised(letter, [], "<1@localhost>", "rasa@broker.example")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    read = message_from_bytes(raw)
    assert _decoded(read["Subject"]) == subject
    assert _mailbox(read["From"]) == (sender, "rasa@broker.example")
    assert _mailbox(read["To"]) == (recipient, "info@klientas.example")


def _mailbox(text: str) -> tuple[str, str]:
    name, address = parseaddr(text)
    return _decoded(name), address


def _decoded(text: str) -> str:
    return str(make_header(decode_header(text.replace("\r\n", ""))))
