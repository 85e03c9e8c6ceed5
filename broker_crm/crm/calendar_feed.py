"""Meetings as calendars read them (RFC 5545), and the secret address of a person's feed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from icalendar import Alarm, Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import meetings
from broker_crm.crm.invitations import PRODUCT, REMINDER, uid
from broker_crm.crm.models import CalendarFeed, Client, Meeting
from broker_crm.people.models import User


def renew(session: Session, login: str) -> str:
    """Make a new secret for a person's feed; the one before stops working.

    Args:
        session: the caller commits.
        login: of the person.

    Returns:
        The secret, which is kept nowhere and can't be shown again.
    """
    secret = secrets.token_urlsafe(32)
    session.merge(CalendarFeed(login=login, token_hash=_hash(secret), created_at=clock.now()))
    session.flush()
    return secret


def close(session: Session, login: str) -> None:
    """Let the address of a person's feed stop working."""
    feed = session.get(CalendarFeed, login)
    if feed is not None:
        session.delete(feed)
        session.flush()


def owner(session: Session, secret: str) -> User | None:
    """Whose feed a secret opens; nobody's when it is unknown or the person left."""
    return session.scalars(
        select(User)
        .join(CalendarFeed, CalendarFeed.login == User.login)
        .where(CalendarFeed.token_hash == _hash(secret), User.active.is_(True))
    ).first()


def feed(session: Session, login: str) -> bytes:
    """All of a person's meetings that are ahead, and those of the last weeks."""
    since = clock.now() - meetings.KEPT
    return calendar(meetings.of_person(session, login, since))


def calendar(found: Iterable[tuple[Meeting, Client | None, bool]]) -> bytes:
    """Meetings as one iCalendar file.

    Args:
        found: each with its client, and whether it takes place.
    """
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    for meeting, client, takes_place in found:
        made.add_component(_event(meeting, client, takes_place=takes_place))
    text: bytes = made.to_ical()
    return text


def _event(meeting: Meeting, client: Client | None, *, takes_place: bool) -> Event:
    event = Event()
    event.add("uid", uid(meeting))
    ended = takes_place or meeting.status != "planned"
    event.add("sequence", meeting.sequence if ended else meeting.sequence + 1)
    event.add("dtstamp", clock.now())
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.starts_at + timedelta(minutes=meeting.minutes))
    event.add("summary", meeting.title)
    event.add("status", "CONFIRMED" if takes_place else "CANCELLED")
    if meeting.place:
        event.add("location", meeting.place)
    if client is not None and client.phone:
        event.add("description", client.phone)
    if takes_place and meeting.status == "planned":
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", meeting.title)
        alarm.add("trigger", REMINDER)
        event.add_component(alarm)
    return event


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
