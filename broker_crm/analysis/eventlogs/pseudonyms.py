"""Names in exported logs: as they are, or pseudonyms that stay the same from export to export."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

PURPOSE = b"pseudonyms of exported event logs"
LENGTH = 16
"""Hexadecimal digits: two of a hundred million names share one once in four thousand logs."""


class Names:
    """What cases, people, clients and records are called in a file.

    Pseudonyms are HMAC-SHA-256 under a key that is derived from the data key: who has only the
    file can't find out a name by trying, and who exports again gets the same ones.

    Args:
        data_key: of the installation; None to tell the names as they are.
    """

    def __init__(self, data_key: str | None) -> None:
        self.masked = data_key is not None
        self._key = hmac.digest((data_key or "").encode(), PURPOSE, hashlib.sha256)
        self.of = lru_cache(maxsize=100_000)(self._of)

    def person(self, login: str | None) -> str | None:
        """A person, by login."""
        return None if login is None else self.of("person", login) if self.masked else login

    def record(self, kind: str, number: object) -> str:
        """A record of a kind, by its number or id; unlike any other record's."""
        return self.of(kind, str(number)) if self.masked else f"{kind}-{number}"

    def _of(self, kind: str, text: str) -> str:
        digest = hmac.digest(self._key, f"{kind}:{text}".encode(), hashlib.sha256)
        return f"{kind}-{digest.hex()[:LENGTH]}"
