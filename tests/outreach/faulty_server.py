"""An SMTP server that misbehaves at one chosen place of the dialogue."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread

DROP = "drop"
"""Closes the connection instead of answering."""
SILENCE = "silence"
"""Answers only when the client has gone."""
GARBAGE = "garbage"
ENDLESS_LINE = "endless line"
ENDLESS_LINES = "endless lines"


class _HungUp(Exception):
    pass


class FaultyServer:
    """Serves one connection after the other.

    Attributes:
        place: where it misbehaves: 'banner', a command in lower case, 'message' (in its middle),
            'end' (after the final dot), or None.
        fault: what it does there: one of the constants above, or a reply such as '450 busy'.
        offers: extensions in the answer to EHLO.
        accepted: messages that it keeps; whoever gets no clear refusal has to fear that it did.
        greeted: how many connections came.
    """

    def __init__(self, listening: socket.socket) -> None:
        self.place: str | None = None
        self.fault = ""
        self.offers: tuple[str, ...] = ()
        self.accepted: list[bytes] = []
        self.greeted = 0
        self.port: int = listening.getsockname()[1]
        self._listening = listening

    def misbehave(self, place: str | None, fault: str = "", offers: tuple[str, ...] = ()) -> None:
        self.place, self.fault, self.offers = place, fault, offers

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _address = self._listening.accept()
                self.greeted += 1
                with closing(connection), suppress(_HungUp, OSError):
                    _Dialogue(self, connection).carry_on()


class _Dialogue:
    def __init__(self, server: FaultyServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.unread = b""

    def carry_on(self) -> None:
        self._answer("banner", "220 ready")
        while True:
            verb = self._until(b"\r\n").partition(b" ")[0].decode().lower()
            if verb in ("ehlo", "helo"):
                self._answer("ehlo", "\r\n".join(self._greeting()))
            elif verb == "data":
                self._answer(verb, "354 go on")
                if self.server.place != verb:
                    self._take_message()
            else:
                self._answer(verb, "221 bye" if verb == "quit" else "250 OK")

    def _greeting(self) -> list[str]:
        lines = ["mail.example", *self.server.offers]
        return [f"250{'-' if left else ' '}{line}" for left, line in _counted_down(lines)]

    def _take_message(self) -> None:
        if self.server.place == "message":
            self._answer("message", "")
        message = self._until(b"\r\n.\r\n")
        refuses = self.server.place == "end" and self.server.fault[:1] in "45"
        if not refuses:
            self.server.accepted.append(message)
        self._answer("end", "250 taken")

    def _answer(self, place: str, usual: str) -> None:
        if place != self.server.place:
            return self.connection.sendall(f"{usual}\r\n".encode())
        fault = self.server.fault
        if fault == DROP:
            raise _HungUp
        if fault == SILENCE:
            while self.connection.recv(65536):
                pass
            raise _HungUp
        if fault == GARBAGE:
            self.connection.sendall(b"\xff\x00 nobody's reply\r\n")
        elif fault in (ENDLESS_LINE, ENDLESS_LINES):
            while True:
                self.connection.sendall(b"250-" * 1000 if fault == ENDLESS_LINE else b"250-x\r\n")
        else:
            self.connection.sendall(f"{fault}\r\n".encode())
        return None

    def _until(self, end: bytes) -> bytes:
        while end not in self.unread:
            part = self.connection.recv(65536)
            if not part:
                raise _HungUp
            self.unread += part
        found, _end, self.unread = self.unread.partition(end)
        return found


def _counted_down(lines: list[str]) -> Iterator[tuple[int, str]]:
    return zip(range(len(lines) - 1, -1, -1), lines, strict=True)


@contextmanager
def running() -> Iterator[FaultyServer]:
    """A server on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = FaultyServer(listening)
        thread = Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
