"""The complaint register as a supervisor reads it: found, filtered, sorted, counted, compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm.models import Client, Complaint, Policy
from broker_crm.process.calendars import company_calendar
from broker_crm.process.plain_text import plain

SORTS = ("term", "received", "number", "closed")
"""By the day by which the law wants an answer, or newest first by the others."""
SIMILAR = 5
REPEAT_DAYS = 365


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which complaints of the register; None and '' leave a question open."""

    state: str = ""
    """'open', 'late', 'breached', or a status."""
    subject: str = ""
    about: str = ""
    severity: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""
    """Words of number, complainant and description, in any order."""
    sort: str = "term"


@dataclass(frozen=True, slots=True)
class Figures:
    """Answers about complaints; shares are pairs of a number and what it is a part of."""

    open: int
    late: int
    acknowledged_in_time: tuple[int, int]
    answered_in_time: tuple[int, int]
    median_days: float | None
    """Working days from receipt to the answer."""
    upheld: tuple[int, int]
    repeated: tuple[int, int]
    """Complainants who are clients and complained again within twelve months."""
    remedies: Decimal
    to_bank: tuple[int, int]
    """Taken to the Bank of Lithuania, and decided against us."""
    per_thousand: Decimal | None
    """Complaints per thousand policies in force during the period."""


def term() -> ColumnElement[datetime]:
    """The moment by which an answer is due: what the delay letter promised, else the law's term."""
    return case(
        (Complaint.delay_told_at.is_not(None), Complaint.extended_answer_by),
        else_=Complaint.answer_by,
    )


def is_open() -> ColumnElement[bool]:
    """Neither answered nor passed on nor closed."""
    return and_(
        Complaint.answered_at.is_(None),
        Complaint.forwarded_at.is_(None),
        Complaint.closed_at.is_(None),
    )


def is_overdue() -> ColumnElement[bool]:
    """The term passed without an answer: after a delay letter, the day that it named."""
    now = clock.now()
    today = now.astimezone(OFFICE).date()
    late = or_(
        and_(Complaint.delay_told_at.is_(None), Complaint.answer_by < now),
        Complaint.promised_answer_on < today,
        Complaint.extended_answer_by < now,
    )
    return and_(is_open(), late)


def register_of(
    session: Session,
    wanted: Wanted = Wanted(),
    *,
    reader: str = "",
    limit: int = 200,
) -> list[Complaint]:
    """Complaints of the register; never those about the reader.

    Args:
        session: for reading.
        wanted: which, and in what order.
        reader: login of who reads.
        limit: at most so many.
    """
    orders: dict[str, Sequence[Any]] = {
        "term": (~is_open(), term(), Complaint.id),
        "received": (Complaint.received_on.desc(), Complaint.id.desc()),
        "number": (Complaint.register_number.desc(),),
        "closed": (Complaint.closed_at.is_(None), Complaint.closed_at.desc(), Complaint.id.desc()),
    }
    statement = (
        select(Complaint)
        .where(*_conditions(wanted, reader))
        .order_by(*orders.get(wanted.sort, orders["term"]))
        .limit(limit)
    )
    return list(session.scalars(statement))


def precedents(session: Session, complaint: Complaint, *, reader: str) -> list[Complaint]:
    """Decided complaints most like this one: of the same subject, then detail, product, kind of
    complainant and words in common; the newest first among equals.
    """
    words = {word for word in plain(complaint.description).split() if len(word) > 5}
    alike: ColumnElement[Any] = case(
        (Complaint.subject_detail == complaint.subject_detail, 4), else_=0
    )
    alike += case((Complaint.product_id == complaint.product_id, 2), else_=0)
    alike += case((Complaint.consumer == complaint.consumer, 1), else_=0)
    for word in sorted(words, key=len, reverse=True)[:6]:
        alike += case((Complaint.search_text.contains(word[:-2], autoescape=True), 1), else_=0)
    statement = (
        select(Complaint)
        .where(
            Complaint.id != complaint.id,
            Complaint.subject == complaint.subject,
            Complaint.decision.is_not(None),
            Complaint.answered_at.is_not(None),
            Complaint.employee.is_distinct_from(reader),
        )
        .order_by(alike.desc(), Complaint.answered_at.desc(), Complaint.id.desc())
        .limit(SIMILAR)
    )
    return list(session.scalars(statement))


