"""The product's own FEEL functions on the company calendar."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import lru_cache

from broker_crm.calendar import WorkingCalendar

Functions = Mapping[str, Callable[..., object]]

RESULTS = {
    "working days after": "date time",
    "working days between": "number",
    "next working day at": "date time",
    "before due": "date time",
    "at due": "date time",
    "after due": "date time",
}
"""What a function gives; `before due` and its kin are offered by the engine where a task is due."""


@lru_cache(maxsize=32)
def calendar_functions(calendar: WorkingCalendar | None) -> Functions:
    """The functions that only need a calendar; none without one.

    `working days after(day, n)`: the n-th working day after the day, at its time of day;
    `working days between(a, b)`: working days after a, up to and with b;
    `next working day at(day, "09:00")`: that time on the first working day after the day.
    A day is a date, a date and time with zone, or the text of either.
    """
    if calendar is None:
        return {}

    def after(day: str, count: float) -> datetime:
        start = _moment(day)
        if isinstance(start, datetime):
            return calendar.shift(start, _whole(count)).astimezone(calendar.zone)
        moved = calendar.add_working_days(start, _whole(count))
        return datetime.combine(moved, time(), calendar.zone)

    def between(start: str, end: str) -> int:
        return calendar.working_days_between(_day(calendar, start), _day(calendar, end))

    def next_at(day: str, at: str) -> datetime:
        following = calendar.add_working_days(_day(calendar, day), 1)
        return datetime.combine(following, _time_of_day(at), calendar.zone)

    return {
        "working days after": after,
        "working days between": between,
        "next working day at": next_at,
    }


def _whole(count: object) -> int:
    if isinstance(count, bool) or not isinstance(count, int | float) or count % 1:
        raise ValueError(f"{count!r} is not a whole number of days.")
    return int(count)


def _time_of_day(at: object) -> time:
    if not isinstance(at, str):
        raise ValueError(f"{at!r} is not a time of day such as “09:00”.")
    return time.fromisoformat(re.sub(r"(Z|[+-]\d\d:\d\d)$", "", at))


def _day(calendar: WorkingCalendar, text: object) -> date:
    moment = _moment(text)
    return calendar.local_day(moment) if isinstance(moment, datetime) else moment


def _moment(text: object) -> date | datetime:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a date.")
    if len(text) == 10:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(re.sub(r"[@\[].*$", "", text))
    if moment.tzinfo is None:
        raise ValueError(f"“{text}” has no time zone.")
    return moment
