"""Stops one command at a chosen step, lets another one run, and lets the first go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

from broker_crm.process.errors import CommandRefused

BLOCKED = 0.05
"""Seconds after which the second command is taken to wait for the first one's locks."""
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command gave back; a refusal is an answer too, anything else is an error."""

    value: object = None
    refusal: CommandRefused | None = None

    @property
    def took_effect(self) -> bool:
        return self.refusal is None and self.value is not None


class _Run(threading.Thread):
    def __init__(self, command: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._command = command
        self.answer = Answer()
        self.error: BaseException | None = None
        self.steps = 0
        self.stops_at: int | None = None
        self.stopped = threading.Event()
        self.goes_on = threading.Event()

    def run(self) -> None:
        try:
            self.answer = Answer(self._command())
        except CommandRefused as refusal:
            self.answer = Answer(refusal=refusal)
        except BaseException as error:
            self.error = error
        finally:
            self.stopped.set()

    def step(self) -> None:
        if self.steps == self.stops_at:
            self.stopped.set()
            self.goes_on.wait(PATIENCE)
        self.steps += 1

    def finish(self) -> Answer:
        self.goes_on.set()
        self.join(PATIENCE)
        assert not self.is_alive(), "a command hangs"
        if self.error is not None:
            raise self.error
        return self.answer


class Interleaving:
    """Counts the steps of commands: before each statement and before the commit.

    Args:
        engine: on which all commands run.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._commit)

    def close(self) -> None:
        event.remove(self._engine, "before_cursor_execute", self._statement)
        event.remove(self._engine, "commit", self._commit)

    def steps(self, command: Callable[[], object]) -> int:
        """How many steps a command has when it runs alone."""
        run = _Run(command)
        run.start()
        run.finish()
        return run.steps

    def meet(
        self, first: Callable[[], object], second: Callable[[], object], at: int
    ) -> tuple[Answer, Answer]:
        """Run the second command while the first one stands before its step `at`.

        Returns:
            The answers of both.
        """
        one, other = _Run(first), _Run(second)
        one.stops_at = at
        one.start()
        assert one.stopped.wait(PATIENCE)
        other.start()
        other.join(BLOCKED)
        return one.finish(), other.finish()

    def _statement(self, *_args: Any) -> None:
        self._step()

    def _commit(self, *_args: Any) -> None:
        self._step()

    def _step(self) -> None:
        thread = threading.current_thread()
        if isinstance(thread, _Run):
            thread.step()
