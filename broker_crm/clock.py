"""The only source of time: aware UTC, replaceable for tests and simulation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that tells an aware instant."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that stands still until it is moved.

    Args:
        start: an aware instant.

    Raises:
        ValueError: when the instant is naive.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        """Move to an instant."""
        self._now = _aware(moment)

    def advance(self, length: timedelta) -> None:
        """Move on by a length of real time."""
        self._now += length


_clock: Clock = SystemClock()
_here: ContextVar[Clock | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return (_here.get() or _clock).now()


def set_clock(clock: Clock) -> Clock:
    """Let `now` tell this clock's time in the whole process; gives back the clock before."""
    global _clock
    before, _clock = _clock, clock
    return before


@contextmanager
def use(clock: Clock) -> Iterator[Clock]:
    """Let `now` tell this clock's time inside the block, in the whole process."""
    before = set_clock(clock)
    try:
        yield clock
    finally:
        set_clock(before)


@contextmanager
def use_here(clock: Clock) -> Iterator[Clock]:
    """Let `now` tell this clock's time inside the block, in this thread only.

    It goes before the clock of the whole process; other threads do not notice.
    """
    token = _here.set(clock)
    try:
        yield clock
    finally:
        _here.reset(token)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone.")
    return moment.astimezone(UTC)
