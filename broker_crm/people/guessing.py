"""Guessing is slow: failures are counted for a while, and too many mean waiting."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.people.models import SignInFailure

MOST_FAILURES = 5
WINDOW = timedelta(minutes=15)
LINK = "link:"
"""What begins so counts wrong links; no login has a colon."""


def minutes_to_wait(session: Session, whose: str) -> int:
    """How long somebody has to wait after five failures in a quarter of an hour; 0 for not at all.

    Args:
        session: for reading.
        whose: a login, or `LINK` and what stands for the visitor.
    """
    failures, first = session.execute(
        select(func.count(), func.min(SignInFailure.at)).where(
            SignInFailure.login == whose, SignInFailure.at > clock.now() - WINDOW
        )
    ).one()
    if failures < MOST_FAILURES:
        return 0
    left = first + WINDOW - clock.now()
    return max(1, round(left.total_seconds() / 60))


def failed(session: Session, whose: str) -> None:
    """Count a failure; those of links are forgotten when they count no more.

    Args:
        session: the caller commits.
        whose: as in `minutes_to_wait`.
    """
    now = clock.now()
    session.execute(
        delete(SignInFailure).where(
            SignInFailure.login.startswith(LINK, autoescape=True), SignInFailure.at <= now - WINDOW
        )
    )
    session.add(SignInFailure(login=whose, at=now))
    session.flush()


def forgotten(session: Session, whose: str) -> None:
    """Forget the failures of somebody who succeeded."""
    session.execute(delete(SignInFailure).where(SignInFailure.login == whose))
