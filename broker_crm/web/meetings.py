"""A person's meetings, one as a calendar file, and the feed that calendars subscribe to."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm import clock
from broker_crm.crm import calendar_feed, meetings
from broker_crm.crm.models import CalendarFeed, Client, Meeting
from broker_crm.process.rights import may_see_instance
from broker_crm.web import cases, database, times
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import MEETING_STATUS, word

TONES = {"planned": "info", "held": "good", "no-show": "late", "cancelled": "today"}
CALENDAR = "text/calendar; charset=utf-8"

blueprint = Blueprint("meetings", __name__)


@blueprint.get("/meetings")
def listing() -> ResponseReturnValue:
    return _page(None)


@blueprint.post("/meetings/feed")
def renew() -> ResponseReturnValue:
    """The address is in the answer itself: it is shown once."""
    with database.writing() as session:
        secret = calendar_feed.renew(session, person().login)
    database.reread()
    return _page(url_for("meetings.feed", secret=secret, _external=True))


@blueprint.post("/meetings/feed/close")
def close() -> ResponseReturnValue:
    with database.writing() as session:
        calendar_feed.close(session, person().login)
    flash(_("The address of the calendar no longer works."), "good")
    return redirect(url_for("meetings.listing"), 303)


@blueprint.get("/meetings/<uuid:meeting_id>.ics")
def download(meeting_id: UUID) -> ResponseReturnValue:
    session, user = database.current(), person()
    found = meetings.one(session, meeting_id)
    if found is None or not (
        found[0].organiser == user.login or may_see_instance(session, user, found[0].instance_id)
    ):
        raise NotFound
    answer = Response(calendar_feed.calendar([found]), content_type=CALENDAR)
    answer.headers["Content-Disposition"] = "attachment; filename=susitikimas.ics"
    return answer


@blueprint.get("/calendar/<secret>.ics")
def feed(secret: str) -> ResponseReturnValue:
    session = database.current()
    user = calendar_feed.owner(session, secret)
    if user is None:
        raise NotFound
    return Response(calendar_feed.feed(session, user.login), content_type=CALENDAR)


def _page(address: str | None) -> str:
    session, login = database.current(), person().login
    since = clock.now() - meetings.KEPT
    found = meetings.of_person(session, login, since)
    now = clock.now()
    view = {
        "ahead": [_row(*each) for each in found if each[0].starts_at >= now],
        "past": [_row(*each) for each in reversed(found) if each[0].starts_at < now],
        "address": address,
        "has_feed": session.get(CalendarFeed, login) is not None,
    }
    return render_template("meetings.html", view=view)


def _row(meeting: Meeting, client: Client | None, takes_place: bool) -> dict[str, object]:
    status = meeting.status if takes_place or meeting.status == "no-show" else "cancelled"
    titles = cases.titles(database.current(), [meeting.instance_id])
    return {
        "id": meeting.id,
        "instance_id": meeting.instance_id,
        "when": times.day_and_hour(meeting.starts_at),
        "title": titles.get(meeting.instance_id, meeting.title),
        "client": client.name if client else "–",
        "client_id": client.id if client else None,
        "place": meeting.place or "–",
        "status": word(MEETING_STATUS, status),
        "tone": TONES[status],
    }
