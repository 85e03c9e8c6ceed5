"""Limits on figures: setting them, which are due for a look, and what a look finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any, cast

from sqlalchemy import CursorResult, func, or_, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.analysis.estimates import SMALL
from broker_crm.analysis.models import LONGEST_QUERY, FigureLimit
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar

MEASURES: Mapping[str, Mapping[str, str]] = {
    "Q1": {"": "count", "contactable": "count", "untouched": "count"},
    "Q2": {"": "share", "mean": "days", "ninth": "days", "longest": "days", "late": "count"},
    "Q3": {"": "share", "reached": "share", "gross": "share"},
    "Q4": {"": "load", "overdue": "count"},
    "Q5": {"": "ratio"},
    "Q6": {"": "days", "ninth": "days", "waiting": "count", "within": "share", "no_show": "share"},
    "Q7": {"": "share"},
    "Q8": {"": "days", "ninth": "days", "within": "share", "waiting": "count"},
    "Q9": {"": "share", "premium_percent": "percent", "commission_points": "points"},
    "Q10": {"": "eur", "realised_gift": "eur"},
    "Q11": {"": "share", "further_share": "share", "refused_share": "share"},
    "Q12": {"": "count", "refused": "count", "share": "share", "commission": "eur"},
    "Q13": {"": "eur"},
    "Q14": {"": "eur"},
}
"""By question, the facts on which limits may be set, with their units; '' is its own figure."""
PERIODS = (7, 30, 90, 365)
"""Days."""
COMPARISONS = ("above", "below")
MOST = 50
"""Limits of one person."""
LARGEST = 1e12
PAUSE = timedelta(hours=1)
"""Office time between two looks."""
USUAL_LEAST = SMALL


@dataclass(frozen=True, slots=True)
class Wanted:
    """A limit as somebody asks for it; the fields are those of the table."""

    days: int
    measure: str
    comparison: str
    bound: float
    least_n: int = USUAL_LEAST


class LimitRefused(Exception):
    """The limit can't be kept so; nothing has changed.

    Attributes:
        code: 'no-measure', 'no-period', 'no-comparison', 'no-bound', 'no-least', 'too-long',
            'too-many', 'not-yours'.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def limits_of(session: Session, login: str) -> list[FigureLimit]:
    """A person's limits, those that are crossed first."""
    found = session.scalars(
        select(FigureLimit).where(FigureLimit.owner == login).order_by(FigureLimit.id)
    )
    return sorted(found, key=lambda limit: limit.crossed_at is None)


def add(session: Session, login: str, question: str, query: str, wanted: Wanted) -> FigureLimit:
    """Set a limit; the first look is at the next sweep.

    Args:
        session: the caller commits.
        login: who is told.
        question: 'Q1' to 'Q14', one that the person may ask.
        query: filters as in an address, without a period.
        wanted: the limit.

    Raises:
        LimitRefused: telling why not.
    """
    _refuse_unfit(question, wanted)
    if len(query) > LONGEST_QUERY:
        raise LimitRefused("too-long")
    there = select(func.count()).where(FigureLimit.owner == login)
    if (session.scalar(there) or 0) >= MOST:
        raise LimitRefused("too-many")
    limit = FigureLimit(owner=login, question=question, query=query, checks=0)
    _take(limit, wanted)
    session.add(limit)
    session.flush()
    return limit


def change(session: Session, login: str, limit_id: int, wanted: Wanted) -> FigureLimit:
    """Change a limit of one's own; it is armed again.

    Raises:
        LimitRefused: telling why not.
    """
    limit = _own(session, login, limit_id)
    _refuse_unfit(limit.question, wanted)
    _take(limit, wanted)
    limit.crossed_at = limit.last_checked_at = limit.last_value = limit.last_n = None
    limit.checks += 1
    session.flush()
    return limit


def delete(session: Session, login: str, limit_id: int) -> None:
    """Take a limit of one's own away.

    Raises:
        LimitRefused: it is not theirs, or there is none.
    """
    session.delete(_own(session, login, limit_id))
    session.flush()


def due(session: Session) -> Sequence[int]:
    """Limits of active people on which nobody has looked for an hour of office time."""
    now = clock.now()
    checked = FigureLimit.last_checked_at
    found = session.execute(
        select(FigureLimit.id, checked)
        .join(User, User.login == FigureLimit.owner)
        .where(User.active.is_(True), or_(checked.is_(None), checked <= now - PAUSE))
        .order_by(FigureLimit.id)
    ).all()
    if not found:
        return []
    calendar = company_calendar(session)
    hour = PAUSE.total_seconds()
    return [each for each, at in found if at is None or calendar.working_seconds(at, now) >= hour]


def note(session: Session, seen: FigureLimit, value: float | None, n: int) -> bool:
    """Write down what a look found; of several looks at once, one counts.

    A sample that is too small changes nothing: the limit stays crossed, or armed, as it was.

    Args:
        session: the caller commits.
        seen: the limit as it was when the figure was reckoned.
        value: of the measure; None where nothing can be told.
        n: how many steps or cases it stands on.

    Returns:
        True for the one look that finds the limit newly crossed.
    """
    now = clock.now()
    enough = value is not None and n >= seen.least_n
    beyond = enough and is_beyond(seen, value or 0.0)
    crossed_at = seen.crossed_at
    if enough:
        crossed_at = (crossed_at or now) if beyond else None
    taken = cast(
        CursorResult[Any],
        session.execute(
            update(FigureLimit)
            .where(FigureLimit.id == seen.id, FigureLimit.checks == seen.checks)
            .values(
                crossed_at=crossed_at,
                last_checked_at=now,
                last_value=value,
                last_n=n,
                checks=seen.checks + 1,
            )
            .execution_options(synchronize_session=False)
        ),
    )
    return taken.rowcount == 1 and beyond and seen.crossed_at is None


def is_beyond(limit: FigureLimit, value: float) -> bool:
    """Is a value on the wrong side of the bound?"""
    return value > limit.bound if limit.comparison == "above" else value < limit.bound


def _take(limit: FigureLimit, wanted: Wanted) -> None:
    limit.days, limit.measure, limit.comparison = wanted.days, wanted.measure, wanted.comparison
    limit.bound, limit.least_n = wanted.bound, wanted.least_n


def _refuse_unfit(question: str, wanted: Wanted) -> None:
    if wanted.measure not in MEASURES[question]:
        raise LimitRefused("no-measure")
    if wanted.days not in PERIODS:
        raise LimitRefused("no-period")
    if wanted.comparison not in COMPARISONS:
        raise LimitRefused("no-comparison")
    if not isfinite(wanted.bound) or abs(wanted.bound) > LARGEST:
        raise LimitRefused("no-bound")
    if not 1 <= wanted.least_n <= 1_000_000:
        raise LimitRefused("no-least")


def _own(session: Session, login: str, limit_id: int) -> FigureLimit:
    limit = session.get(FigureLimit, limit_id, with_for_update=True)
    if limit is None or limit.owner != login:
        raise LimitRefused("not-yours")
    return limit
