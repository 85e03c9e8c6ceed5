"""Chance without surprise: one random stream for each thing, from one seed."""

from __future__ import annotations

import hashlib
from random import Random

SEED = 20_261
GOLDEN = 0.618_033_988_749_895


def stream(*key: object) -> Random:
    """A stream of random numbers that belongs to one thing and to nothing else.

    Args:
        key: what names the thing, such as 'client', 17.
    """
    text = "\0".join(str(part) for part in (SEED, *key))
    return Random(hashlib.sha256(text.encode()).digest())  # noqa: S311


def evenly(number: int) -> float:
    """A number from 0 to 1 that comes evenly over a row of things: any share of them is met.

    Args:
        number: of the thing in its row.
    """
    return (0.5 + number * GOLDEN) % 1
