"""Subscriptions to the report of the week: on which day each is sent, once and never twice."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.analysis.models import LONGEST_QUERY, ReportSubscription
from broker_crm.calendar import OFFICE
from broker_crm.people.models import User

AT = time(7)
"""When reports are sent, in the office's time zone."""
WEEK = timedelta(days=7)


class SubscriptionRefused(Exception):
    """The subscription can't be kept so; nothing has changed.

    Attributes:
        code: 'no-weekday' or 'too-long'.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def last_sending(weekday: int, now: datetime) -> date:
    """The last day on which a report was to be sent, up to an instant.

    Args:
        weekday: 0 for Monday.
        now: aware.
    """
    local = now.astimezone(OFFICE)
    day = local.date() - timedelta(days=(local.weekday() - weekday) % 7)
    return day if datetime.combine(day, AT, OFFICE) <= local else day - WEEK


def week_before(day: date) -> date:
    """The Monday of the last whole week before a day."""
    return day - timedelta(days=day.weekday()) - WEEK


def subscription_of(session: Session, login: str) -> ReportSubscription | None:
    return session.get(ReportSubscription, login)


def subscribe(session: Session, login: str, query: str, weekday: int) -> ReportSubscription:
    """Send a person the report from the next such day on; an earlier subscription is replaced.

    Args:
        session: the caller commits.
        login: whom.
        query: filters as in an address, without a period.
        weekday: 0 for Monday.

    Raises:
        SubscriptionRefused: telling why not.
    """
    if not 0 <= weekday <= 6:
        raise SubscriptionRefused("no-weekday")
    if len(query) > LONGEST_QUERY:
        raise SubscriptionRefused("too-long")
    kept = session.get(ReportSubscription, login) or ReportSubscription(owner=login)
    kept.query, kept.weekday = query, weekday
    kept.sent_for = last_sending(weekday, clock.now())
    session.add(kept)
    session.flush()
    return kept


def unsubscribe(session: Session, login: str) -> None:
    """Send the person no more reports; safe to repeat."""
    kept = session.get(ReportSubscription, login)
    if kept is not None:
        session.delete(kept)
        session.flush()


def due(session: Session) -> list[str]:
    """Logins of active people to whom a report is owed; after days of standstill, one."""
    now = clock.now()
    found = session.scalars(
        select(ReportSubscription)
        .join(User, User.login == ReportSubscription.owner)
        .where(User.active.is_(True))
        .order_by(ReportSubscription.owner)
    )
    return [each.owner for each in found if each.sent_for < last_sending(each.weekday, now)]


def claim(session: Session, login: str, day: date) -> bool:
    """Take a sending upon oneself; true for one of those who try.

    Args:
        session: the caller queues the letter in the same transaction, and commits.
        login: whose subscription.
        day: of the sending.
    """
    taken = cast(
        CursorResult[Any],
        session.execute(
            update(ReportSubscription)
            .where(ReportSubscription.owner == login, ReportSubscription.sent_for < day)
            .values(sent_for=day)
            .execution_options(synchronize_session=False)
        ),
    )
    return taken.rowcount == 1
