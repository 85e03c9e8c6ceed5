"""Fault points, put around the product from outside: statements, commits, paths, mail dialogue.

A point is named for the command that runs, the path inside it that was entered last, the side and
the step: 'complete: before INSERT process_event', 'sweep > fire timer: before commit'. In a child
they are counted; one of them may be told to kill.
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

from broker_crm import worker
from broker_crm.outreach import deliver
from broker_crm.process import leases, messages, timers

SUBJECT = re.compile(r"^\s*(?:(UPDATE)\s+(\w+)|(\w+)(?:.*?\b(?:FROM|INTO)\s+(\w+))?)", re.S)
DIALOGUE = ("connect", "ehlo", "mail", "rcpt", "docmd", "send", "getreply", "quit")
PATHS = {
    "park work": (leases, "park_abandoned"),
    "lease work": (leases, "_lease"),
    "fire timer": (timers, "fire_timer"),
    "deliver message": (messages, "deliver_one"),
    "doubt letter": (deliver, "doubt_expired"),
    "claim letter": (deliver, "_claim"),
    "hand over letter": (deliver, "hand_over"),
    "settle letter": (deliver, "_settle"),
    "close incident": (worker, "close_overtaken"),
    "beat": (worker, "beat"),
}
"""Parts of a command that have points of their own."""


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
        self.path = ""

    def reach(self, step: str) -> None:
        name = f"{self.command}{self.path}: {step}"
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
            self.command, self.path = before, ""

    def install(self, engine: Engine) -> None:
        """Put points around the engine's statements and commits, SMTP and the paths."""

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
        for path, (module, name) in PATHS.items():
            setattr(module, name, self._entering(path, getattr(module, name)))

    def _entering(self, path: str, real: Callable[..., Any]) -> Callable[..., Any]:
        """The path lasts until another one is entered: its commit comes after its return."""
        inside = self._around("path", real)

        @wraps(real)
        def wrapped(*args: Any, **options: Any) -> Any:
            self.path = f" > {path}"
            return inside(*args, **options)

        return wrapped

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
