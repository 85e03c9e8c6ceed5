"""How long records are kept, why a client's data can't be erased yet, and what is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm import audit
from broker_crm.crm.models import (
    Claim,
    Client,
    Complaint,
    Consent,
    Contract,
    Interaction,
    Offer,
    Policy,
    PolicyStatus,
    RetentionPeriod,
)
from broker_crm.crm.policies import today
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.outreach.models import Letter, OutboxEntry, OutboxState
from broker_crm.process.models import InstanceStatus, ProcessInstance, TaskStatus, UserTask

LONGEST = 100
"""Years."""
KYC = "kyc"
"""The step that establishes who the client is, as the law on money laundering asks."""
ON_ITS_WAY = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Keep:
    """A reason why a client's data is kept."""

    code: str
    """'open-case', 'policy-in-force', 'open-complaint', 'open-claim', 'letter-on-its-way',
    'open-request', or a retention class."""
    until: date | None = None
    """The first day on which the reason is gone, where it is known."""
    number: int = 1


@dataclass(frozen=True, slots=True)
class Due:
    """A record that need not be kept any longer."""

    kind: str
    """'client', 'case', 'complaint' or 'consent'."""
    key: str
    client_id: int | None
    retention_class: str
    over_on: date


def periods(session: Session) -> dict[str, RetentionPeriod]:
    """The table of retention periods by record class."""
    found = session.scalars(select(RetentionPeriod).order_by(RetentionPeriod.key))
    return {period.key: period for period in found}


def change_period(
    session: Session, key: str, years: int | None, source: str, *, by_law: bool, by: str
) -> None:
    """Change how long records of a class are kept.

    Args:
        session: the caller commits.
        key: of the class.
        years: from 1 to 100.
        source: what the period rests on.
        by_law: whether records are kept even when the person asks for erasure.
        by: login.

    Raises:
        FormRejected: naming the field.
        LookupError: there is no such class.
    """
    period = session.get(RetentionPeriod, key, with_for_update=True)
    if period is None:
        raise LookupError(key)
    if years is None:
        raise FormRejected({"years": [FieldError("required")]})
    if not 1 <= years <= LONGEST:
        code, limit = ("min", 1) if years < 1 else ("max", LONGEST)
        raise FormRejected({"years": [FieldError(code, {code: limit})]})
    if not source.strip():
        raise FormRejected({"source": [FieldError("required")]})
    before = period.years
    period.years, period.source, period.by_law = years, source.strip()[:300], by_law
    period.changed_at, period.changed_by = clock.now(), by
    audit.note(session, "retention-changed", None, by=by, key=key, before=before, after=years)


def reasons_to_keep(session: Session, client_id: int, *, by_law_only: bool) -> list[Keep]:
    """Why the data of a client and its earlier duplicates can't be erased today.

    Args:
        session: only read.
        client_id: the client.
        by_law_only: for a person's own request: only what law and claims require; else also the
            brokerage's own terms.
    """
    ids = of_client(session, client_id)
    found = [each for each in _open(session, ids) if each.number]
    known = periods(session)
    for key, ended in _ended(session, ids):
        period = known.get(key)
        if period is None or (by_law_only and not period.by_law):
            continue
        until = years_after(ended, period.years)
        if until > today():
            found.append(Keep(key, until))
    return found


def due(session: Session, limit: int = 200) -> list[Due]:
    """Records whose term is over, a bounded number of each kind; only read."""
    known = periods(session)
    return [
        *_due_clients(session, known, limit),
        *_due_cases(session, known, limit),
        *_due_complaints(session, known, limit),
        *_due_consents(session, known, limit),
    ]


def years_after(day: date, years: int) -> date:
    """The same day of a later year; the 29th of February becomes the 1st of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def of_client(session: Session, client_id: int) -> list[int]:
    """The client and the duplicates that were merged into it."""
    merged = session.scalars(select(Client.id).where(Client.merged_into == client_id))
    return [client_id, *merged]


def _open(session: Session, ids: list[int]) -> Iterator[Keep]:
    def number(condition: ColumnElement[bool], *more: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).where(condition, *more)) or 0

    yield Keep(
        "open-case",
        None,
        number(ProcessInstance.client_id.in_(ids), ProcessInstance.status == InstanceStatus.ACTIVE),
    )
    in_force = (
        Policy.client_id.in_(ids),
        Policy.status == PolicyStatus.ACTIVE,
        Policy.ends_on >= today(),
    )
    last = session.scalar(select(func.max(Policy.ends_on)).where(*in_force))
    yield Keep("policy-in-force", last, number(*in_force))
    yield Keep(
        "open-complaint", None, number(Complaint.client_id.in_(ids), Complaint.closed_at.is_(None))
    )
    yield Keep("open-claim", None, number(Claim.client_id.in_(ids), Claim.closed_on.is_(None)))
    waiting = exists().where(OutboxEntry.letter_id == Letter.id, OutboxEntry.state.in_(ON_ITS_WAY))
    yield Keep("letter-on-its-way", None, number(Letter.client_id.in_(ids), waiting))


def _ended(session: Session, ids: list[int]) -> Iterator[tuple[str, date]]:
    """Retention classes of the client's records, with the latest day their years count from."""
    policy = session.scalar(select(func.max(Policy.ends_on)).where(Policy.client_id.in_(ids)))
    if policy is not None:
        yield "contract", policy
    closed = session.scalar(select(func.max(Claim.closed_on)).where(Claim.client_id.in_(ids)))
    if closed is not None:
        yield "claim", closed
    identified = select(func.max(UserTask.completed_at)).where(
        UserTask.client_id.in_(ids),
        UserTask.step == KYC,
        UserTask.status == TaskStatus.COMPLETED,
    )
    if (known := session.scalar(identified)) is not None:
        yield "kyc", max(filter(None, (policy, _day(known))))
    for key, column, own in (
        ("complaint", Complaint.closed_at, Complaint.client_id),
        ("unsuccessful-offer", Offer.prepared_at, Offer.client_id),
        ("consent", Consent.withdrawn_at, Consent.client_id),
        ("client", Interaction.at, Interaction.client_id),
        ("client", ProcessInstance.ended_at, ProcessInstance.client_id),
        ("client", Client.created_at, Client.id),
    ):
        moment = session.scalar(select(func.max(column)).where(own.in_(ids)))
        if moment is not None:
            yield key, _day(moment)


