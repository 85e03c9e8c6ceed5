"""The weekly report: mailed once a week to each subscriber, late once after a standstill."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from broker_crm.analysis import subscriptions
from broker_crm.analysis.subscriptions import SubscriptionRefused, last_sending
from broker_crm.outreach.models import Letter, LetterAttachment
from broker_crm.people.models import User
from broker_crm.web.answers import changes, posting, weekly
from tests.worker.conftest import House

NEXT_MONDAY = datetime(2025, 12, 1, 5, tzinfo=UTC)
"""7:00 in Vilnius."""


def subscribe(house: House, login: str = "manager", query: str = "", weekday: int = 0) -> None:
    with house.factory.begin() as session:
        subscriptions.subscribe(session, login, query, weekday)


def letters(house: House) -> list[Letter]:
    with house.factory() as session:
        found = select(Letter).where(Letter.template_key == posting.KIND)
        return list(session.scalars(found.order_by(Letter.created_at)))


def test_it_is_mailed_on_monday_at_seven_in_vilnius_and_once(house: House) -> None:
    subscribe(house)
    assert posting.post(house.factory) == 0
    house.clock.set(NEXT_MONDAY - timedelta(minutes=1))
    assert posting.post(house.factory) == 0
    house.clock.set(NEXT_MONDAY)
    assert posting.post(house.factory) == 1
    house.clock.advance(timedelta(days=3))
    assert posting.post(house.factory) == 0
    (letter,) = letters(house)
    assert "2025-11-24 – 2025-11-30" in letter.subject and letter.author == "manager"
    assert "/reports/weekly?week=2025-W48" in letter.body
    house.clock.set(NEXT_MONDAY + timedelta(days=7))
    assert posting.post(house.factory) == 1


def test_the_letter_tells_what_has_changed_since_the_week_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "since_the_week_before", lambda *_: "↓ mažiau")
    subscribe(house)
    house.clock.set(NEXT_MONDAY)
    posting.post(house.factory)
    (letter,) = letters(house)
    assert letter.body.count("↓ mažiau.") == len(weekly.TOLD) - 1


def test_after_a_standstill_it_comes_late_and_once(house: House) -> None:
    subscribe(house)
    house.clock.set(NEXT_MONDAY + timedelta(days=23))
    assert posting.post(house.factory) == 1
    assert posting.post(house.factory) == 0
    (letter,) = letters(house)
    assert "2025-12-15 – 2025-12-21" in letter.subject
    house.clock.set(NEXT_MONDAY + timedelta(days=28))
    assert posting.post(house.factory) == 1


def test_several_workers_mail_it_once(house: House) -> None:
    for login in ("manager", "analyst"):
        subscribe(house, login)
    house.clock.set(NEXT_MONDAY)
    with ThreadPoolExecutor(4) as workers:
        done = [workers.submit(posting.post, house.factory) for _each in range(4)]
    assert sum(each.result() for each in done) == 2
    assert len(letters(house)) == 2


def test_of_two_that_wrote_the_same_report_one_queues_it(house: House) -> None:
    subscribe(house)
    with house.factory.begin() as session:
        assert subscriptions.claim(session, "manager", NEXT_MONDAY.date())
    with house.factory.begin() as session:
        assert not subscriptions.claim(session, "manager", NEXT_MONDAY.date())


@pytest.mark.parametrize(
    ("language", "subject", "question"),
    [("lt", "Savaitės ataskaita", "Kas ir kiek vėlavo"), ("en", "Report of the week", "Who was")],
)
def test_it_speaks_the_readers_language_and_brings_a_pdf(
    house: House, language: str, subject: str, question: str
) -> None:
    with house.factory.begin() as session:
        session.execute(update(User).where(User.login == "manager").values(language=language))
    subscribe(house, query="process=new-client-sale", weekday=3)
    house.clock.set(NEXT_MONDAY + timedelta(days=3))
    assert posting.post(house.factory) == 1
    (letter,) = letters(house)
    assert letter.language == language and letter.subject.startswith(subject)
    assert question in letter.body and "process=new-client-sale" in letter.body
    with house.factory() as session:
        file = session.scalars(
            select(LetterAttachment).where(LetterAttachment.letter_id == letter.id)
        ).one()
    assert file.media_type == "application/pdf" and file.content.startswith(b"%PDF")
    house.sweep()
    assert house.letters("sent") >= 1 and house.letters("failed") == 0


def test_who_may_not_ask_or_has_left_gets_none(house: House) -> None:
    subscribe(house, "designer")
    subscribe(house, "analyst")
    with house.factory.begin() as session:
        session.execute(update(User).where(User.login == "analyst").values(active=False))
    house.clock.set(NEXT_MONDAY)
    assert posting.post(house.factory) == 0
    assert letters(house) == []


def test_unsubscribing_ends_it(house: House) -> None:
    subscribe(house)
    with house.factory.begin() as session:
        subscriptions.unsubscribe(session, "manager")
        subscriptions.unsubscribe(session, "manager")
    house.clock.set(NEXT_MONDAY)
    assert posting.post(house.factory) == 0
    with pytest.raises(SubscriptionRefused):
        subscribe(house, weekday=7)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 30, 3, 59, tzinfo=UTC), date(2026, 3, 23)),
        (datetime(2026, 3, 30, 4, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 10, 26, 4, 59, tzinfo=UTC), date(2026, 10, 19)),
        (datetime(2026, 10, 26, 5, tzinfo=UTC), date(2026, 10, 26)),
        (datetime(2027, 1, 3, 12, tzinfo=UTC), date(2026, 12, 28)),
    ],
)
def test_seven_is_seven_in_summer_and_in_winter(now: datetime, day: date) -> None:
    assert last_sending(0, now) == day
