"""Hands one message to an SMTP server and tells what is certain about it afterwards."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from broker_crm.outreach.patience import Encrypted, Patience

CONNECTING_SECONDS = 10.0
"""Also for the server's first words."""
OPENING_SECONDS = 40.0
"""From the greeting until the server waits for the message."""
MESSAGE_SECONDS = 60.0
"""How long the server may take over a whole message."""
LEAVING_SECONDS = 2.0
SAYS_NOTHING_OF_THE_LETTER = frozenset({421, 530})
"""Replies to any command: the server closes down (RFC 5321), or wants a login (RFC 4954)."""
FAILURES = (OSError, smtplib.SMTPException, ValueError)
"""What smtplib raises; ValueError for a challenge or a password that can't be encoded."""
TRUE_WORDS = frozenset({"1", "true", "yes", "on"})


class Fate(StrEnum):
    SENT = "sent"
    TEMPORARY = "temporary"
    """Surely not taken; may be tried again."""
    UNREACHABLE = "unreachable"
    """No dialogue came about; that says nothing of this letter. May be tried again."""
    PERMANENT = "permanent"
    """Surely not taken, and never will be."""
    IN_DOUBT = "in-doubt"
    """The message was handed over, the answer was lost: taken or not, nobody knows."""


@dataclass(frozen=True, slots=True)
class Answer:
    fate: Fate
    text: str
    """The server's reply, or what went wrong."""


class _NotTaken(Exception):
    """The server said no, or did not answer, before it had the message."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


def hand_over(url: str, sender: str, recipient: str, message: bytes) -> Answer:
    """Carry on one SMTP dialogue.

    Args:
        url: `smtp://user:password@host:port`, with `?starttls=1` where the connection must be
            encrypted after the greeting, or `smtps://`.
        sender: envelope address.
        recipient: envelope address.
        message: with CRLF line ends.
    """
    try:
        server = _connected(url, sender.rpartition("@")[2])
    except FAILURES as error:
        return Answer(Fate.UNREACHABLE, f"The mail server can't be used: {_reason(error)}")
    try:
        _expect(server.mail(sender), 250)
        _expect(server.rcpt(recipient), 250, 251)
        _expect(server.docmd("DATA"), 354)
        server.wait_for(MESSAGE_SECONDS)
        server.send(re.sub(rb"(?m)^\.", b"..", message).removesuffix(b"\r\n") + b"\r\n")
    except _NotTaken as refused:
        _leave(server)
        return refused.answer
    except FAILURES as error:
        server.close()
        return Answer(Fate.TEMPORARY, f"The mail server broke off: {_reason(error)}")
    try:
        server.send(b".\r\n")
        code, reply = server.getreply()
    except FAILURES as error:
        server.close()
        return Answer(Fate.IN_DOUBT, f"No answer after the message: {_reason(error)}")
    _leave(server)
    return _judged(code, reply, taken=250)


def _connected(url: str, own_name: str) -> Patience:
    parts = urlsplit(url)
    host = parts.hostname or ""
    starttls = parse_qs(parts.query).get("starttls", [""])[0].lower() in TRUE_WORDS
    server: Patience
    if parts.scheme == "smtps":
        server = Encrypted(
            host,
            parts.port or 465,
            local_hostname=own_name,
            timeout=CONNECTING_SECONDS,
            context=ssl.create_default_context(),
        )
    else:
        port = parts.port or (587 if starttls else 25)
        server = Patience(host, port, local_hostname=own_name, timeout=CONNECTING_SECONDS)
    try:
        server.wait_for(OPENING_SECONDS)
        if server.sock is not None:
            server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.ehlo_or_helo_if_needed()
        if starttls:
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _expect(reply: tuple[int, bytes], *good: int) -> None:
    code, text = reply
    if code not in good:
        raise _NotTaken(_judged(code, text, taken=None))


def _judged(code: int, reply: bytes, *, taken: int | None) -> Answer:
    text = f"{code} {reply.decode(errors='replace')}"[:500]
    if code == taken:
        return Answer(Fate.SENT, text)
    if taken is None and code in SAYS_NOTHING_OF_THE_LETTER:
        return Answer(Fate.UNREACHABLE, text)
    if 400 <= code <= 499:
        return Answer(Fate.TEMPORARY, text)
    if 500 <= code <= 599:
        return Answer(Fate.PERMANENT, text)
    return Answer(Fate.TEMPORARY if taken is None else Fate.IN_DOUBT, text)


def _leave(server: Patience) -> None:
    with suppress(*FAILURES):
        server.wait_for(LEAVING_SECONDS)
        server.quit()
    server.close()


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:400]