def _day(moment: datetime) -> date:
    return moment.astimezone(OFFICE).date()


def _before(years: int) -> datetime:
    day = today()
    return (
        clock.now().replace(year=day.year - years)
        if (day.month, day.day) != (2, 29)
        else (clock.now().replace(year=day.year - years, day=28))
    )


def _due_clients(session: Session, known: dict[str, RetentionPeriod], limit: int) -> Iterator[Due]:
    period = known.get("client")
    if period is None:
        return
    before = _before(period.years)
    active = exists().where(
        ProcessInstance.client_id == Client.id,
        or_(ProcessInstance.ended_at.is_(None), ProcessInstance.ended_at >= before),
    )
    insured = exists().where(Policy.client_id == Client.id, Policy.ends_on >= before.date())
    spoken = exists().where(Interaction.client_id == Client.id, Interaction.at >= before)
    valid = exists().where(
        Consent.client_id == Client.id,
        Consent.given_at >= before,
    )
    candidates = session.scalars(
        select(Client.id)
        .where(
            Client.erased_at.is_(None),
            Client.merged_into.is_(None),
            Client.created_at < before,
            ~active,
            ~insured,
            ~spoken,
            ~valid,
        )
        .order_by(Client.created_at)
        .limit(limit)
    ).all()
    for client_id in candidates:
        if reasons_to_keep(session, client_id, by_law_only=False):
            continue
        ends = [
            years_after(ended, known[key].years)
            for key, ended in _ended(session, of_client(session, client_id))
            if key in known
        ]
        yield Due("client", str(client_id), client_id, "client", max(ends, default=today()))


def _due_cases(session: Session, known: dict[str, RetentionPeriod], limit: int) -> Iterator[Due]:
    """Sales that came to nothing: ended, with an offer, without contract or policy."""
    period = known.get("unsuccessful-offer")
    if period is None:
        return
    made = exists().where(Offer.instance_id == ProcessInstance.id)
    bound = or_(
        exists().where(Contract.instance_id == ProcessInstance.id),
        exists().where(Policy.instance_id == ProcessInstance.id),
    )
    found = session.execute(
        select(ProcessInstance.id, ProcessInstance.client_id, ProcessInstance.ended_at)
        .where(
            ProcessInstance.ended_at < _before(period.years),
            ~ProcessInstance.title.like("%· [%]"),
            made,
            ~bound,
        )
        .order_by(ProcessInstance.ended_at)
        .limit(limit)
    )
    for case_id, client_id, ended in found:
        assert ended is not None
        over = years_after(_day(ended), period.years)
        yield Due("case", str(case_id), client_id, "unsuccessful-offer", over)


def _due_complaints(
    session: Session, known: dict[str, RetentionPeriod], limit: int
) -> Iterator[Due]:
    period = known.get("complaint")
    if period is None:
        return
    running = exists().where(
        ProcessInstance.id == Complaint.instance_id,
        ProcessInstance.status == InstanceStatus.ACTIVE,
    )
    found = session.scalars(
        select(Complaint)
        .where(Complaint.closed_at < _before(period.years), Complaint.complainant != "", ~running)
        .order_by(Complaint.closed_at)
        .limit(limit)
    )
    for each in found:
        assert each.closed_at is not None
        over = years_after(_day(each.closed_at), period.years)
        yield Due("complaint", str(each.id), each.client_id, "complaint", over)


def _due_consents(session: Session, known: dict[str, RetentionPeriod], limit: int) -> Iterator[Due]:
    period = known.get("consent")
    if period is None:
        return
    found = session.scalars(
        select(Consent)
        .where(Consent.withdrawn_at < _before(period.years))
        .order_by(Consent.withdrawn_at)
        .limit(limit)
    )
    for each in found:
        assert each.withdrawn_at is not None
        over = years_after(_day(each.withdrawn_at), period.years)
        yield Due("consent", str(each.id), each.client_id, "consent", over)
