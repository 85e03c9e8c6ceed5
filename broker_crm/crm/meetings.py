"""Meetings with clients: planned, moved, held or missed, as steps of cases tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm.models import Client, Meeting
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.engine.instants import instant
from broker_crm.process import available_time, jobs
from broker_crm.process.available_time import Engagement
from broker_crm.process.jobs import CompletedStep
from broker_crm.process.models import InstanceStatus, ProcessInstance

TIMES = ("meetingAt", "negotiationMeetingAt")
"""Fields in which people write when they meet the client."""
MEETING_STEPS = frozenset({"meeting", "negotiation"})
NO_SHOW = "no-show"
MINUTES = {"natural": 45}
"""Length by kind of client; an hour for the others."""
FARTHEST = timedelta(days=366)
KEPT = timedelta(days=60)
"""How long a meeting stays in the calendar feed after it took place."""


def register_all() -> None:
    """Let completed steps keep the calendar; safe to repeat."""
    jobs.before_completion(check)
    jobs.after_completion(keep)
    available_time.count_as_taken(planned)


def planned(session: Session, people: Collection[str], since: datetime) -> Iterator[Engagement]:
    """Meetings that are still to take place, as time that their organisers do not have."""
    wanted = select(Meeting.organiser, Meeting.starts_at, Meeting.minutes).where(
        Meeting.organiser.in_(people), Meeting.starts_at >= since, Meeting.status == "planned"
    )
    for row in session.execute(wanted):
        yield Engagement(row.organiser, row.starts_at, row.minutes)


def check(step: CompletedStep) -> None:
    """Refuse a meeting in the past, or more than a year away.

    Raises:
        FormRejected: naming the field.
    """
    for field in TIMES:
        told = step.values.get(field)
        if told is None:
            continue
        today = clock.now().astimezone(OFFICE).date()
        last = today + FARTHEST
        try:
            fits = today <= instant(told).astimezone(OFFICE).date() <= last
        except ValueError:
            fits = False
        if not fits:
            raise FormRejected({field: [FieldError("beyondLaw", {"limit": last.isoformat()})]})


def keep(step: CompletedStep) -> None:
    """Plan, move or end the meeting of a case."""
    session, case = step.session, step.case
    planned = session.scalars(
        select(Meeting)
        .where(Meeting.instance_id == case.id, Meeting.status == "planned")
        .order_by(Meeting.created_at.desc())
    ).first()
    told = case.client_id if any(step.values.get(field) for field in TIMES) else None
    client = session.get(Client, told) if told else None
    planned = follow(planned, step, client.kind if client else "")
    if planned is not None:
        session.add(planned)


def follow(planned: Meeting | None, step: CompletedStep, kind: str) -> Meeting | None:
    """Plan, move or end a meeting by a completed step.

    Args:
        planned: the meeting of the case that is yet to be.
        step: just completed.
        kind: of the client.

    Returns:
        The meeting that is planned after the step.
    """
    if planned is not None and step.step in MEETING_STEPS:
        planned.status = NO_SHOW if step.outcome == NO_SHOW else "held"
        planned.task_id = step.task_id
        planned.sequence += 1
        planned = None
    told = next((step.values[field] for field in TIMES if step.values.get(field)), None)
    if told is None:
        return planned
    starts_at, place = instant(told), _place(step)
    if planned is not None:
        if (planned.starts_at, planned.place) != (starts_at, place):
            planned.starts_at, planned.place = starts_at, place
            planned.sequence += 1
        return planned
    return Meeting(
        client_id=step.case.client_id,
        instance_id=step.case.id,
        organiser=step.case.owner or step.by,
        title=step.case.title[:300],
        starts_at=starts_at,
        minutes=MINUTES.get(kind, 60),
        place=place,
        status="planned",
        sequence=0,
        created_at=clock.now(),
    )


def of_person(
    session: Session, login: str, since: datetime
) -> Sequence[tuple[Meeting, Client | None, bool]]:
    """Meetings of one organiser in order of time.

    Args:
        session: for reading.
        login: of the organiser.
        since: earlier meetings are left out.

    Returns:
        Each with its client, and whether it takes place: a planned meeting of a case that ended
        does not.
    """
    rows = session.execute(
        select(Meeting, Client, ProcessInstance.status)
        .outerjoin(Client, Client.id == Meeting.client_id)
        .outerjoin(ProcessInstance, ProcessInstance.id == Meeting.instance_id)
        .where(Meeting.organiser == login, Meeting.starts_at >= since)
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return [(meeting, client, takes_place(meeting, status)) for meeting, client, status in rows]


def one(session: Session, meeting_id: UUID) -> tuple[Meeting, Client | None, bool] | None:
    """One meeting with its client, and whether it takes place."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        return None
    client = session.get(Client, meeting.client_id) if meeting.client_id else None
    case = session.get(ProcessInstance, meeting.instance_id) if meeting.instance_id else None
    return meeting, client, takes_place(meeting, case.status if case else None)


def takes_place(meeting: Meeting, case_status: str | None) -> bool:
    """False for a cancelled meeting, and for one whose case ended before it was held."""
    if meeting.status != "planned":
        return meeting.status == "held"
    return case_status in (None, InstanceStatus.ACTIVE)


def _place(step: CompletedStep) -> str:
    words = {"office": "Biure", "client": "Pas klientą", "remote": "Vaizdo skambutis"}
    parts = (words.get(str(step.values.get("meetingPlace"))), step.values.get("meetingAddress"))
    return ", ".join(str(part) for part in parts if part)[:300]
