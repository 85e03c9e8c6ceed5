"""The register of persons' requests about their data, with the clock of one month."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import audit, erasure
from broker_crm.crm.models import Client, DataRequest
from broker_crm.crm.permissions import withdraw
from broker_crm.crm.policies import today
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.process.errors import CommandRefused

KINDS = ("access", "portability", "rectification", "erasure", "restriction", "objection")
CHANNELS = ("email", "letter", "phone", "visit", "web")
TERM = 1
"""Months from receipt (GDPR, article 12.3)."""
EXTENSION = 2
"""Months more, for complex or many requests, when the person is told why within the first."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A request as it is written into the register."""

    kind: str
    requester: str
    channel: str
    received_on: date
    client_id: int | None = None
    identified_by: str = ""
    text: str = ""


class RequestClosed(CommandRefused):
    """The request was decided already."""

    code = "request-closed"


def register(session: Session, registration: Registration, *, by: str) -> DataRequest:
    """Write a request into the register; its clock runs from the day of receipt.

    Args:
        session: the caller commits.
        registration: what is known.
        by: login.

    Raises:
        FormRejected: naming the fields.
    """
    wrong: dict[str, list[FieldError]] = {}
    if registration.kind not in KINDS:
        wrong["kind"] = [FieldError("option")]
    if registration.channel not in CHANNELS:
        wrong["channel"] = [FieldError("option")]
    if not registration.requester.strip():
        wrong["requester"] = [FieldError("required")]
    if registration.received_on > today():
        wrong["received_on"] = [FieldError("inFuture")]
    if wrong:
        raise FormRejected(wrong)
    request = DataRequest(
        client_id=registration.client_id,
        kind=registration.kind,
        requester=registration.requester.strip(),
        channel=registration.channel,
        identified_by=registration.identified_by.strip(),
        text=registration.text.strip(),
        received_on=registration.received_on,
        due_on=months_after(registration.received_on, TERM),
        registered_at=clock.now(),
        registered_by=by,
    )
    session.add(request)
    session.flush()
    audit.note(session, "request-registered", request.client_id, by=by, request=request.id)
    return request


def extend(session: Session, request_id: int, reason: str, *, by: str) -> None:
    """Make the term two months longer, once, within the first month.

    Raises:
        FormRejected: without a reason, for a second time, or when the month is over.
        RequestClosed: it was decided already.
    """
    request = _open(session, request_id)
    if not reason.strip():
        raise FormRejected({"reason": [FieldError("required")]})
    if request.extended_reason is not None or today() > request.due_on:
        raise FormRejected({"reason": [FieldError("notExtended")]})
    request.extended_reason = reason.strip()
    request.due_on = months_after(request.received_on, TERM + EXTENSION)
    session.flush()
    audit.note(session, "request-extended", request.client_id, by=by, request=request.id)


def decide(
    session: Session, request_id: int, answer: str, *, granted: bool, by: str
) -> DataRequest:
    """Close a request, and do what it asks for: erase, restrict, or stop offers.

    Args:
        session: the caller commits.
        request_id: of the register.
        answer: what was done, or why it is refused; told to the person.
        granted: whether the request is met.
        by: login.

    Raises:
        FormRejected: naming the field.
        RequestClosed: it was decided already.
        ErasureRefused: law or claims require the data to be kept.
    """
    request = _open(session, request_id)
    if not answer.strip():
        raise FormRejected({"answer": [FieldError("required")]})
    request.state = "done" if granted else "refused"
    request.answer = answer.strip()
    request.decided_at, request.decided_by = clock.now(), by
    session.flush()
    audit.note(
        session,
        "request-decided",
        request.client_id,
        by=by,
        request=request.id,
        kind=request.kind,
        granted=granted,
    )
    if granted and request.client_id is not None:
        client = session.get_one(Client, request.client_id)
        if request.kind == "erasure":
            erasure.erase_client(session, client.id, by=by, asked=True)
        elif request.kind == "restriction":
            restrict(session, client, request.answer, by=by)
        elif request.kind == "objection":
            withdraw(session, client, by=by, evidence=f"#{request.id}")
    return request


def restrict(session: Session, client: Client, reason: str, *, by: str) -> None:
    """Only keep the data: no offers, no campaigns, no signals to sell (GDPR, article 18).

    Raises:
        FormRejected: without a reason.
    """
    if not reason.strip():
        raise FormRejected({"reason": [FieldError("required")]})
    if client.restricted_at is None:
        client.restricted_at, client.restricted_reason = clock.now(), reason.strip()[:300]
        audit.note(session, "restricted", client.id, by=by)


def lift_restriction(session: Session, client: Client, *, by: str) -> None:
    """Use the data again as before."""
    if client.restricted_at is not None:
        client.restricted_at = client.restricted_reason = None
        audit.note(session, "restriction-lifted", client.id, by=by)


def register_of(session: Session, state: str | None = None, limit: int = 200) -> list[DataRequest]:
    """The register, what is due first at the top; open ones before decided ones."""
    found = select(DataRequest).order_by(
        DataRequest.decided_at.is_not(None), DataRequest.due_on, DataRequest.id
    )
    if state == "overdue":
        found = found.where(is_overdue())
    elif state:
        found = found.where(DataRequest.state == state)
    return list(session.scalars(found.limit(limit)))


def counts(session: Session) -> dict[str, int]:
    """How many are open, and how many past their term."""
    opened = select(func.count()).where(DataRequest.state == "open")
    overdue = select(func.count()).where(is_overdue())
    return {"open": session.scalar(opened) or 0, "overdue": session.scalar(overdue) or 0}


def is_overdue() -> ColumnElement[bool]:
    return and_(DataRequest.state == "open", DataRequest.due_on < today())


def months_after(day: date, months: int) -> date:
    """The same day some months later; the last day of a month that is too short."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _open(session: Session, request_id: int) -> DataRequest:
    request = session.get_one(DataRequest, request_id, with_for_update=True, populate_existing=True)
    if request.state != "open":
        raise RequestClosed
    return request
