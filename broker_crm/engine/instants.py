"""Dates and durations of timers: ISO 8601 with limits, always aware UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from broker_crm import clock

OFFICE = ZoneInfo("Europe/Vilnius")
LONGEST = timedelta(days=366 * 50)
MOST_REPEATS = 100
_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.\d+)?S)?)?"
)
_REPEATING = re.compile(r"R(?P<times>\d+)/(?:(?P<start>[^P/]+)/)?(?P<duration>P.+)")


def instant(value: object) -> datetime:
    """Read one instant; a date alone means the end of the office's day, 17:00 in Vilnius.

    Args:
        value: an ISO 8601 date or date-time; without an offset it is Vilnius time.

    Raises:
        ValueError: when it is neither, naming it.
    """
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a date and time.")
    text = re.sub(r"(@|\[)[A-Za-z/_]+\]?$", "", value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"“{value}” is not a date and time, such as 2026-03-02T09:00.") from error
    if len(text) == 10:
        moment = moment.replace(hour=17)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=OFFICE)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"“{value}” is more than fifty years away.") from error
    if abs(moment - clock.now()) > LONGEST:
        raise ValueError(f"“{value}” is more than fifty years away.")
    return moment


def instants(value: object, kind: str) -> list[str]:
    """All instants of a timer in ascending order, as ISO texts in UTC.

    Args:
        value: what the timer's expression gave.
        kind: 'timeDate', 'timeDuration' or 'timeCycle'.

    Raises:
        ValueError: when it can't be read or is beyond the limits.
    """
    if kind == "timeDate":
        found = [instant(value)]
    elif kind == "timeDuration":
        found = [_after(value, clock.now())]
    elif isinstance(value, list):
        found = sorted(instant(item) for item in value)
    else:
        found = _repeating(value)
    if not found:
        raise ValueError("the plan has no instant.")
    if len(found) > MOST_REPEATS:
        raise ValueError(f"{len(found)} repeats; the limit is {MOST_REPEATS}.")
    return [moment.isoformat() for moment in found]


def _after(value: object, start: datetime, times: int = 1) -> datetime:
    """A number of durations later; years to days keep the office's time of day, in summer too."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groupdict().values()):
        raise ValueError(f"{value!r} is not a duration, such as P3D or PT4H.")
    parts = {name: int(number or 0) * times for name, number in match.groupdict().items()}
    too_long = f"{times} times “{value}” is longer than fifty years."
    months = parts["years"] * 12 + parts["months"]
    try:
        days = timedelta(weeks=parts["weeks"], days=parts["days"])
        length = timedelta(hours=parts["hours"], minutes=parts["minutes"], seconds=parts["seconds"])
    except OverflowError as error:
        raise ValueError(too_long) from error
    if months > 600 or days > LONGEST or length > LONGEST:
        raise ValueError(too_long)
    local = _add_months(start.astimezone(OFFICE), months) + days
    return local.astimezone(UTC) + length


def _add_months(moment: datetime, months: int) -> datetime:
    if not months:
        return moment
    years, month = divmod(moment.month - 1 + months, 12)
    for day in range(moment.day, moment.day - 4, -1):
        try:
            return moment.replace(year=moment.year + years, month=month + 1, day=day)
        except ValueError:
            continue
    raise ValueError(f"{months} months from {moment} is no date.")


def _repeating(value: object) -> list[datetime]:
    match = _REPEATING.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is neither a list of instants nor a cycle such as R3/P1D.")
    times = int(match["times"])
    if times > MOST_REPEATS:
        raise ValueError(f"{times} repeats; the limit is {MOST_REPEATS}.")
    duration = match["duration"]
    if match["start"]:
        start = instant(match["start"])
        return [_after(duration, start, place) for place in range(times)]
    return [_after(duration, clock.now(), place + 1) for place in range(times)]
