"""Fault points, put around the product from outside: statements, commits, mail dialogue.

A point is named for the command that runs, the side and the step: 'complete: before INSERT
process_event'. In a child they are counted; one of them may be told to kill.
"""

from __future__ import annotations

import os
import re
import signal
import smtplib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from sqlalchemy import Engine, event

SUBJECT = re.compile(r"^\s*(?:(UPDATE)\s+(\w+)|(\w+)(?:.*?\b(?:FROM|INTO)\s+(\w+))?)", re.S)
DIALOGUE = ("connect", "ehlo", "mail", "rcpt", "docmd", "send", "getreply", "quit")


class Points:
    """The points of one process.

    Args:
        target: name of the point that kills, or None to only count.
        occurrence: the how manieth time that it is reached.
    """

    def __init__(self, target: str | None, occurrence: int) -> None:
        self.target = target
        self.occurrence = occurrence
        self.reached: Counter[str] = Counter()
        self.command = "idle"

    def reach(self, step: str) -> None:
        name = f"{self.command}: {step}"
        self.reached[name] += 1
        if name == self.target and self.reached[name] == self.occurrence:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def during(self, command: str) -> Iterator[None]:
        """Name the points of a command."""
        before, self.command = self.command, command
        self.reach("begin")
        try:
            yield
            self.reach("end")
        finally:
            self.command = before

    def install(self, engine: Engine) -> None:
        """Put points around the engine's statements and commits, and around SMTP."""

        def before(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
            self.reach(f"before {_named(statement)}")

        def after(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
            self.reach(f"after {_named(statement)}")

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
        engine.dialect.do_commit = self._around("commit", engine.dialect.do_commit)  # type: ignore[method-assign]
        for name in DIALOGUE:
            real = getattr(smtplib.SMTP, name)
            setattr(smtplib.SMTP, name, self._around(f"SMTP {name}", real))

    def _around(self, step: str, real: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(real)
        def wrapped(*args: Any, **options: Any) -> Any:
            self.reach(f"before {step}")
            result = real(*args, **options)
            self.reach(f"after {step}")
            return result

        return wrapped


def _named(statement: str) -> str:
    found = SUBJECT.match(statement)
    return " ".join(part for part in found.groups() if part) if found else "statement"
