"""What is due for erasure is proposed every day; compliance erases it, or says why it is kept."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.crm import audit, erasure, retention
from broker_crm.crm.models import Consent, ErasureProposal
from broker_crm.crm.policies import today
from broker_crm.db import insert
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.outreach.notifications import active_members, announce
from broker_crm.people.models import Role
from broker_crm.process import duties

DUTY = "retention"
WORD = "retention-due"
"""Kind of the notification."""
_looked: dict[str, date] = {}
"""The day on which this worker last looked, by database."""


def look(factory: sessionmaker[Session], stopping: object = None) -> int:
    """Propose what is due, once a day; a worker's duty, safe in several workers at once.

    Returns:
        How many records were proposed anew.
    """
    del stopping
    place = str(factory.kw["bind"].url)
    if _looked.get(place) == today():
        return 0
    with factory.begin() as session:
        count = propose(session)
    _looked[place] = today()
    return count


def propose(session: Session) -> int:
    """Write down what is due and tell the compliance officers; what was kept comes again later.

    Args:
        session: the caller commits.

    Returns:
        How many records were proposed anew.
    """
    before = waiting(session)
    for each in retention.due(session):
        session.execute(
            insert(session, ErasureProposal)
            .values(
                kind=each.kind,
                record_key=each.key,
                client_id=each.client_id,
                retention_class=each.retention_class,
                over_on=each.over_on,
                proposed_at=clock.now(),
            )
            .on_conflict_do_nothing()
        )
    fresh = max(0, waiting(session) - before)
    if fresh:
        announce(session, WORD, active_members(session, Role.COMPLIANCE))
    return fresh


def waiting(session: Session) -> int:
    """How many wait for a decision."""
    return session.scalar(select(func.count()).select_from(ErasureProposal).where(_waits())) or 0


def open_proposals(session: Session, limit: int = 200) -> list[ErasureProposal]:
    """Those that wait for a decision, the longest over first."""
    found = select(ErasureProposal).where(_waits())
    return list(
        session.scalars(found.order_by(ErasureProposal.over_on, ErasureProposal.id).limit(limit))
    )


def carry_out(session: Session, proposal_id: int, *, by: str) -> None:
    """Erase what is proposed; what was decided meanwhile stays decided.

    Args:
        session: the caller commits.
        proposal_id: which.
        by: login.

    Raises:
        ErasureRefused: something since then requires it to be kept.
    """
    proposal = session.get(ErasureProposal, proposal_id, with_for_update=True)
    if proposal is None or proposal.decision == "erased":
        return
    key = proposal.record_key
    if proposal.kind == "client":
        erasure.erase_client(session, int(key), by=by, asked=False)
    elif proposal.kind == "case":
        erasure.erase_case(session, UUID(key), by=by)
    elif proposal.kind == "complaint":
        erasure.erase_complaint(session, int(key), by=by)
    else:
        consent = session.get(Consent, int(key))
        if consent is not None:
            session.delete(consent)
            audit.note(session, "consent-erased", consent.client_id, by=by, consent=int(key))
    proposal.decision, proposal.decided_at, proposal.decided_by = "erased", clock.now(), by
    session.flush()


def keep(session: Session, proposal_id: int, until: date | None, reason: str, *, by: str) -> None:
    """Keep what is proposed until a day, for a reason.

    Raises:
        FormRejected: naming the field.
    """
    if until is None or until <= today():
        raise FormRejected({"until": [FieldError("afterToday")]})
    if not reason.strip():
        raise FormRejected({"reason": [FieldError("required")]})
    proposal = session.get(ErasureProposal, proposal_id, with_for_update=True)
    if proposal is None or proposal.decision == "erased":
        return
    proposal.decision, proposal.decided_at, proposal.decided_by = "kept", clock.now(), by
    proposal.keep_until, proposal.keep_reason = until, reason.strip()[:300]
    session.flush()
    audit.note(
        session,
        "kept-longer",
        proposal.client_id,
        by=by,
        record=f"{proposal.kind} {proposal.record_key}",
        until=until.isoformat(),
    )


def register_all() -> None:
    """Register the duty; safe to repeat."""
    duties.register(DUTY, look)


def _waits() -> ColumnElement[bool]:
    kept_until = ErasureProposal.keep_until <= today()
    return or_(
        ErasureProposal.decision.is_(None), (ErasureProposal.decision == "kept") & kept_until
    )
