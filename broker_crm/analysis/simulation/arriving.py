"""When cases begin: each simulated day brings what a day like it brought.

Like it is a day of the same weekday in the same season a year before, with all of its cases and
their hours; the numbers are scaled by the growth since then. Where the history is shorter than a
year, it is a day of the same weekday among the recent ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from broker_crm.analysis.answers import Row
from broker_crm.analysis.simulation.behaviour import Arrival, Profile

RECENT = 120
"""Working days before the end of the history that are recent."""
YEAR = 251
"""Working days in a year."""
SEASON = 12
"""Working days around the same day a year before that are of its season."""
LEAST_DAYS, LEAST_CASES = 4, 30
MOST_GROWTH = 3.0

Begun = tuple[float, Profile]


@dataclass
class Arrivals:
    """Days of the past with the cases that began on them.

    Attributes:
        opens: office seconds before each working day.
        weekdays: of each working day.
        days: number of a working day to its cases, each with its second of the day.
        last: number of the last day of the history.
        growth: cases of the recent days by those of the same days a year before.
        times: by how many a scenario multiplies all.
    """

    opens: Sequence[float] = ()
    weekdays: Sequence[int] = ()
    days: dict[int, list[Begun]] = field(default_factory=dict)
    last: int = 0
    growth: float | None = None
    times: float = 1.0

    @classmethod
    def of(
        cls, begun: Sequence[Row], opens: Sequence[float], weekdays: Sequence[int], until: float
    ) -> Arrivals:
        """From rows with `started_s`, `product`, `vip` and `owner`."""
        last = bisect_right(opens, until) - 1
        first = bisect_right(opens, begun[0]["started_s"]) - 1
        days: dict[int, list[Begun]] = {day: [] for day in range(first, max(last, first + 1))}
        for row in begun:
            day = bisect_right(opens, row["started_s"]) - 1
            if day in days:
                profile = Profile(row["product"], bool(row["vip"]), row["owner"])
                days[day].append((float(row["started_s"]) - opens[day], profile))
        found = cls(opens, weekdays, days, last)
        found.growth = found._grown()
        return found

    def between(self, seed: int, start: float, end: float) -> list[Arrival]:
        """Cases that begin between two office seconds, in one replication."""
        found: list[Arrival] = []
        first = max(0, bisect_right(self.opens, start) - 1)
        for day in range(first, bisect_right(self.opens, end)):
            like, scale = self._like(day)
            if not like:
                continue
            chance = Random(seed * 1_000_003 + day)  # noqa: S311
            for place, (offset, profile) in enumerate(self.days[chance.choice(like)]):
                copies = scale * self.times
                whole = int(copies) + (chance.random() < copies - int(copies))
                for copy in range(whole):
                    at = self.opens[day] + offset + copy * 60.0
                    if start <= at < end:
                        found.append(Arrival(at, profile, (day * 1_000 + place) * 20 + copy))
        return found

    def _like(self, day: int) -> tuple[list[int], float]:
        if self.growth is not None:
            middle = day - YEAR
            while middle + SEASON >= self.last:
                middle -= YEAR
            like = self._same_weekday(day, middle - SEASON, middle + SEASON + 1)
            if len(like) >= LEAST_DAYS:
                return like, self.growth
        return self._same_weekday(day, self.last - RECENT, self.last), 1.0

    def _same_weekday(self, day: int, since: int, until: int) -> list[int]:
        weekday = self.weekdays[day]
        return [
            each
            for each in range(since, until)
            if each in self.days and self.weekdays[each] == weekday
        ]

    def _grown(self) -> float | None:
        """None where the same days a year before are not known, or were too few."""
        recent, before = self._count(self.last), self._count(self.last - YEAR)
        if self.last - YEAR - RECENT not in self.days or min(recent, before) < LEAST_CASES:
            return None
        return min(MOST_GROWTH, recent / before)

    def _count(self, end: int) -> int:
        return sum(len(self.days.get(day, ())) for day in range(end - RECENT, end))
