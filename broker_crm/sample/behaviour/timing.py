"""When sample people do a task, and how long it takes them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from broker_crm.calendar import OFFICE, WorkingCalendar
from broker_crm.engine.transition import CreatedTask
from broker_crm.sample.behaviour.case import SampleCase
from broker_crm.sample.staff import BY_LOGIN, stand_in

CALLS = frozenset({"first-call", "offer-call", "renewal-call"})
MEETINGS = frozenset({"meeting", "negotiation"})
APPROVALS = frozenset({"offer-approval", "contract-approval"})
SLOW_PRODUCT = "property"
"""Whose manager takes days for an approval."""
SLOW_INSURER = 0.16
"""Share of the renewals whose insurer answers so late that the offer comes in the last days."""
LAST_DAYS = (10, 17)
OVERLOADED_TEAM, OVERLOADED_MONTH = "kaunas", 12
OVERLOAD_DAYS = 2.0
NIGHT_ENDS = 7
OPENING = 0.7
"""Share of the offers that clients open by the link."""


def acts_at(
    case: SampleCase, task: CreatedTask, created: datetime, calendar: WorkingCalendar
) -> datetime:
    """When the person completes the task, in office hours and UTC.

    The wait is gamma distributed (shape 1.8, mean half the standard). Planted: the slow caller,
    the slow approval of property insurance, the overloaded team in December, slow insurers.
    """
    chance = case.chance("when", task.step, task.loop_number, _place(task))
    if task.step in MEETINGS and task.due_at is not None:
        held = task.due_at + timedelta(minutes=chance.randint(20, 110))
        return max(held, created + timedelta(minutes=30))
    who = BY_LOGIN[task.assignee or stand_in(task.candidate_group, case.owner)]
    standard = task.standards.working_days or 1.0
    days = chance.gammavariate(1.8, 0.28 * standard) * who.delay
    if task.step in CALLS:
        days += who.call_delay_days * chance.uniform(0.7, 1.3)
    if task.step in APPROVALS and case.product == SLOW_PRODUCT:
        days = chance.gammavariate(4, 0.85)
    overloaded = who.team == OVERLOADED_TEAM and "salesperson" in who.roles
    if overloaded and calendar.local_day(created).month == OVERLOADED_MONTH:
        days += OVERLOAD_DAYS * chance.uniform(0.5, 1.5)
    at = _office_time(created, days, chance, calendar)
    ends = case.traits.get("endsOn")
    slow = task.step == "incumbent-terms" and case.chance("insurer").random() < SLOW_INSURER
    if slow and isinstance(ends, str):
        answer = date.fromisoformat(ends) - timedelta(days=chance.randint(*LAST_DAYS))
        day = calendar.add_working_days(answer, 0)
        at = max(at, datetime.combine(day, time(10, 30), calendar.zone).astimezone(at.tzinfo))
    return at


def takes_minutes(case: SampleCase, task: CreatedTask) -> float:
    """Working minutes on the task itself: the standard times lognormal(0, 0.35)."""
    chance = case.chance("minutes", task.step, task.loop_number, _place(task))
    return round((task.standards.minutes or 5.0) * chance.lognormvariate(0, 0.35), 1)


def opens_at(case: SampleCase, task: CreatedTask, sent: datetime) -> datetime | None:
    """When the client opens the offer that a step sent; None for the three in ten who don't."""
    chance = case.chance("opened", task.step, task.loop_number)
    if chance.random() >= OPENING:
        return None
    at = sent + timedelta(hours=chance.uniform(0.3, 20))
    hour = at.astimezone(OFFICE).hour
    return at + timedelta(hours=NIGHT_ENDS - hour) if hour < NIGHT_ENDS else at


def _place(task: CreatedTask) -> str:
    insurer = task.local_variables.get("insurer")
    return str(insurer.get("name")) if isinstance(insurer, dict) else ""


def _office_time(
    start: datetime, days: float, chance: Random, calendar: WorkingCalendar
) -> datetime:
    local = start.astimezone(calendar.zone)
    day = calendar.add_working_days(local.date(), int(days))
    minute = chance.randint(5, 400)
    moment = datetime(day.year, day.month, day.day, 9, tzinfo=calendar.zone)
    moment += timedelta(minutes=minute)
    if moment <= local:
        moment = local + timedelta(minutes=chance.randint(5, 90))
    if moment.hour >= 17:
        day = calendar.add_working_days(moment.date(), 1)
        moment = datetime(day.year, day.month, day.day, 9, tzinfo=calendar.zone)
        moment += timedelta(minutes=chance.randint(5, 120))
    return moment.astimezone(start.tzinfo)
