"""Office time of many instants at once: working seconds and working days since the first one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from broker_crm.calendar import OPENS, WorkingCalendar

Instants = NDArray[np.datetime64]
"""UTC, in microseconds; NaT where there is none."""
Numbers = NDArray[np.float64]
"""NaN where there is none."""

_SECOND = np.timedelta64(1, "s")
_YEARS = range(2005, 2081)


class OfficeTime:
    """Working time as a number that only grows: the time between two instants is a difference.

    Agrees with `WorkingCalendar.working_seconds` and `working_days_between`.

    Args:
        calendar: the company's.

    Attributes:
        day_seconds: of a working day.
    """

    day_seconds = 8 * 3600.0

    def __init__(self, calendar: WorkingCalendar) -> None:
        self.calendar = calendar
        self._days = np.array(calendar.working_days, dtype="datetime64[D]")
        self._before = np.array(calendar.seconds_before, dtype=np.float64)
        self._lengths = np.append(np.diff(self._before), 0.0)

    def seconds(self, instants: Instants) -> Numbers:
        """Office seconds from the calendar's beginning to each instant."""
        local = self._local(instants)
        day = local.astype("datetime64[D]")
        place = np.searchsorted(self._days, day)
        today = np.append(self._days, np.datetime64("NaT"))[place] == day
        since = (local - day) / _SECOND - OPENS.hour * 3600
        worked = np.where(today, np.clip(since, 0.0, self._lengths[place]), 0.0)
        return np.where(np.isnat(instants), np.nan, self._before[place] + worked)

    def days(self, instants: Instants) -> Numbers:
        """Working days from the calendar's beginning up to and with the local day of each."""
        day = self._local(instants).astype("datetime64[D]")
        found = np.searchsorted(self._days, day, side="right").astype(np.float64)
        return np.where(np.isnat(instants), np.nan, found)

    def local_days(self, instants: Instants) -> NDArray[np.datetime64]:
        """The office's date at each instant."""
        return self._local(instants).astype("datetime64[D]")

    def _local(self, instants: Instants) -> Instants:
        starts, offsets = self._offsets
        place = np.searchsorted(starts, instants, side="right") - 1
        return instants + offsets[np.clip(place, 0, len(offsets) - 1)]

    @cached_property
    def _offsets(self) -> tuple[Instants, NDArray[np.timedelta64]]:
        """Since when the office's clock differs from UTC, and by how much."""
        zone, hour = self.calendar.zone, timedelta(hours=1)
        starts: list[datetime] = []
        offsets: list[timedelta] = []
        moment, last = (
            datetime(_YEARS[0], 1, 1, tzinfo=UTC),
            datetime(_YEARS[-1], 12, 31, tzinfo=UTC),
        )
        while moment < last:
            offset = moment.astimezone(zone).utcoffset() or timedelta()
            if not offsets or offsets[-1] != offset:
                while starts and (moment - hour).astimezone(zone).utcoffset() == offset:
                    moment -= hour
                starts.append(moment.replace(tzinfo=None))
                offsets.append(offset)
            moment += timedelta(days=1)
        return (
            np.array(starts, dtype="datetime64[us]"),
            np.array(offsets, dtype="timedelta64[us]"),
        )


class RoundTheClock(OfficeTime):
    """Time that counts day and night, every day: for work that no office's hours bound."""

    day_seconds = 24 * 3600.0

    def seconds(self, instants: Instants) -> Numbers:
        """Seconds from 1970 to each instant."""
        since = (instants - np.datetime64(0, "us")) / _SECOND
        return np.where(np.isnat(instants), np.nan, since)

    def days(self, instants: Instants) -> Numbers:
        """Days from 1970 up to the local day of each."""
        since = self.local_days(instants) - np.datetime64(0, "D")
        return np.where(np.isnat(instants), np.nan, since / np.timedelta64(1, "D"))
