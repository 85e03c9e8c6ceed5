"""The office's calendar against a plain count, day by day and minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker_crm import clock
from broker_crm.calendar import OFFICE, lithuanian_calendar
from broker_crm.engine.feel import evaluate

CALENDAR = lithuanian_calendar(2023, 2032)
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 1))
MOMENTS = st.integers(0, 7 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
EDGES = [
    date(2026, 3, 28),
    date(2026, 10, 24),
    date(2026, 12, 23),
    date(2026, 12, 31),
    date(2027, 3, 26),
    date(2026, 6, 23),
    date(2026, 10, 30),
]
"""Before the clock changes, Christmas, New Year, Easter, Midsummer and All Saints."""


def works(day: date) -> bool:
    return day.weekday() < 5 and day not in CALENDAR.closed


def closes(day: date) -> time:
    return time(16) if day + timedelta(days=1) in CALENDAR.closed else time(17)


def counted_after(day: date, count: int) -> date:
    step = 1 if count > 0 else -1
    while count:
        day += timedelta(days=step)
        if works(day):
            count -= step
    return day


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 1), "naujieji metai"),
        (date(2026, 2, 16), "valstybės"),
        (date(2026, 4, 6), "velyk"),
        (date(2026, 6, 24), "jonin"),
        (date(2026, 11, 2), "vėlin"),
        (date(2026, 12, 24), "kūč"),
    ],
)
def test_lithuanian_holidays_are_closed(day: date, name: str) -> None:
    assert not CALENDAR.is_working(day), name


@given(DAYS, st.integers(-40, 40).filter(bool))
def test_working_days_are_counted_one_by_one(day: date, count: int) -> None:
    moved = CALENDAR.add_working_days(day, count)
    assert moved == counted_after(day, count)
    if count > 0:
        assert CALENDAR.working_days_between(day, moved) == count


@given(DAYS, DAYS)
def test_days_between_are_those_that_a_person_would_count(start: date, end: date) -> None:
    first, last = sorted((start, min(end, start + timedelta(days=200))))
    span = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    assert CALENDAR.working_days_between(first, last) == sum(map(works, span))
    assert CALENDAR.working_days_between(last, first) == -CALENDAR.working_days_between(first, last)


def due_as_the_rule_says(created: datetime, standard: int) -> datetime:
    local = created.astimezone(OFFICE)
    day = local.date()
    while not works(day) or (day == local.date() and local.time() >= time(17)):
        day += timedelta(days=1)
    day = counted_after(day, standard)
    return datetime.combine(day, closes(day), OFFICE)


@given(MOMENTS, st.integers(0, 15))
def test_a_task_is_due_at_closing_time_of_its_last_day(created: datetime, standard: int) -> None:
    due = CALENDAR.due_at(created, standard)
    assert due == due_as_the_rule_says(created, standard)
    assert CALENDAR.late_days(due, due) == 0
    assert CALENDAR.late_days(due, CALENDAR.shift(due, 3)) == 3


@pytest.mark.parametrize("day", EDGES)
@pytest.mark.parametrize("hour", [0, 8, 12, 16, 17, 23])
def test_edges_of_the_year_keep_office_time(day: date, hour: int) -> None:
    created = datetime.combine(day, time(hour, 30), OFFICE)
    for standard in range(6):
        due = CALENDAR.due_at(created, standard)
        assert due == due_as_the_rule_says(created, standard)
        assert due.astimezone(OFFICE).hour in (16, 17)


@settings(max_examples=40)
@given(MOMENTS, st.integers(0, 9 * 24 * 60))
def test_working_time_is_counted_minute_by_minute(start: datetime, minutes: int) -> None:
    begin = start.replace(second=0, microsecond=0)
    worked = 0
    for number in range(minutes):
        local = (begin + timedelta(minutes=number)).astimezone(OFFICE)
        if works(local.date()) and time(9) <= local.time() < closes(local.date()):
            worked += 60
    assert CALENDAR.working_seconds(begin, begin + timedelta(minutes=minutes)) == worked


def test_naive_instants_and_negative_standards_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.due_at(datetime(2026, 1, 5, 9), 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.due_at(datetime(2026, 1, 5, 9, tzinfo=UTC), -1)
    with pytest.raises(ValueError, match="outside"):
        CALENDAR.add_working_days(date(2080, 12, 30), 5)


@settings(max_examples=30)
@given(DAYS, st.integers(1, 20))
def test_expressions_count_as_the_calendar_does(day: date, count: int) -> None:
    with clock.use(clock.SimulatedClock(datetime(2026, 1, 5, 9, tzinfo=UTC))):
        moved = evaluate(f'working days after(date("{day}"), {count})', {}, calendar=CALENDAR)
        between = evaluate(
            f'working days between(date("{day}"), date("{moved[:10]}"))', {}, calendar=CALENDAR
        )
        following = evaluate(f'next working day at(date("{day}"), "09:30")', {}, calendar=CALENDAR)
    assert moved[:10] == str(counted_after(day, count))
    assert between == count
    assert following[:16] == f"{counted_after(day, 1)}T09:30"


@given(MOMENTS, st.integers(0, 60 * 8 * 3600))
@settings(max_examples=200)
def test_so_many_office_hours_later_are_so_many_office_hours_away(moment, seconds):
    later = CALENDAR.later(moment, seconds)
    assert CALENDAR.working_seconds(moment, later) == seconds
    if seconds:
        local = later.astimezone(OFFICE)
        assert works(local.date()) and time(9) < local.time() <= closes(local.date())
    else:
        assert later == moment


def test_a_due_date_at_closing_time_stays_at_closing_time_after_whole_days():
    due = datetime(2026, 11, 26, 17, tzinfo=OFFICE)
    assert CALENDAR.later(due, 2 * 8 * 3600).astimezone(OFFICE) == datetime(
        2026, 11, 30, 17, tzinfo=OFFICE
    )
