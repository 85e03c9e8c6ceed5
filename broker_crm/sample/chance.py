"""Chance without surprise: one random stream for each thing, from one seed."""

from __future__ import annotations

import hashlib
from random import Random

SEED = 20_261


def stream(*key: object) -> Random:
    """A stream of random numbers that belongs to one thing and to nothing else.

    Args:
        key: what names the thing, such as 'client', 17.
    """
    text = "\0".join(str(part) for part in (SEED, *key))
    return Random(hashlib.sha256(text.encode()).digest())  # noqa: S311
