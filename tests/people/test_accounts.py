"""Accounts: guessing is slow, sessions end when they must, demo people stay in the demo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.people import accounts, tokens
from broker_crm.people.models import ApiToken, Role, User
from broker_crm.people.passwords import PasswordRefused

PASSWORD = "labai-ilgas-slaptazodis"


@pytest.fixture
def time() -> Iterator[clock.SimulatedClock]:
    simulated = clock.SimulatedClock(datetime(2026, 11, 23, 8, tzinfo=UTC))
    with clock.use(simulated):
        yield simulated


@pytest.fixture
def rasa(session: Session, time: clock.SimulatedClock) -> User:
    return accounts.create_account(
        session, "Rasa", "Rasa R.", "rasa@broker.example", PASSWORD, [Role.SALESPERSON]
    )


def test_the_login_is_taken_as_typed_in_any_case(session: Session, rasa: User) -> None:
    found = accounts.sign_in(session, "  RASA ", PASSWORD, demo_allowed=False)
    assert found.login == "rasa" and found.roles == {Role.SALESPERSON}
    assert PASSWORD not in (found.password_hash or "")
    assert (found.password_hash or "").startswith("$argon2id$")


@pytest.mark.parametrize(
    ("login", "password"),
    [("rasa", "wrong"), ("nobody", PASSWORD), ("", ""), ("rasa", ""), ("x" * 5000, "y" * 100_000)],
)
def test_refusals_tell_nothing_apart(
    session: Session, rasa: User, login: str, password: str
) -> None:
    with pytest.raises(accounts.SignInRefused) as refused:
        accounts.sign_in(session, login, password, demo_allowed=False)
    assert str(refused.value) == "The login or the password is not right."


def test_guessing_is_stopped_for_a_quarter_of_an_hour(
    session: Session, rasa: User, time: clock.SimulatedClock
) -> None:
    for _ in range(5):
        with pytest.raises(accounts.SignInRefused):
            accounts.sign_in(session, "rasa", "wrong", demo_allowed=False)
        time.advance(timedelta(minutes=1))
    with pytest.raises(accounts.TooManyAttempts) as refused:
        accounts.sign_in(session, "rasa", PASSWORD, demo_allowed=False)
    assert refused.value.minutes == 10
    time.advance(timedelta(minutes=11))
    accounts.sign_in(session, "rasa", PASSWORD, demo_allowed=False)


def test_a_success_forgets_the_failures(session: Session, rasa: User) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(accounts.SignInRefused):
                accounts.sign_in(session, "rasa", "wrong", demo_allowed=False)
        accounts.sign_in(session, "rasa", PASSWORD, demo_allowed=False)


def test_deactivated_and_demo_people_stay_out(session: Session, rasa: User) -> None:
    rasa.demo = True
    with pytest.raises(accounts.SignInRefused):
        accounts.sign_in(session, "rasa", PASSWORD, demo_allowed=False)
    accounts.sign_in(session, "rasa", PASSWORD, demo_allowed=True)
    accounts.deactivate(session, rasa)
    with pytest.raises(accounts.SignInRefused):
        accounts.sign_in(session, "rasa", PASSWORD, demo_allowed=True)


def test_a_new_password_ends_all_sessions(session: Session, rasa: User) -> None:
    before = rasa.session_stamp
    accounts.set_password(session, rasa, "kitas-ilgas-slaptazodis")
    assert rasa.session_stamp != before
    with pytest.raises(accounts.SignInRefused):
        accounts.sign_in(session, "rasa", PASSWORD, demo_allowed=False)


@pytest.mark.parametrize("password", ["", "short", "x" * 5000])
def test_poor_passwords_are_refused(session: Session, rasa: User, password: str) -> None:
    with pytest.raises(PasswordRefused):
        accounts.set_password(session, rasa, password)


@pytest.mark.parametrize("login", ["", "two words", "a/b", "<b>", "rasa"])
def test_poor_and_taken_logins_are_refused(session: Session, rasa: User, login: str) -> None:
    with pytest.raises(accounts.AccountRejected):
        accounts.create_account(session, login, "X", "x@broker.example", PASSWORD, [])


def test_a_token_is_kept_as_a_hash_and_can_be_revoked(session: Session, rasa: User) -> None:
    token = tokens.create_token(session, "rasa")
    stored = session.scalars(select(ApiToken)).one()
    assert token not in stored.token_hash and len(stored.token_hash) == 64
    found = tokens.verify_token(session, token)
    assert found is not None and found.login == "rasa"
    assert tokens.revoke_token(session, token) and not tokens.revoke_token(session, token)
    assert tokens.verify_token(session, token) is None


def test_the_token_of_a_deactivated_person_is_worth_nothing(session: Session, rasa: User) -> None:
    token = tokens.create_token(session, "rasa")
    accounts.deactivate(session, rasa)
    session.flush()
    assert tokens.verify_token(session, token) is None
    with pytest.raises(tokens.UnknownUser):
        tokens.create_token(session, "nobody")
