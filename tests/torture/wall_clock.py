"""One clock on the wall for all children: it stands in memory that they share, and only goes on."""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime, timedelta

MICROSECONDS = struct.Struct("q")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WallClock:
    """Moved by the harness, read by everybody who was forked from it.

    Args:
        start: an aware instant.
    """

    def __init__(self, start: datetime) -> None:
        self._shared = mmap.mmap(-1, MICROSECONDS.size)
        self._show(start)

    def now(self) -> datetime:
        (microseconds,) = MICROSECONDS.unpack_from(self._shared)
        return EPOCH + timedelta(microseconds=microseconds)

    def advance(self, length: timedelta) -> None:
        self._show(self.now() + length)

    def _show(self, moment: datetime) -> None:
        MICROSECONDS.pack_into(self._shared, 0, (moment - EPOCH) // timedelta(microseconds=1))
