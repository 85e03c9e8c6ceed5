"""Instants, days and lengths of time as people read them, in Europe/Vilnius."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_datetime, format_decimal, format_time, ngettext
from flask_babel import gettext as _

from broker_crm import clock
from broker_crm.calendar import WorkingCalendar

OFFICE = ZoneInfo("Europe/Vilnius")
WORKING_DAY_HOURS = 8


@dataclass(frozen=True, slots=True)
class Due:
    """How a due instant is shown."""

    text: str
    exact: str
    state: str
    """'late', 'today', 'soon', 'later' or 'none'."""


def local(moment: datetime) -> datetime:
    return moment.astimezone(OFFICE)


def today() -> date:
    return local(clock.now()).date()


def due(moment: datetime | None, calendar: WorkingCalendar, done: datetime | None = None) -> Due:
    """How a task's due instant reads now, or read when the task was done.

    Args:
        moment: aware instant, or None for a task without a due time.
        calendar: the company's, to count working days of lateness.
        done: aware instant of completion.
    """
    if moment is None:
        return Due(_("No due date"), "", "none")
    exact = when(moment)
    days = calendar.late_days(moment, done or clock.now())
    if (done or clock.now()) > moment:
        return Due(
            late_by(days) if days else _("Late since %(time)s", time=hour(moment)), exact, "late"
        )
    away = (local(moment).date() - today()).days
    if away == 0:
        return Due(_("by %(time)s today", time=hour(moment)), exact, "today")
    if away == 1:
        return Due(_("by %(time)s tomorrow", time=hour(moment)), exact, "soon")
    return Due(_("by %(date)s", date=day_and_hour(moment)), exact, "later")


def late_by(days: int) -> str:
    """How late, in working days."""
    text: str = ngettext("Late by %(num)s working day", "Late by %(num)s working days", days)
    return text


def working_days(number: float) -> str:
    """A number of working days."""
    if number == int(number):
        whole: str = ngettext("%(num)s working day", "%(num)s working days", int(number))
        return whole
    return _("%(number)s of a working day", number=format_decimal(number))


def working_time(seconds: float | None) -> str:
    """A length of working time: minutes, hours, or working days of eight hours."""
    if seconds is None:
        return "–"
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("%(number)s min", number=minutes)
    hours = minutes / 60
    if hours < WORKING_DAY_HOURS:
        return _("%(number)s h", number=format_decimal(round(hours, 1)))
    return _("%(number)s w. d.", number=format_decimal(round(hours / WORKING_DAY_HOURS, 1)))


def minutes(number: float) -> str:
    """A number of minutes."""
    return _("%(number)s min", number=format_decimal(round(number)))


def hour(moment: datetime) -> str:
    text: str = format_time(moment, "HH:mm")
    return text


def when(moment: datetime | None) -> str:
    """Date and hour in full."""
    if moment is None:
        return "–"
    text: str = format_datetime(moment, "yyyy-MM-dd HH:mm")
    return text


def day_and_hour(moment: datetime) -> str:
    """The day without the year when it is this year's, and the hour."""
    same_year = local(moment).year == today().year
    # The pattern is the date library's: MMMM is the month in words.
    text: str = format_datetime(moment, _("d MMM HH:mm") if same_year else "yyyy-MM-dd HH:mm")
    return text


def day(moment: datetime | date | None) -> str:
    """A date in digits."""
    if moment is None:
        return "–"
    text: str = format_date(moment, "yyyy-MM-dd")
    return text


def long_day(moment: datetime | date) -> str:
    """A date in words, such as “2026 m. lapkričio 23 d.”."""
    text: str = format_date(moment, "long")
    return text


def how_long_ago(moment: datetime) -> str:
    """“10 min ago” for the last hours, else the date and hour."""
    passed = clock.now() - moment
    if passed < timedelta(minutes=1):
        return _("just now")
    if passed < timedelta(hours=1):
        return _("%(number)s min ago", number=int(passed.total_seconds() // 60))
    if local(moment).date() == today():
        return _("today %(time)s", time=hour(moment))
    return day_and_hour(moment)