def figures(session: Session, wanted: Wanted, *, reader: str) -> Figures:
    """Count the complaints that are wanted; what was no complaint is left out.

    In time: acknowledged by the end of the fifth working day, answered by the end of the term
    that was in force, the extended one after a delay letter (Bank of Lithuania 03-105).
    """
    found = [
        each
        for each in session.scalars(select(Complaint).where(*_conditions(wanted, reader)))
        if each.status != "not-a-complaint"
    ]
    ours = [each for each in found if each.forwarded_at is None]
    answered = [each for each in ours if each.answered_at is not None]
    decided = [each for each in answered if each.decision]
    now = clock.now()
    calendar = company_calendar(session)
    days = [
        calendar.working_days_between(each.received_on, each.answered_at.astimezone(OFFICE).date())
        for each in answered
        if each.answered_at is not None
    ]
    to_bank = [each for each in ours if each.bank_received_on is not None]
    due = [each for each in ours if each.answered_at is not None or answer_due(each) < now]
    acknowledged = [
        each for each in ours if each.acknowledged_at is not None or each.acknowledge_by < now
    ]
    return Figures(
        open=sum(_waits(each) for each in found),
        late=sum(_waits(each) and answer_due(each) < now for each in found),
        acknowledged_in_time=_share(
            acknowledged, lambda each: bool(each.acknowledged_at) and _acknowledged_in_time(each)
        ),
        answered_in_time=_share(due, _answered_in_time),
        median_days=median(days) if days else None,
        upheld=_share(decided, lambda each: each.decision in ("upheld", "partly", "settled")),
        repeated=_repeated(found),
        remedies=sum((each.remedy_amount or Decimal(0) for each in found), Decimal(0)),
        to_bank=(sum(each.bank_outcome == "against-us" for each in to_bank), len(to_bank)),
        per_thousand=_per_thousand(session, len(found), wanted),
    )


def answer_due(complaint: Complaint) -> datetime:
    """The moment by which an answer is due: the end of the day that the delay letter named, else
    the law's term.
    """
    if complaint.delay_told_at is None:
        return complaint.answer_by
    promised = complaint.promised_answer_on
    if promised is None:
        return complaint.extended_answer_by
    return datetime.combine(promised, complaint.answer_by.astimezone(OFFICE).time(), OFFICE)


def _waits(complaint: Complaint) -> bool:
    return not (complaint.answered_at or complaint.forwarded_at or complaint.closed_at)


def _acknowledged_in_time(complaint: Complaint) -> bool:
    return (
        complaint.acknowledged_at is not None
        and complaint.acknowledged_at <= complaint.acknowledge_by
    )


def _answered_in_time(complaint: Complaint) -> bool:
    return complaint.answered_at is not None and complaint.answered_at <= answer_due(complaint)


def _share(found: list[Complaint], counts: Callable[[Complaint], bool]) -> tuple[int, int]:
    return sum(map(counts, found)), len(found)


def _repeated(found: list[Complaint]) -> tuple[int, int]:
    by_client: dict[int, list[date]] = {}
    for each in found:
        if each.client_id is not None:
            by_client.setdefault(each.client_id, []).append(each.received_on)
    again = 0
    for days in by_client.values():
        days.sort()
        again += any((later - earlier).days <= REPEAT_DAYS for earlier, later in pairwise(days))
    return again, len(by_client)


def _per_thousand(session: Session, number: int, wanted: Wanted) -> Decimal | None:
    today = clock.now().astimezone(OFFICE).date()
    in_force = session.scalar(
        select(func.count())
        .select_from(Policy)
        .where(
            Policy.starts_on <= (wanted.until or today),
            Policy.ends_on >= (wanted.since or today),
        )
    )
    return (Decimal(1000 * number) / in_force).quantize(Decimal("0.1")) if in_force else None


def _conditions(wanted: Wanted, reader: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Complaint.employee.is_distinct_from(reader)]
    special = {
        "open": is_open(),
        "late": is_overdue(),
        "breached": Complaint.breached_at.is_not(None),
    }
    if wanted.state:
        found.append(special.get(wanted.state, Complaint.status == wanted.state))
    for column, value in (
        (Complaint.subject, wanted.subject),
        (Complaint.about, wanted.about),
        (Complaint.severity, wanted.severity),
    ):
        if value:
            found.append(column == value)
    if wanted.since:
        found.append(Complaint.received_on >= wanted.since)
    if wanted.until:
        found.append(Complaint.received_on <= wanted.until)
    for word in plain(wanted.text).split()[:8]:
        client = Client.id == Complaint.client_id
        by_client = (
            select(Client.id).where(client, Client.search_name.contains(word, autoescape=True))
        ).exists()
        found.append(or_(Complaint.search_text.contains(word, autoescape=True), by_client))
    return found
