"""Meetings that steps plan, move and hold, and what calendars are told of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.crm import calendar_feed, meetings
from broker_crm.crm.cases import start_case
from broker_crm.crm.models import CalendarFeed, Client, Meeting, Product
from broker_crm.definitions.forms import FormRejected
from broker_crm.people.models import User
from broker_crm.process.jobs import Case, CompletedStep
from broker_crm.process.models import ProcessInstance

Did = Callable[..., None]


@pytest.fixture
def case(office: Session) -> ProcessInstance:
    client = office.scalars(
        select(Client).where(Client.kind == "legal").order_by(Client.id)
    ).first()
    product = office.scalars(select(Product).where(Product.key == "liability")).one()
    assert client is not None
    named = {"clientId": client.id, "productId": product.id, "owner": "jonas"}
    return start_case(office, "new-client-sale", named, by="manager").instance


@pytest.fixture
def did(office: Session, case: ProcessInstance) -> Did:
    """Complete a step of the case, as the process does after its form was accepted."""

    def step(name: str, outcome: str | None = None, **values: object) -> None:
        about = Case(
            id=case.id,
            version_id=case.version_id,
            process_key=case.process_key,
            title=case.title,
            client_id=case.client_id,
            product_id=case.product_id,
            owner=case.owner,
        )
        done = CompletedStep(office, about, UUID(int=1), name, name, outcome, None, values, "asta")
        meetings.check(done)
        meetings.keep(done)
        office.flush()

    return step


def all_of(office: Session) -> list[Meeting]:
    return list(office.scalars(select(Meeting).order_by(Meeting.created_at)))


def events(content: bytes) -> list[dict[str, str]]:
    return [
        {name: str(event.get(name)) for name in ("SUMMARY", "STATUS", "SEQUENCE", "LOCATION")}
        | {"DTSTART": event["DTSTART"].dt.isoformat()}
        for event in Calendar.from_ical(content).walk("VEVENT")
    ]


def test_a_planned_meeting_is_in_its_organiser_s_calendar(office: Session, did: Did) -> None:
    did("plan-meeting", meetingAt="2026-11-26T10:00", meetingPlace="office", meetingAddress="2 a.")
    (meeting,) = all_of(office)
    assert (meeting.organiser, meeting.minutes) == ("jonas", 60)
    (event,) = events(calendar_feed.feed(office, "jonas"))
    assert event["DTSTART"] == "2026-11-26T08:00:00+00:00", "ten o'clock in Vilnius"
    assert (event["STATUS"], event["LOCATION"]) == ("CONFIRMED", "Biure, 2 a.")
    assert events(calendar_feed.feed(office, "ruta")) == []


def test_a_moved_meeting_keeps_its_identity_and_raises_its_sequence(
    office: Session, did: Did
) -> None:
    did("plan-meeting", meetingAt="2026-11-26T10:00")
    before = Calendar.from_ical(calendar_feed.feed(office, "jonas")).walk("VEVENT")[0]
    did("plan-meeting", meetingAt="2026-11-27T11:00")
    did("plan-meeting", meetingAt="2026-11-27T11:00")
    (after,) = Calendar.from_ical(calendar_feed.feed(office, "jonas")).walk("VEVENT")
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)


@pytest.mark.parametrize(
    ("outcome", "status"), [("interested-further", "held"), ("no-show", "no-show")]
)
def test_the_step_of_the_meeting_tells_what_came_of_it(
    office: Session, did: Did, outcome: str, status: str
) -> None:
    did("plan-meeting", meetingAt="2026-11-26T10:00")
    did("meeting", outcome)
    (meeting,) = all_of(office)
    assert meeting.status == status


def test_a_missed_negotiation_is_planned_anew(office: Session, did: Did) -> None:
    did("offer-call", "negotiate", negotiationMeetingAt="2026-11-26T10:00")
    did("negotiation", "no-show", negotiationMeetingAt="2026-12-01T10:00")
    assert sorted(each.status for each in all_of(office)) == ["no-show", "planned"]


def test_the_meeting_of_a_cancelled_case_is_cancelled_in_the_calendar(
    office: Session, did: Did, case: ProcessInstance
) -> None:
    did("plan-meeting", meetingAt="2026-11-26T10:00")
    process.cancel(office, case.id, "–", by="manager")
    office.flush()
    (event,) = events(calendar_feed.feed(office, "jonas"))
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", "1")


@pytest.mark.parametrize("told", ["2026-11-22T10:00", "2028-01-01T10:00", "9999-12-31T23:59", "?"])
def test_a_meeting_in_the_past_or_far_away_is_refused(office: Session, did: Did, told: str) -> None:
    with pytest.raises(FormRejected) as refused:
        did("plan-meeting", meetingAt=told)
    assert [error.code for error in refused.value.errors["meetingAt"]] == ["beyondLaw"]
    assert all_of(office) == []


def test_what_was_long_ago_leaves_the_feed(office: Session, did: Did) -> None:
    did("plan-meeting", meetingAt="2026-11-26T10:00")
    with clock.use(clock.SimulatedClock(datetime(2027, 2, 1, 8, tzinfo=UTC))):
        assert events(calendar_feed.feed(office, "jonas")) == []


def test_text_in_a_title_can_t_break_out_of_the_file(office: Session, did: Did) -> None:
    office.add(
        Meeting(
            organiser="jonas",
            title="UAB „Ž“; a,b\r\nEND:VEVENT\nSTATUS:CANCELLED",
            starts_at=clock.now() + timedelta(days=1),
            created_at=clock.now(),
        )
    )
    office.flush()
    (event,) = events(calendar_feed.feed(office, "jonas"))
    assert event["STATUS"] == "CONFIRMED"


def test_a_feed_opens_with_its_newest_secret_only(office: Session) -> None:
    first = calendar_feed.renew(office, "jonas")
    second = calendar_feed.renew(office, "jonas")
    found = calendar_feed.owner(office, second)
    assert found is not None and found.login == "jonas"
    assert calendar_feed.owner(office, first) is None
    feed = office.get_one(CalendarFeed, "jonas")
    assert second not in feed.token_hash, "the secret itself is not kept"
    calendar_feed.close(office, "jonas")
    assert calendar_feed.owner(office, second) is None


def test_the_feed_of_somebody_who_left_is_closed(office: Session) -> None:
    secret = calendar_feed.renew(office, "jonas")
    office.get_one(User, "jonas").active = False
    office.flush()
    assert calendar_feed.owner(office, secret) is None
