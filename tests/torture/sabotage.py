"""Faults planted into the product, so that the torture can be seen to find them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.outreach import deliver
from broker_crm.outreach.models import OutboxEntry, OutboxState
from broker_crm.process import completing, jobs


def commit_in_the_middle() -> None:
    """A completion is written in two transactions (on SQLite)."""
    real = jobs.completed

    def completed(step: jobs.CompletedStep) -> None:
        real(step)
        connection = step.session.connection()
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    completing.jobs.completed = completed  # type: ignore[attr-defined]


def resend_in_doubt() -> None:
    """A letter whose sender died is simply sent again."""

    def again(factory: sessionmaker[Session]) -> int:
        with factory.begin() as session:
            session.execute(
                update(OutboxEntry)
                .where(
                    OutboxEntry.state == OutboxState.SENDING,
                    OutboxEntry.lease_until < clock.now(),
                )
                .values(state=OutboxState.QUEUED)
            )
        return 0

    deliver.doubt_expired = again


def forget_the_claim() -> None:
    """A letter is handed over before it is written down that it is being sent."""
    real = deliver._claim

    def claim(factory: sessionmaker[Session], letter_id: UUID) -> object:
        sending = real(factory, letter_id)
        with factory.begin() as session:
            session.get_one(OutboxEntry, letter_id).state = OutboxState.QUEUED
        return sending

    deliver._claim = claim  # type: ignore[assignment]


PLANTED: dict[str, Callable[[], None]] = {
    "commit-in-the-middle": commit_in_the_middle,
    "forget-the-claim": forget_the_claim,
    "resend-in-doubt": resend_in_doubt,
}
