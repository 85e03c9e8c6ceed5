"""Invitations to meetings as calendar programs take them (RFC 5546): REQUEST and CANCEL."""

from __future__ import annotations

from datetime import timedelta

from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from broker_crm import clock
from broker_crm.crm.models import Meeting
from broker_crm.people.models import User

PRODUCT = "-//Broker CRM//LT"
REMINDER = timedelta(hours=-1)
FILE_NAME = "susitikimas.ics"


def media_type(method: str) -> str:
    """Of the file beside the letter."""
    return f"text/calendar; method={method}"


def calendar(
    meeting: Meeting, method: str, organiser: User, attendee: str, attendee_name: str, title: str
) -> bytes:
    """One meeting as an invitation, or as its cancellation.

    The UID stays for the meeting's life and SEQUENCE rises with each change, so that calendars move
    or remove what they have.

    Args:
        meeting: with its time, place and sequence.
        method: 'REQUEST' or 'CANCEL'.
        organiser: the salesperson.
        attendee: e-mail address of the client.
        attendee_name: as the calendar shows it.
        title: of the meeting, for the client.
    """
    event = Event()
    event.add("uid", uid(meeting))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", clock.now())
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.starts_at + timedelta(minutes=meeting.minutes))
    event.add("summary", title)
    if meeting.place:
        event.add("location", meeting.place)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("organizer", _person(organiser.email, organiser.name))
    event.add("attendee", _person(attendee, attendee_name, PARTSTAT="NEEDS-ACTION"))
    if method == "REQUEST":
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", REMINDER)
        event.add_component(alarm)
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", method)
    made.add_component(event)
    text: bytes = made.to_ical()
    return text


def uid(meeting: Meeting) -> str:
    """The same in invitations and in the calendar feed."""
    return f"{meeting.id}@broker-crm"


def _person(email: str, name: str, **parameters: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{email}")
    person.params["CN"] = vText(name)
    for key, value in parameters.items():
        person.params[key] = vText(value)
    return person
