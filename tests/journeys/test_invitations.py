"""Meetings that clients are invited to: the calendar file, its changes, the reminder, the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import select

from broker_crm import process
from broker_crm.crm.models import Client, Meeting
from broker_crm.definitions.forms import FormRejected
from broker_crm.engine.errors import RuleFailed
from broker_crm.outreach import invitations
from broker_crm.outreach.message import serialised
from broker_crm.outreach.models import Letter, LetterAttachment
from broker_crm.people.models import User
from tests.journeys.walk import Walk

ADDRESS = {"letterLanguage": "lt", "recipientEmail": "info@klientas.example"}


@pytest.fixture
def furnished_url(furnished_sqlite_url: str) -> str:
    return furnished_sqlite_url


def to_plan(brokerage: Any) -> Walk:
    chosen = {"clientId": brokerage.client_id, "productId": brokerage.product_id}
    walk = Walk.begin(brokerage, "new-client-sale", **chosen)
    walk.do("intro-letter", introLetterOutcome="send", **ADDRESS)
    return walk.do("first-call", firstCallOutcome="interested")


def invited(brokerage: Any) -> list[tuple[str, str, int, str]]:
    """Letters with calendar files: template, method, sequence, UID."""
    with brokerage.factory() as session:
        rows = session.execute(
            select(Letter, LetterAttachment)
            .join(LetterAttachment, LetterAttachment.letter_id == Letter.id)
            .where(LetterAttachment.file_name == "susitikimas.ics")
            .order_by(Letter.created_at, Letter.id)
        ).all()
    found = []
    for letter, file in rows:
        calendar = Calendar.from_ical(file.content)
        (event,) = calendar.walk("VEVENT")
        assert file.media_type == f"text/calendar; method={calendar['METHOD']}"
        assert str(event["ATTENDEE"]).startswith("mailto:")
        row = (
            letter.template_key,
            str(calendar["METHOD"]),
            int(event["SEQUENCE"]),
            str(event["UID"]),
        )
        found.append(row)
    return found


def test_an_invited_client_is_reminded_once_and_told_when_the_meeting_is_off(
    brokerage: Any,
) -> None:
    walk = to_plan(brokerage)
    walk.do("plan-meeting", meetingAt="2026-11-26T10:00", meetingPlace="office", inviteClient=True)
    (invitation,) = invited(brokerage)
    assert invitation[:3] == ("meeting-invitation", "REQUEST", 0)
    with brokerage.factory() as session:
        letter = session.scalars(
            select(Letter).where(Letter.template_key == "meeting-invitation")
        ).one()
        files = session.scalars(select(LetterAttachment)).all()
        raw = serialised(letter, files, "<x@y.example>", None)
    assert b'text/calendar; method="REQUEST"' in raw or b"text/calendar; method=REQUEST" in raw
    assert "mūsų biure" in letter.body
    walk.wait(hours=60)
    assert walk.letters.count("meeting-reminder") == 1
    brokerage.clock.advance(-timedelta(hours=24))
    with brokerage.factory.begin() as session:
        process.cancel(session, walk.id, by="manager", reason="nebereikia")
    for _sweep in range(2):
        invitations.cancel_overtaken(brokerage.factory)
    assert [each[:2] for each in invited(brokerage)] == [
        ("meeting-invitation", "REQUEST"),
        ("meeting-cancellation", "CANCEL"),
    ]
    first, last = invited(brokerage)
    assert first[3] == last[3] and last[2] > first[2]


def test_without_the_wish_nobody_is_invited_and_nobody_reminded(brokerage: Any) -> None:
    walk = to_plan(brokerage)
    walk.do("plan-meeting", meetingAt="2026-11-26T10:00", meetingPlace="office")
    walk.wait(hours=60)
    assert invited(brokerage) == [] and "meeting-reminder" not in walk.letters


@pytest.mark.parametrize(
    ("change", "code"),
    [({"do_not_contact": True}, "doNotContact"), ({"email": None}, "noAddress")],
)
def test_whom_no_letter_may_reach_is_not_invited(
    brokerage: Any, change: dict[str, Any], code: str
) -> None:
    walk = to_plan(brokerage)
    with brokerage.factory.begin() as session:
        client = session.get_one(Client, brokerage.client_id)
        for name, value in change.items():
            setattr(client, name, value)
        for contact in client.contacts if code == "noAddress" else ():
            contact.email = None
    with pytest.raises(FormRejected) as refused:
        walk.do(
            "plan-meeting", meetingAt="2026-11-26T10:00", meetingPlace="office", inviteClient=True
        )
    assert [each.code for each in refused.value.errors["inviteClient"]] == [code]
    assert walk.open == ["plan-meeting"]
    with brokerage.factory() as session:
        assert session.scalars(select(Meeting)).all() == []


def test_an_invitation_with_an_empty_field_stops_the_step_and_names_the_field(
    brokerage: Any,
) -> None:
    walk = to_plan(brokerage)
    with brokerage.factory.begin() as session:
        session.get_one(User, brokerage.owner).name = " "
    with pytest.raises(RuleFailed, match=r"salesperson\.name"):
        walk.do(
            "plan-meeting", meetingAt="2026-11-26T10:00", meetingPlace="office", inviteClient=True
        )
    assert walk.open == ["plan-meeting"] and invited(brokerage) == []
