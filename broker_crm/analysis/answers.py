"""What an answer is: a figure with its sample and interval, facts, rows, a trend and the cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from broker_crm.analysis.estimates import SMALL, Interval

Fact = float | int | str | bool | None
Row = dict[str, Any]

LISTED = 200
"""Steps or cases listed behind an answer at most; their number is told in full."""


@dataclass(frozen=True, slots=True)
class Place:
    """A step or a case behind an answer.

    Attributes:
        case_id: hex of the instance.
        task_id: hex of the user task, where the answer counts steps.
        value: the figure that it contributes, such as working days late.
    """

    case_id: str
    task_id: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One month of a trend."""

    month: date
    value: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to one of the managers' questions.

    Attributes:
        id: 'Q1' to 'Q14'.
        value: the figure; None where nothing can be told.
        unit: 'share', 'days', 'count', 'eur', 'ratio' or 'load'.
        n: how many steps or cases it stands on.
        interval: 95 %, in the same unit.
        facts: named numbers and keys for the sentence.
        by: what the rows are told apart by.
        rows: a table, each row with `key`, `n` and the columns of `columns`.
        columns: column to unit, in their order.
        trend: by month, the oldest first.
        places: steps or cases behind it.
        place_count: how many there are in all.
    """

    id: str
    value: float | None
    unit: str
    n: int
    interval: Interval | tuple[float | None, float | None] | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    by: str = ""
    rows: Sequence[Row] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    trend: Sequence[Point] = ()
    places: Sequence[Place] = ()
    place_count: int = 0

    @property
    def small(self) -> bool:
        """Too few to rely on."""
        return self.n < SMALL
