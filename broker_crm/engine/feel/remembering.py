"""Results that are kept, because FEEL is pure; shared by all threads, empty after a fork."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Hashable
from hashlib import blake2b
from threading import Lock
from typing import Any

REMEMBERED = 20_000
LONGEST_KEY = 300
LARGEST_ANSWER = 5_000


class Memory:
    """Keeps the results that were used last."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self.size = size
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._lock = Lock()
        self._results: OrderedDict[Hashable, Any] = OrderedDict()

    def recall(self, key: Hashable) -> Any:
        """The result under the key, or None."""
        with self._lock:
            found = self._results.get(key)
            if found is not None:
                self._results.move_to_end(key)
        return found

    def remember(self, key: Hashable, result: object) -> None:
        """Keep a result, and forget the one that was not used for longest."""
        with self._lock:
            self._results[key] = result
            if len(self._results) > self.size:
                self._results.popitem(last=False)


def short(text: bytes) -> bytes:
    """The text, or a digest of it when it is long."""
    return text if len(text) <= LONGEST_KEY else blake2b(text, digest_size=20).digest()


memory = Memory()
os.register_at_fork(after_in_child=memory.clear)
