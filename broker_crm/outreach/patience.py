"""SMTP connections whose patience ends: no server can hold a letter longer, or talk without end."""

from __future__ import annotations

import io
import smtplib
import socket
import time
from typing import Any

LONGEST_REPLY = 65_536
"""Bytes, over all lines of one reply."""


class _Reply(io.RawIOBase):
    """What the server says, up to an instant and a length."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._until = until
        self._room = LONGEST_REPLY

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        got = self._sock.recv_into(buffer)
        self._room -= got
        if self._room < 0:
            raise OSError("the reply is endless")
        return got


class Patience(smtplib.SMTP):
    """A connection that waits no longer than told.

    Connecting and the server's first words may each take `timeout` seconds.
    """

    _until: float | None = None

    def wait_for(self, seconds: float) -> None:
        """From now on, everything together may take so long."""
        self._until = time.monotonic() + seconds

    def send(self, s: Any) -> None:
        """Send bytes, or text in ASCII."""
        if self.sock is not None and self._until is not None:
            self.sock.settimeout(max(self._until - time.monotonic(), 0.001))
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """The next reply; what the server said beyond the last one is not listened to."""
        if self.sock is not None:
            until = self._until or time.monotonic() + self.timeout
            self.file = io.BufferedReader(_Reply(self.sock, until))
        return super().getreply()


class Encrypted(Patience, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""
