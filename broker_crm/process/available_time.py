"""What office time people have: the company's calendar less their absences and meetings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import WorkingCalendar
from broker_crm.people.models import Absence
from broker_crm.process.calendars import company_calendar


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday."""

    first: date

    @property
    def last(self) -> date:
        return self.first + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Engagement:
    """Time that is taken: who, from when (aware, UTC), how many minutes."""

    login: str
    starts_at: datetime
    minutes: int


Engagements = Callable[[Session, Collection[str], datetime], Iterable[Engagement]]
"""Gives what of the people's time is taken from an instant on."""
_engagements: list[Engagements] = []


def count_as_taken(engagements: Engagements) -> None:
    """Let an area take time, such as meetings with clients; safe to repeat."""
    if engagements not in _engagements:
        _engagements.append(engagements)


def weeks_from(day: date, last: date) -> list[Week]:
    """The week of a day and the following ones, up to that of the last day."""
    monday = day - timedelta(days=day.weekday())
    count = max(0, (last - monday).days // 7)
    return [Week(monday + timedelta(weeks=each)) for each in range(count + 1)]


def available_minutes(
    session: Session,
    calendar: WorkingCalendar,
    people: Collection[str],
    weeks: Sequence[Week],
    now: datetime,
) -> Mapping[str, list[float]]:
    """Office minutes of each person in each week, less absences and meetings; from today on.

    Day by day: a meeting on a Saturday or while away takes nothing from other days.

    Args:
        session: reads only.
        calendar: the company's.
        people: logins.
        weeks: in any order.
        now: aware, UTC.
    """
    today = calendar.local_day(now)
    away: dict[str, list[tuple[date, date]]] = {}
    for absence in session.scalars(select(Absence).where(Absence.login.in_(people))):
        away.setdefault(absence.login, []).append((absence.first_day, absence.last_day))
    taken: dict[tuple[str, date], int] = {}
    for engagements in _engagements:
        for each in engagements(session, people, now):
            key = each.login, calendar.local_day(each.starts_at)
            taken[key] = taken.get(key, 0) + each.minutes

    def left(person: str, day: date) -> float:
        if any(first <= day <= last for first, last in away.get(person, [])):
            return 0.0
        return max(0.0, calendar.available_minutes(day, day) - taken.get((person, day), 0))

    return {
        person: [
            sum(left(person, day) for day in _days(max(week.first, today), week.last))
            for week in weeks
        ]
        for person in people
    }


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=each) for each in range((last - first).days + 1)]


def absent(session: Session, login: str) -> bool:
    """Is the person away today?"""
    today = company_calendar(session).local_day(clock.now())
    away = select(Absence.id).where(
        Absence.login == login, Absence.first_day <= today, Absence.last_day >= today
    )
    return session.scalar(away.limit(1)) is not None
