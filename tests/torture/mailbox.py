"""The mail server of the torture: a process that is never killed and notes what it accepted."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from pathlib import Path

from tests.outreach import mail_server


@contextmanager
def running(noted: Path) -> Iterator[str]:
    """URL of a server that writes each accepted Message-ID as a line into a file."""
    child = subprocess.Popen(
        [sys.executable, "-m", __name__, str(noted)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        yield child.stdout.readline().strip()
    finally:
        child.kill()
        child.wait()


class Noting(list[bytes]):
    """Writes down what it is given before the server answers."""

    def __init__(self, noted: Path) -> None:
        super().__init__()
        self._file = noted.open("a", buffering=1)

    def append(self, message: bytes) -> None:
        headers = BytesParser().parsebytes(message, headersonly=True)
        self._file.write(f"{headers['Message-ID']}\n")


def main() -> None:
    with mail_server.running() as server:
        server.accepted = Noting(Path(sys.argv[1]))
        print(server.url, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
