"""Letters, their outbox and their history: one to one, and the doubtful known to somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from broker_crm.engine.transition import EventKind
from broker_crm.integrity.invariant import holds
from broker_crm.outreach.deliver import NO_PERMISSION
from broker_crm.outreach.models import Letter, OutboxEntry, OutboxState
from broker_crm.process.models import Incident, ProcessEvent

LETTER_OF_EVENT = ProcessEvent.value["letter"].as_string()
LETTER_OF_INCIDENT = Incident.command["letter"].as_string()


@holds("A letter has its place in the outbox")
def letters_are_in_the_outbox(session: Session) -> Iterator[tuple[str, str]]:
    for letter_id in session.scalars(_outbox(OutboxEntry.letter_id.is_(None))):
        yield f"letter {letter_id}", "it is not in the outbox"
    strays = (
        select(OutboxEntry.letter_id)
        .outerjoin(Letter, Letter.id == OutboxEntry.letter_id)
        .where(Letter.id.is_(None))
    )
    for letter_id in session.scalars(strays):
        yield f"letter {letter_id}", "it is in the outbox, but there is no such letter"


@holds("A letter of a case was queued once")
def queued_once(session: Session) -> Iterator[tuple[str, str]]:
    yield from _told(session, EventKind.LETTER_QUEUED, Letter.instance_id.is_not(None))


@holds("A sent letter has one event of its sending, another none")
def sent_once(session: Session) -> Iterator[tuple[str, str]]:
    sent = and_(Letter.instance_id.is_not(None), OutboxEntry.state == OutboxState.SENT)
    yield from _told(session, EventKind.LETTER_SENT, sent)


@holds("A letter is in a known state, with what belongs to it")
def states_are_complete(session: Session) -> Iterator[tuple[str, str]]:
    state = OutboxEntry.state
    sending = state == OutboxState.SENDING
    wrong = select(OutboxEntry.letter_id, state).where(
        or_(
            state.not_in(list(OutboxState)),
            (state == OutboxState.SENT) != OutboxEntry.sent_at.is_not(None),
            and_(sending, OutboxEntry.lease_token.is_(None)),
            and_(sending, OutboxEntry.lease_until.is_(None)),
        )
    )
    for letter_id, found in session.execute(wrong):
        yield f"letter {letter_id}", f"it is {found}"


@holds("A Message-ID is made from its letter's id")
def message_ids_are_stable(session: Session) -> Iterator[tuple[str, str]]:
    for letter_id, message_id in session.execute(
        select(OutboxEntry.letter_id, OutboxEntry.message_id).execution_options(yield_per=1000)
    ):
        if not message_id.startswith(f"<{letter_id}@"):
            yield f"letter {letter_id}", f"its Message-ID is {message_id}"


@holds("A doubtful or failed letter is known to a person")
def somebody_knows(session: Session) -> Iterator[tuple[str, str]]:
    told = select(LETTER_OF_INCIDENT).where(Incident.kind == "letter")
    waiting = set(session.scalars(told.where(Incident.resolved_at.is_(None))))
    decided = set(session.scalars(told.where(Incident.resolved_by.is_not(None))))
    decided |= set(
        session.scalars(
            select(LETTER_OF_EVENT).where(
                ProcessEvent.kind == EventKind.LETTER_FAILED, ProcessEvent.actor.is_not(None)
            )
        )
    )
    stuck = select(OutboxEntry.letter_id, OutboxEntry.state).where(
        OutboxEntry.state.in_([OutboxState.IN_DOUBT, OutboxState.FAILED]),
        func.coalesce(OutboxEntry.last_error, "") != NO_PERMISSION,
    )
    for letter_id, state in session.execute(stuck):
        known = waiting if state == OutboxState.IN_DOUBT else waiting | decided
        if str(letter_id) not in known:
            yield f"letter {letter_id}", f"it is {state}, and no incident tells of it"


@holds("A letter on its way or sent has no open incident")
def incidents_are_closed(session: Session) -> Iterator[tuple[str, str]]:
    told = select(Incident.id, LETTER_OF_INCIDENT).where(
        Incident.kind == "letter", Incident.resolved_at.is_(None)
    )
    for incident_id, letter_id in session.execute(told).all():
        entry = session.get(OutboxEntry, UUID(letter_id)) if letter_id else None
        if entry is None or entry.state in (
            OutboxState.QUEUED,
            OutboxState.SENDING,
            OutboxState.SENT,
        ):
            state = entry.state if entry else "missing"
            yield f"incident {incident_id}", f"its letter is {state}"


def _outbox(where: ColumnElement[bool]) -> Any:
    return (
        select(Letter.id)
        .outerjoin(OutboxEntry, OutboxEntry.letter_id == Letter.id)
        .where(where)
        .execution_options(yield_per=1000)
    )


def _told(
    session: Session, kind: EventKind, expected: ColumnElement[bool]
) -> Iterator[tuple[str, str]]:
    """Letters with another number of events of a kind than one where expected, and else none."""
    counted = Counter(
        session.scalars(
            select(LETTER_OF_EVENT)
            .where(ProcessEvent.kind == kind)
            .execution_options(yield_per=1000)
        )
    )
    for letter_id in session.scalars(_outbox(expected)):
        number = counted.pop(str(letter_id), 0)
        if number != 1:
            yield f"letter {letter_id}", f"{number} events {kind}"
    for letter, number in counted.items():
        yield f"letter {letter}", f"{number} events {kind}, which it should not have"


INVARIANTS = (
    letters_are_in_the_outbox,
    queued_once,
    sent_once,
    states_are_complete,
    message_ids_are_stable,
    somebody_knows,
    incidents_are_closed,
)
