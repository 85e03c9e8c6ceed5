"""What the history of a case and its managers learn about a letter's way."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.engine.transition import EventKind
from broker_crm.outreach.models import Letter
from broker_crm.process.models import Incident, ProcessEvent, ProcessInstance
from broker_crm.process.transactions import Command, raise_incident


class LetterStuck(Exception):
    """A letter was refused, or it is not known whether it arrived; a person decides.

    Attributes:
        element_id: that wrote the letter.
        element_name: as the diagram names it.
    """

    def __init__(self, message: str, element_id: str | None, element_name: str | None) -> None:
        super().__init__(message)
        self.element_id = element_id
        self.element_name = element_name


def happened(
    session: Session,
    letter_id: UUID,
    kind: EventKind,
    *,
    reason: str | None = None,
    by: str | None = None,
) -> None:
    """Write a process event about a letter; none for a letter outside processes."""
    letter = session.get_one(Letter, letter_id)
    instance = session.get(ProcessInstance, letter.instance_id) if letter.instance_id else None
    if instance is None:
        return
    before = select(func.count()).where(
        ProcessEvent.instance_id == instance.id,
        ProcessEvent.kind == kind,
        ProcessEvent.element_id == letter.element_id,
    )
    loop = (session.scalar(before) or 0) + 1
    session.add(
        ProcessEvent(
            instance_id=instance.id,
            version_id=instance.version_id,
            kind=kind,
            at=clock.now(),
            actor=by,
            element_id=letter.element_id,
            element_name=_element_name(session, letter),
            value={"letter": str(letter.id)},
            reason=reason[:500] if reason else None,
            loop_number=loop,
            first_reach=loop == 1,
        )
    )
    session.flush()


def needs_a_person(session: Session, letter_id: UUID, message: str) -> Incident:
    """Raise an incident of the kind 'letter'."""
    letter = session.get_one(Letter, letter_id)
    command = Command(
        "letter", letter.instance_id, actor=letter.author, arguments={"letter": str(letter.id)}
    )
    error = LetterStuck(message, letter.element_id, _element_name(session, letter))
    return raise_incident(session, command, error)


def failed(session: Session, letter_id: UUID, reason: str) -> None:
    """A letter will not be tried again by itself: tell the history and the managers."""
    happened(session, letter_id, EventKind.LETTER_FAILED, reason=reason)
    needs_a_person(session, letter_id, reason)


def resolve(session: Session, letter_id: UUID, how: str, by: str | None) -> None:
    """Close the open incidents of a letter: 'retried' or 'dismissed'."""
    letter = session.get_one(Letter, letter_id)
    waiting = select(Incident).where(
        Incident.kind == "letter",
        Incident.instance_id == letter.instance_id,
        Incident.resolved_at.is_(None),
    )
    for incident in session.scalars(waiting):
        if incident.command.get("letter") == str(letter_id):
            incident.resolved_at = max(clock.now(), incident.raised_at)
            incident.resolved_by = by
            incident.resolution = how


def _element_name(session: Session, letter: Letter) -> str | None:
    return session.scalar(
        select(ProcessEvent.element_name)
        .where(
            ProcessEvent.instance_id == letter.instance_id,
            ProcessEvent.element_id == letter.element_id,
            ProcessEvent.element_name.is_not(None),
        )
        .limit(1)
    )
