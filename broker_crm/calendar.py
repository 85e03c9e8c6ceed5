"""Working days of the brokerage: due dates, lateness and working time on its calendar."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import holidays

OFFICE = ZoneInfo("Europe/Vilnius")
OPENS = time(9)
CLOSES = time(17)
CLOSES_SHORT = time(16)
FIRST_YEAR = 2005
LAST_YEAR = 2080


class WorkingCalendar:
    """Monday to Friday without the closed days; short days end an hour earlier.

    Day 0 of a task is its creation day when it is created before 17:00 on a working day, else the
    next working day; it is due at closing time of the n-th working day after day 0.

    Args:
        closed: days on which nobody works.
        short: working days that close at 16:00, such as those before a public holiday.
        zone: the office's time zone.
    """

    def __init__(
        self,
        closed: frozenset[date] = frozenset(),
        short: frozenset[date] = frozenset(),
        zone: ZoneInfo = OFFICE,
    ) -> None:
        self.closed = closed
        self.short = short
        self.zone = zone

    @cached_property
    def _days(self) -> list[date]:
        first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
        every = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [day for day in every if self.is_working(day)]

    @property
    def working_days(self) -> list[date]:
        """Every working day that the calendar covers, in order."""
        return self._days

    @property
    def seconds_before(self) -> list[int]:
        """Office seconds before each working day, and at last before none: one more than days."""
        return self._seconds_before

    @cached_property
    def _seconds_before(self) -> list[int]:
        total, sums = 0, [0]
        for day in self._days:
            total += self._length(day)
            sums.append(total)
        return sums

    def _length(self, day: date) -> int:
        return (self._closing(day).hour - OPENS.hour) * 3600

    def _closing(self, day: date) -> time:
        return CLOSES_SHORT if day in self.short else CLOSES

    def is_working(self, day: date) -> bool:
        """True when the office works on this day."""
        return day.weekday() < 5 and day not in self.closed

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after (before, when negative) the given day.

        A count of 0 gives the day itself, or the next working day when it is not one.

        Raises:
            ValueError: outside the years that the calendar covers.
        """
        if count >= 0:
            place = bisect_left(self._days, day) if count == 0 else bisect_right(self._days, day)
            place += max(count - 1, 0)
        else:
            place = bisect_left(self._days, day) + count
        if not 0 <= place < len(self._days):
            raise ValueError(
                f"{count} working days from {day} is outside {FIRST_YEAR}–{LAST_YEAR}."
            )
        return self._days[place]

    def working_days_between(self, start: date, end: date) -> int:
        """Working days in (start, end]; negative when end is before start."""
        return bisect_right(self._days, end) - bisect_right(self._days, start)

    def local_day(self, moment: datetime) -> date:
        """The office's date at an instant."""
        return _aware(moment).astimezone(self.zone).date()

    def due_at(self, created: datetime, working_days: float) -> datetime:
        """When a task is due, in UTC.

        Args:
            created: aware instant of creation.
            working_days: the time standard; fractions are rounded up to whole days.

        Raises:
            ValueError: for a naive instant or a negative standard.
        """
        if working_days < 0:
            raise ValueError(f"A time standard of {working_days} working days is negative.")
        whole = int(-(-working_days // 1))
        local = _aware(created).astimezone(self.zone)
        day = local.date()
        if not self.is_working(day) or local.time() >= CLOSES:
            day = self.add_working_days(day, 1)
        return self._at_closing(self.add_working_days(day, whole))

    def _at_closing(self, day: date) -> datetime:
        return datetime.combine(day, self._closing(day), self.zone).astimezone(UTC)

    def shift(self, moment: datetime, working_days: float) -> datetime:
        """The same office time a number of working days later (earlier, when negative), in UTC."""
        local = _aware(moment).astimezone(self.zone)
        day = self.add_working_days(local.date(), int(working_days))
        return datetime.combine(day, local.time(), self.zone).astimezone(UTC)

    def late_days(self, due: datetime, at: datetime) -> int:
        """Working days after the due day; 0 on the due day and before."""
        return max(0, self.working_days_between(self.local_day(due), self.local_day(at)))

    def working_seconds(self, start: datetime, end: datetime) -> int:
        """Office hours between two instants, in seconds; 0 when end is before start."""
        return max(0, self._elapsed(end) - self._elapsed(start))

    def later(self, moment: datetime, working_seconds: int) -> datetime:
        """The instant after so many office seconds more, in UTC; the same instant for none.

        Raises:
            ValueError: outside the years that the calendar covers.
        """
        if working_seconds <= 0:
            return moment
        target = self._elapsed(moment) + working_seconds
        place = bisect_left(self._seconds_before, target) - 1
        if not 0 <= place < len(self._days):
            raise ValueError(f"{working_seconds} office seconds from {moment} are too many.")
        opened = datetime.combine(self._days[place], OPENS, self.zone)
        reached = opened + timedelta(seconds=target - self._seconds_before[place])
        return reached.astimezone(UTC)

    def _elapsed(self, moment: datetime) -> int:
        local = _aware(moment).astimezone(self.zone)
        place = bisect_left(self._days, local.date())
        elapsed = self._seconds_before[place]
        if place < len(self._days) and self._days[place] == local.date():
            opened = local.replace(hour=OPENS.hour, minute=0, second=0, microsecond=0)
            today = int((local - opened).total_seconds())
            elapsed += min(max(today, 0), self._length(local.date()))
        return elapsed

    def available_minutes(self, start: date, end: date) -> int:
        """Office minutes in [start, end]."""
        first, last = bisect_left(self._days, start), bisect_right(self._days, end)
        return (self._seconds_before[last] - self._seconds_before[first]) // 60


def public_holidays(first_year: int, last_year: int) -> Mapping[date, str]:
    """Lithuanian public holidays with their names, both years included."""
    days = holidays.country_holidays("LT", years=range(first_year, last_year + 1))
    return {day: str(name) for day, name in sorted(days.items())}


def lithuanian_calendar(first_year: int, last_year: int) -> WorkingCalendar:
    """The calendar of an office that closes on public holidays.

    The working day before a public holiday is one hour shorter (Labour Code, article 112(5)).
    """
    closed = frozenset(public_holidays(first_year, last_year))
    return WorkingCalendar(closed, short_days(closed))


def short_days(closed: frozenset[date]) -> frozenset[date]:
    """Working days directly before a closed day."""
    before = {day - timedelta(days=1) for day in closed}
    return frozenset(day for day in before if day.weekday() < 5 and day not in closed)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone.")
    return moment
