"""A restored copy sends nothing until an administrator releases its mail; nobody is signed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.backup import back_up
from broker_crm.integrity import violations
from broker_crm.outreach import hold
from broker_crm.outreach.deliver import deliver_due
from broker_crm.outreach.hold import Copied
from broker_crm.outreach.models import MailHold, OutboxEntry
from broker_crm.people.models import Role, User
from broker_crm.people.tokens import create_token, verify_token
from broker_crm.process.errors import NotAllowed
from broker_crm.process.models import Timer
from broker_crm.readings import take
from broker_crm.settings import load
from tests.outreach import bureau
from tests.process.office import add_user

from .conftest import Empty, Original, Types

Factory = sessionmaker[Session]


@pytest.fixture
def copy(original: Original, another: str) -> Factory:
    """Restored, with one letter that waited in the backup and one written since."""
    with original.factory.begin() as session:
        add_user(session, "admin", Role.ADMINISTRATOR)
    original.back_up()
    original.clock.advance(timedelta(hours=1))
    made = original.copy(another)
    original.clock.advance(timedelta(hours=1))
    bureau.write(made, bureau.begin(made))
    return made


def states(factory: Factory) -> dict[str, int]:
    counted = select(OutboxEntry.state, func.count()).group_by(OutboxEntry.state)
    with factory() as session:
        return {row[0]: row[1] for row in session.execute(counted)}


def release(factory: Factory, copied: Copied | None, by: str = "admin") -> hold.Waiting:
    with factory.begin() as session:
        return hold.release_mail(session, copied, by=by)


def test_a_copy_sends_nothing_and_work_goes_on(copy: Factory) -> None:
    assert deliver_due(copy, load({})) == 0
    assert states(copy) == {"sent": 1, "queued": 2, "in-doubt": 1, "failed": 1}
    with copy() as session:
        read = take(session)
        assert read.mail_is_held and read.letters.count == 0
        assert list(violations(session)) == []


@pytest.mark.parametrize(
    ("copied", "after"),
    [
        (Copied.SEND, {"sent": 3, "in-doubt": 1, "failed": 1}),
        (Copied.ASK, {"sent": 2, "in-doubt": 2, "failed": 1}),
        (Copied.GIVE_UP, {"sent": 2, "in-doubt": 1, "failed": 2}),
    ],
)
def test_release_decides_about_the_letters_of_the_backup(
    copy: Factory, copied: Copied, after: dict[str, int]
) -> None:
    assert release(copy, copied) == hold.Waiting(copied=1, new=1)
    deliver_due(copy, load({}))
    assert states(copy) == after
    with copy() as session:
        assert list(violations(session)) == []
        assert not take(session).mail_is_held
        (held,) = session.scalars(select(MailHold)).all()
        assert held.released_by == "admin"


def test_release_without_a_word_on_the_backup_changes_nothing(copy: Factory) -> None:
    with pytest.raises(hold.ChoiceNeeded, match="1 letters waited already"):
        release(copy, None)
    with pytest.raises(NotAllowed, match="Only administrators"):
        release(copy, Copied.SEND, by="vadove")
    assert deliver_due(copy, load({})) == 0
    release(copy, Copied.SEND)
    with pytest.raises(hold.MailNotHeld):
        release(copy, Copied.SEND)


def test_a_letter_that_was_being_sent_at_the_backup_is_in_doubt(
    original: Original, another: str
) -> None:
    with original.factory.begin() as session:
        session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.state == "queued")
            .values(state="sending", lease_token="x", lease_until=original.clock.now(), attempts=1)
        )
    original.back_up()
    copy = original.copy(another)
    assert states(copy) == {"sent": 1, "in-doubt": 2, "failed": 1}
    with copy() as session:
        assert list(violations(session)) == []
        assert "was being sent when the backup was made" in _errors(session)


def _errors(session: Session) -> str:
    return " ".join(filter(None, session.scalars(select(OutboxEntry.last_error))))


def test_nobody_is_signed_in_to_a_copy_and_its_tokens_are_revoked(
    original: Original, another: str
) -> None:
    with original.factory.begin() as session:
        token = create_token(session, "rasa")
        before = session.get_one(User, "rasa").session_stamp
    original.back_up()
    with original.copy(another)() as session:
        assert session.get_one(User, "rasa").session_stamp != before
        assert verify_token(session, token) is None


def test_a_timer_under_a_lease_at_the_backup_is_free_in_the_copy(
    original: Original, another: str
) -> None:
    with original.factory.begin() as session:
        session.execute(
            update(Timer)
            .where(Timer.parked.is_(False))
            .values(lease_until=original.clock.now(), attempts=3)
        )
    original.back_up()
    with original.copy(another)() as session:
        free = select(Timer.lease_until, Timer.attempts).where(Timer.parked.is_(False)).distinct()
        assert [tuple(row) for row in session.execute(free)] == [(None, 2)]


def test_a_copy_of_a_copy_is_held_anew(original: Original, empty: Empty) -> None:
    kind = original.engine.dialect.name
    original.back_up()
    original.copy(empty(kind))
    original.file.unlink()
    back_up(original.copies[0], original.file)
    original.clock.advance(timedelta(hours=1))
    with original.copy(empty(kind))() as session:
        opened = session.scalars(select(MailHold).where(MailHold.released_at.is_(None))).all()
        assert [each.since for each in opened] == [original.clock.now()]


def test_the_command_releases(copy: Factory, types: Types) -> None:
    url = copy.kw["bind"].url.render_as_string(hide_password=False)
    told = types(url, "release-mail", "--by", "admin", "--dry-run")
    assert "1 letters waited in the backup; 1 are new." in told.stdout
    refused = types(url, "release-mail", "--by", "admin")
    assert refused.returncode == 1 and "--copied" in refused.stderr
    done = types(url, "release-mail", "--by", "admin", "--copied", "ask")
    assert done.stdout == (
        "Outgoing mail is released: 1 letters go out.\n"
        "1 letters from the backup are in doubt until a manager decides.\n"
    )
    assert states(copy)["in-doubt"] == 2
