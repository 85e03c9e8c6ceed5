"""What is compared, in which unit, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """How a measure is estimated."""

    DURATION = "duration"
    """Median by Kaplan–Meier."""
    SHARE = "share"
    """Of cases that had time enough."""
    MEAN = "mean"
    SOON = "soon"
    """Time by which half of those have it who have it by the horizon (Aalen–Johansen)."""
    CHANCE = "chance"
    """Share that has it by the horizon (Aalen–Johansen)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is compared.

    Attributes:
        key: of it.
        sort: how it is estimated.
        unit: 'days' (working days of eight office hours), 'share' or 'eur'.
        better: 1 where more is better, −1 where less is, 0 where neither.
        weight: its part of what may be claimed falsely (Genovese, Roeder and Wasserman 2006): more
            where managers act on it, less where it follows from another measure.
    """

    key: str
    sort: Sort
    unit: str
    better: int
    weight: float = 1.0


OF_STEP = (
    Measure("reach", Sort.SHARE, "share", 0, 0.1),
    Measure("waiting", Sort.DURATION, "days", -1, 2.5),
    Measure("processing", Sort.DURATION, "days", -1, 0.1),
    Measure("total", Sort.DURATION, "days", -1, 0.25),
    Measure("late", Sort.SHARE, "share", -1, 0.25),
    Measure("cost", Sort.MEAN, "eur", -1, 0.1),
    Measure("repeated", Sort.SHARE, "share", -1, 0.25),
    Measure("conversion", Sort.SHARE, "share", 1, 4.0),
)
OF_CASE = (
    Measure("meeting-time", Sort.SOON, "days", -1, 2.0),
    Measure("meeting", Sort.CHANCE, "share", 1, 0.5),
    Measure("offer-time", Sort.SOON, "days", -1, 2.0),
    Measure("offer", Sort.CHANCE, "share", 1, 0.5),
    Measure("contract-time", Sort.SOON, "days", -1, 2.0),
    Measure("contract", Sort.CHANCE, "share", 1, 4.0),
    Measure("cycle", Sort.DURATION, "days", -1, 0.5),
    Measure("case-cost", Sort.MEAN, "eur", -1, 0.5),
)
MEASURES = {each.key: each for each in (*OF_STEP, *OF_CASE)}
