"""What an order would do to each of its subjects, before anything is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from broker_crm.process.rights import acting_user, require_steering
from broker_crm.process.steering.actions import Order, act
from broker_crm.process.steering.batches import FAILURES, Subject


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of one subject."""

    subject: Subject
    kind: str | None
    """Of the event that would tell of it; None where it is refused."""
    value: Any
    error: Exception | None


def preview(
    factory: sessionmaker[Session], subjects: Iterable[Subject], order: Order
) -> list[Foreseen]:
    """Carry an order out and roll everything back, to tell what would happen to each.

    What is spread is spread as it would be, so all of it happens in one transaction, each subject
    behind a savepoint.

    Raises:
        NotAllowed: only those who steer may.
    """
    found = []
    with factory() as session:
        require_steering(acting_user(session, order.by))
        for subject in subjects:
            savepoint = session.begin_nested()
            try:
                event = act(session, subject.instance_id, subject.subject_id, order)
                found.append(Foreseen(subject, event.kind, event.value, None))
                savepoint.commit()
            except FAILURES as error:
                savepoint.rollback()
                found.append(Foreseen(subject, None, None, error))
        session.rollback()
    return found
