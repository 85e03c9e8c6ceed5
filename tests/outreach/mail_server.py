"""A real SMTP server that remembers what it accepted and can misbehave."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailServer:
    """Answers as told.

    Attributes:
        accepted: raw messages that it took.
        recipient_answer: reply to RCPT, None to accept.
        data_answer: reply after the message.
        drops: takes the message and drops the connection instead of answering.
        seconds: how long it thinks over a message.
    """

    def __init__(self) -> None:
        self.accepted: list[bytes] = []
        self.recipients: list[list[str]] = []
        self.recipient_answer: str | None = None
        self.data_answer = "250 taken"
        self.drops = False
        self.seconds = 0.0
        self.url = ""

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.recipient_answer is not None:
            return self.recipient_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.seconds)
        if self.drops or self.data_answer.startswith("250"):
            self.accepted.append(bytes(envelope.content or b""))
            self.recipients.append(list(envelope.rcpt_tos))
        if self.drops:
            assert server.transport is not None
            server.transport.close()
        return self.data_answer

    def message(self) -> EmailMessage:
        """The only message that was accepted."""
        (raw,) = self.accepted
        message = BytesParser(policy=policy.SMTP).parsebytes(raw)
        assert isinstance(message, EmailMessage)
        return message


@contextmanager
def running(address: str = "127.0.0.1") -> Iterator[MailServer]:
    """A server on a port of its own."""
    handler = MailServer()
    port = free_port()
    controller = Controller(handler, hostname=address, port=port)
    controller.start()
    handler.url = f"smtp://{address}:{port}"
    try:
        yield handler
    finally:
        controller.stop()


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
