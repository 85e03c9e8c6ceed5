"""Limits on figures: told once when crossed, armed again when the figure comes back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from broker_crm import process
from broker_crm.analysis import limits
from broker_crm.analysis.limits import MEASURES, LimitRefused, Wanted
from broker_crm.analysis.models import FigureLimit
from broker_crm.analysis.questions import QUESTIONS, answer
from broker_crm.analysis.slices import Slice
from broker_crm.outreach.models import Letter, Notification
from broker_crm.people.models import User
from broker_crm.process.models import InstanceStatus, ProcessInstance
from broker_crm.web.answers import watch
from tests.worker.conftest import House

OVERDUE = Wanted(30, "overdue", "above", 0, least_n=1)


def set_limit(house: House, wanted: Wanted = OVERDUE, login: str = "manager") -> int:
    with house.factory.begin() as session:
        return limits.add(session, login, "Q4", "", wanted).id


def limit(house: House, limit_id: int) -> FigureLimit:
    with house.factory() as session:
        return session.get_one(FigureLimit, limit_id)


def told(house: House) -> tuple[int, int]:
    """Notifications and letters about limits."""
    return (
        house.count(Notification, Notification.kind == watch.KIND),
        house.count(Letter, Letter.template_key == watch.KIND),
    )


def call_off_every_case(house: House) -> None:
    with house.factory.begin() as session:
        for case in session.scalars(
            select(ProcessInstance).where(ProcessInstance.status == InstanceStatus.ACTIVE)
        ).all():
            process.cancel(session, case.id, "–", by="manager")


def test_a_crossing_is_told_once_and_a_figure_that_came_back_arms_the_limit(house: House) -> None:
    limit_id = set_limit(house)
    assert watch.look(house.factory) == 0
    assert limit(house, limit_id).last_value == 0 and told(house) == (0, 0)
    house.clock.advance(timedelta(days=28))
    assert watch.look(house.factory) == 1
    assert limit(house, limit_id).crossed_at is not None and told(house) == (1, 1)
    assert watch.look(house.factory) == 0
    house.clock.advance(timedelta(hours=2))
    assert watch.look(house.factory) == 0
    assert limit(house, limit_id).checks == 3 and told(house) == (1, 1)
    call_off_every_case(house)
    house.clock.advance(timedelta(hours=2))
    watch.look(house.factory)
    nothing_open = limit(house, limit_id)
    assert nothing_open.last_n == 0 and nothing_open.crossed_at is not None
    house.begin_sale()
    house.clock.advance(timedelta(hours=2))
    watch.look(house.factory)
    assert limit(house, limit_id).crossed_at is None and told(house) == (1, 1)
    house.clock.advance(timedelta(days=28))
    assert watch.look(house.factory) == 1
    assert told(house) == (2, 2)


def test_small_samples_do_not_cry_wolf(house: House) -> None:
    limit_id = set_limit(house, Wanted(30, "overdue", "above", 0))
    house.clock.advance(timedelta(days=28))
    assert watch.look(house.factory) == 0
    seen = limit(house, limit_id)
    assert (seen.last_value or 0) > 0 and seen.crossed_at is None


def test_an_hour_of_office_time_passes_between_two_looks(house: House) -> None:
    limit_id = set_limit(house)
    watch.look(house.factory)
    house.clock.advance(timedelta(minutes=59))
    watch.look(house.factory)
    assert limit(house, limit_id).checks == 1
    house.clock.advance(timedelta(minutes=1))
    watch.look(house.factory)
    assert limit(house, limit_id).checks == 2
    house.clock.advance(timedelta(hours=7))
    watch.look(house.factory)
    evening = limit(house, limit_id).checks
    house.clock.advance(timedelta(hours=5))
    watch.look(house.factory)
    assert limit(house, limit_id).checks == evening


def test_several_workers_tell_once(house: House) -> None:
    for login in ("manager", "analyst"):
        set_limit(house, login=login)
    house.clock.advance(timedelta(days=28))
    with ThreadPoolExecutor(4) as workers:
        done = [workers.submit(watch.look, house.factory) for _each in range(4)]
    assert sum(each.result() for each in done) == 2
    assert told(house) == (2, 2)


def test_of_two_looks_at_the_same_limit_one_counts(house: House) -> None:
    seen = limit(house, set_limit(house))
    with house.factory.begin() as session:
        assert limits.note(session, seen, 3.0, 40)
    with house.factory.begin() as session:
        assert not limits.note(session, seen, 3.0, 40)
    assert limit(house, seen.id).checks == 1


def test_a_changed_limit_is_not_judged_by_the_old_bound(house: House) -> None:
    seen = limit(house, set_limit(house))
    with house.factory.begin() as session:
        limits.change(session, "manager", seen.id, Wanted(30, "overdue", "above", 500))
    with house.factory.begin() as session:
        assert not limits.note(session, seen, 3.0, 40)
    assert limit(house, seen.id).crossed_at is None


@pytest.mark.parametrize(("language", "words"), [("lt", "dabar 1"), ("en", "now 1")])
def test_people_are_told_in_their_language(house: House, language: str, words: str) -> None:
    with house.factory.begin() as session:
        session.execute(update(User).where(User.login == "manager").values(language=language))
    set_limit(house)
    house.clock.advance(timedelta(days=28))
    watch.look(house.factory)
    with house.factory() as session:
        letter = session.scalars(select(Letter).where(Letter.template_key == watch.KIND)).one()
        note = session.scalars(select(Notification).where(Notification.kind == watch.KIND)).one()
    assert words in letter.subject and note.task_name == letter.subject
    assert letter.language == language and "/questions/Q4" in letter.body
    assert letter.author == note.login == "manager" and letter.instance_id is None


def test_who_may_not_ask_any_more_is_told_nothing(house: House) -> None:
    limit_id = set_limit(house, login="designer")
    of_the_past = set_limit(house, login="analyst")
    with house.factory.begin() as session:
        session.execute(update(User).where(User.login == "analyst").values(active=False))
    house.clock.advance(timedelta(days=28))
    assert watch.look(house.factory) == 0
    assert limit(house, limit_id).last_value is None and limit(house, limit_id).checks == 1
    assert limit(house, of_the_past).checks == 0


def test_a_salesperson_is_told_of_own_figures_only(house: House) -> None:
    with house.factory() as session:
        owner = session.scalars(select(ProcessInstance.owner)).one()
    other = "ruta" if owner == "jonas" else "jonas"
    mine, others = set_limit(house, login=owner or ""), set_limit(house, login=other)
    house.clock.advance(timedelta(days=28))
    assert watch.look(house.factory) == 1
    assert limit(house, mine).last_n == 1 and limit(house, others).last_n == 0


def test_limits_are_refused_that_nobody_could_judge(house: House) -> None:
    for wanted, code in (
        (Wanted(30, "person", "above", 1), "no-measure"),
        (Wanted(31, "", "above", 1), "no-period"),
        (Wanted(30, "", "near", 1), "no-comparison"),
        (Wanted(30, "", "above", float("nan")), "no-bound"),
        (Wanted(30, "", "above", 1, least_n=0), "no-least"),
    ):
        with pytest.raises(LimitRefused) as refused:
            set_limit(house, wanted)
        assert refused.value.code == code


def test_what_may_be_watched_is_told_by_the_answers(house: House) -> None:
    with house.factory() as session:
        for question in QUESTIONS:
            facts = answer(session, question, Slice()).facts
            missing = {each for each in MEASURES[question] if each} - facts.keys()
            assert not missing, question
