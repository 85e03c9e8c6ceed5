"""Accounts: sign in with throttling, end sessions, set passwords, deactivate."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.people import guessing
from broker_crm.people.models import Role, User, UserRole
from broker_crm.people.passwords import hash_password, needs_rehash, verify_password


class SignInRefused(Exception):
    """Login and password do not fit, or the account may not sign in; nothing tells which.

    Attributes:
        code: 'wrong' or 'wait'.
    """

    code = "wrong"

    def __init__(self) -> None:
        super().__init__("The login or the password is not right.")


class TooManyAttempts(SignInRefused):
    """Too many failures; the person has to wait.

    Attributes:
        minutes: how long.
    """

    code = "wait"

    def __init__(self, minutes: int) -> None:
        Exception.__init__(self, f"Too many attempts. Try again in {minutes} minutes.")
        self.minutes = minutes


class AccountRejected(Exception):
    """The data of a new account do not fit."""


def sign_in(session: Session, login: str, password: str, *, demo_allowed: bool) -> User:
    """Check a login and a password.

    Args:
        session: the caller commits, also after a refusal: failures are counted.
        login: as typed.
        password: as typed.
        demo_allowed: whether sample accounts may sign in.

    Raises:
        TooManyAttempts: five failures within a quarter of an hour, for this login.
        SignInRefused: anything else that does not fit.
    """
    login = login.strip().lower()[:60]
    if minutes := guessing.minutes_to_wait(session, login):
        raise TooManyAttempts(minutes)
    user = session.get(User, login)
    fits = verify_password(user.password_hash if user else None, password)
    if user is None or not fits or not user.active or (user.demo and not demo_allowed):
        guessing.failed(session, login)
        raise SignInRefused
    if user.password_hash and needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    guessing.forgotten(session, login)
    return user


def end_sessions(session: Session, login: str) -> None:
    """Make every session of a person worthless."""
    user = session.get(User, login)
    if user is not None:
        user.session_stamp = new_stamp()


def create_account(
    session: Session,
    login: str,
    name: str,
    email: str,
    password: str,
    roles: Iterable[Role],
    *,
    team_key: str | None = None,
) -> User:
    """Create a real account.

    Raises:
        AccountRejected: the login is taken or is not made of letters, digits, dots and dashes.
        PasswordRefused: the password is too short or too long.
    """
    login = login.strip().lower()
    if not login or not all(letter.isalnum() or letter in ".-_" for letter in login):
        raise AccountRejected(f"“{login}” is no login: use letters, digits, dots and dashes.")
    if session.get(User, login) is not None:
        raise AccountRejected(f"The login “{login}” is taken.")
    user = User(
        login=login,
        name=name,
        email=email,
        password_hash=hash_password(password),
        session_stamp=new_stamp(),
        team_key=team_key,
        created_at=clock.now(),
        role_rows=[UserRole(role=role) for role in roles],
    )
    session.add(user)
    session.flush()
    return user


def set_password(session: Session, user: User, password: str) -> None:
    """Change a password; all sessions end.

    Raises:
        PasswordRefused: it is too short or too long.
    """
    user.password_hash = hash_password(password)
    user.session_stamp = new_stamp()


def deactivate(session: Session, user: User) -> None:
    """Lock an account; all sessions end, the history stays."""
    user.active = False
    user.session_stamp = new_stamp()


def new_stamp() -> str:
    """A stamp that no session carries yet."""
    return secrets.token_hex(16)
