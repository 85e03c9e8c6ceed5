"""Runs all invariants over one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from broker_crm.integrity import (
    business,
    clients,
    database,
    experiments,
    history,
    incidents,
    instances,
    letters,
    migrations,
    records,
    states,
    tasks,
    timers,
    versions,
)
from broker_crm.integrity.invariant import Invariant, Violation

Progress = Callable[[str, int, int, int], None]
"""Called with the sentence, its number from 1, how many there are, and rows looked at so far."""


def invariants() -> tuple[Invariant, ...]:
    """All of them, the cheapest first and the reading of every state last."""
    return (
        *database.INVARIANTS,
        *versions.INVARIANTS,
        *instances.INVARIANTS,
        *tasks.INVARIANTS,
        *timers.INVARIANTS,
        *history.INVARIANTS,
        *letters.INVARIANTS,
        *incidents.INVARIANTS,
        *migrations.INVARIANTS,
        *experiments.INVARIANTS,
        *records.INVARIANTS,
        *business.INVARIANTS,
        *clients.INVARIANTS,
        *states.INVARIANTS,
    )


def violations(session: Session, progress: Progress | None = None) -> Iterator[Violation]:
    """Everything that is not as it must be, warnings too; nothing is written.

    While others write, give a session on `broker_crm.db.snapshot`: what is compared has to be of
    one moment.

    Args:
        session: on a migrated database.
        progress: told how far the search is.
    """
    every = invariants()
    for number, invariant in enumerate(every, 1):

        def told(rows: int, sentence: str = invariant.sentence, number: int = number) -> None:
            if progress is not None:
                progress(sentence, number, len(every), rows)

        told(0)
        yield from invariant.find(session, told)


def broken(session: Session) -> list[Violation]:
    """The violations that are no mere warnings."""
    return [violation for violation in violations(session) if not violation.warning]
