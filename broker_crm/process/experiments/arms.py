"""Draws arms: by a keyed hash of what is drawn, or in balanced blocks from the same key."""

from __future__ import annotations

import hmac
from math import gcd

from broker_crm.process.experiments.models import Arm

SMALLEST_BLOCK = 4


def hashed(seed: str, unit_key: str, share_b: int) -> Arm:
    """The arm of a unit; the same each time, and nothing is remembered for it.

    Args:
        seed: of the experiment.
        unit_key: what is drawn.
        share_b: per cent of the units that B gets.
    """
    return Arm.B if _fraction(seed, unit_key) * 100 < share_b else Arm.A


def in_block(seed: str, stratum: str, place: int, share_b: int) -> Arm:
    """The arm of the unit that comes at a place, counted from 0, within its stratum.

    Each block of `block_size` units has exactly the share of B, in an order of its own.
    """
    size = block_size(share_b)
    block, within = divmod(place, size)
    order = sorted(range(size), key=lambda slot: _fraction(seed, f"{stratum}|{block}|{slot}"))
    return Arm.B if order[within] < size * share_b // 100 else Arm.A


def block_size(share_b: int) -> int:
    """Units in a block: the fewest, but at least four, of which the share is a whole number."""
    least = 100 // gcd(100, share_b)
    return least * -(-SMALLEST_BLOCK // least)


def _fraction(seed: str, text: str) -> float:
    digest = hmac.digest(seed.encode(), text.encode(), "sha256")
    return int.from_bytes(digest[:7], "big") / float(1 << 56)
