"""Bearer tokens for the JSON API: shown once, stored as hashes."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.people.models import ApiToken, User


class UnknownUser(Exception):
    """There is no such active user."""


def create_token(session: Session, login: str, note: str = "") -> str:
    """Make a token.

    Returns:
        The token; it can't be read again.

    Raises:
        UnknownUser: when there is no such active user.
    """
    user = session.get(User, login)
    if user is None or not user.active:
        raise UnknownUser(f"There is no active user “{login}”.")
    token = f"bcrm_{secrets.token_urlsafe(32)}"
    session.add(ApiToken(login=login, token_hash=_digest(token), note=note, created_at=clock.now()))
    session.flush()
    return token


def verify_token(session: Session, token: str) -> User | None:
    """The active owner of a token, in one statement; None when it is not valid."""
    statement = (
        select(User)
        .join(ApiToken, ApiToken.login == User.login)
        .where(
            ApiToken.token_hash == _digest(token),
            ApiToken.revoked_at.is_(None),
            User.active,
        )
    )
    return session.scalars(statement).unique().one_or_none()


def revoke_token(session: Session, token: str) -> bool:
    """Make a token worthless; False when there is none."""
    row = session.scalars(select(ApiToken).where(ApiToken.token_hash == _digest(token))).first()
    if row is None or row.revoked_at is not None:
        return False
    row.revoked_at = clock.now()
    return True


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
