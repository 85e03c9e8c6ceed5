"""On random histories waiting, causes, shares and queues agree with plain Python over rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.bottlenecks.busy import later_first, works
from broker_crm.analysis.bottlenecks.finding import bottlenecks
from broker_crm.analysis.bottlenecks.load import load
from broker_crm.analysis.bottlenecks.steps import steps_of
from broker_crm.analysis.bottlenecks.waits import CAUSES, waits
from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.slices import Slice
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import UserTask

from ..story import SALE
from .interruptions import Interrupted
from .plain_waits import Waiting, shares

SEEDS = range(3)
YEAR = Slice(start=date(2026, 1, 1), end=date(2026, 11, 23), process=SALE)
SPRING = Slice(start=date(2026, 3, 1), end=date(2026, 6, 30), process=SALE)
NEAR = 1e-6
DAY = 28800
HYPOTHESES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(1, 9)), max_size=40
)

damages = pytest.mark.damages


@damages
@pytest.mark.parametrize("seed", SEEDS)
def test_causes_and_shares_agree(factory: sessionmaker[Session], seed: int) -> None:
    with factory.begin() as session:
        Interrupted(session, seed)
    with factory() as session:
        for part in (YEAR, SPRING):
            assert part.start is not None and part.end is not None
            plain = Waiting(session, SALE, part.start, part.end)
            with ledger(session) as columns:
                found = bottlenecks(columns, part)
            assert found.cases == len(plain.cases)
            _causes_agree(plain, {row["key"]: row for row in found.rows})
            _causes_agree(plain, {row["key"] or None: row for row in found.people}, "person")
            parts, lives = plain.lives()
            told = shares(parts, lives, {key for case in parts.values() for key in case})
            for row in found.rows:
                wanted = told.get(row["key"], (0.0, 0.0))
                assert row["share_of_time"] == pytest.approx(wanted[0], abs=NEAR)
                assert row["variance_share"] == pytest.approx(wanted[1], abs=NEAR)
            between = sum(row["share"] for row in found.between)
            assert between == pytest.approx(told.get("", (0.0, 0.0))[0], abs=NEAR)
            every = [*found.rows, *found.between]
            assert sum(row["variance_share"] for row in every) == pytest.approx(1, abs=NEAR)


def _causes_agree(
    plain: Waiting, rows: dict[str | None, dict[str, float]], by: str = "key"
) -> None:
    sums: dict[str | None, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    count: dict[str | None, int] = defaultdict(int)
    for step in plain.asked():
        key = getattr(step, by)
        count[key] += 1
        sums[key]["work"] += step.work
        for cause, seconds in plain.causes(step).items():
            sums[key][cause] += seconds
    assert set(rows) == set(count)
    for key, row in rows.items():
        assert row["n"] == count[key]
        for name in ("work", *CAUSES):
            seconds = row[name] * row["n"] * DAY
            assert seconds == pytest.approx(sums[key][name], abs=0.01), (key, name)


@damages
@pytest.mark.parametrize("seed", SEEDS)
def test_the_causes_are_all_of_the_waiting(factory: sessionmaker[Session], seed: int) -> None:
    with factory.begin() as session:
        Interrupted(session, seed)
    with factory() as session, ledger(session) as columns:
        steps = steps_of(columns, Slice(process=SALE))
        found = waits(columns, steps)
    assert len(steps.done) and steps.asked.any()
    waited = steps.done - steps.created - found.work
    assert np.abs(found.waiting - waited).max() < 0.001
    for cause, seconds in found.causes.items():
        assert seconds.min() >= 0, cause
        assert seconds.any(), cause
    assert (found.to_start <= waited + 0.001).all() and (found.to_start >= 0).all()


@given(HYPOTHESES)
def test_work_that_came_later_and_was_done_first(told: list[tuple[int, int, int]]) -> None:
    told = sorted(told, key=lambda each: each[0])
    person, created, seconds = (np.array([each[n] for each in told]) for n in range(3))
    found = later_first(person.astype(int), created.astype(float), seconds.astype(float))
    for place, (who, came, _lasted) in enumerate(told):
        before = told[:place]
        wanted = sum(lasted for other, at, lasted in before if other == who and at > came)
        assert found[place] == wanted


@given(HYPOTHESES)
def test_no_second_of_a_person_is_worked_twice(told: list[tuple[int, int, int]]) -> None:
    told = sorted(told, key=lambda each: each[:2])
    person, done, noted = (np.array([each[n] for each in told]) for n in range(3))
    begun = done.astype(float) - 6
    found = works(person.astype(int), begun, done.astype(float), noted.astype(float))
    taken: set[tuple[int, int]] = set()
    for (who, end, _noted), lasts in zip(told, found, strict=True):
        own = {(who, second) for second in range(int(end - lasts), end)}
        assert not own & taken and lasts <= 6
        taken |= own


@damages
@pytest.mark.parametrize("seed", SEEDS)
def test_queues_agree_and_littles_law_holds(factory: sessionmaker[Session], seed: int) -> None:
    with factory.begin() as session:
        Interrupted(session, seed)
    with factory() as session:
        with ledger(session) as columns:
            months = load(columns, YEAR)
            days = load(columns, Slice(start=date(2026, 11, 1), process=SALE), "person")
        calendar = company_calendar(session)
        rows = [
            (
                task.step,
                task.completed_by or task.assignee,
                calendar.local_day(task.created_at),
                calendar.local_day(task.completed_at) if task.completed_at else date.max,
            )
            for task in session.scalars(select(UserTask))
        ]
    assert months.length == 7 and days.length == 1
    for found, place in ((months, 0), (days, 1)):
        assert found.little is not None and found.little.holds and found.little.mean_queue > 0
        for queue in found.queues:
            own = [row for row in rows if row[place] == queue.key]
            for first, length in zip(found.firsts, queue.lengths, strict=True):
                last = first + timedelta(days=found.length - 1)
                assert length == sum(came <= last < gone for _s, _p, came, gone in own)


@damages
def test_utilisation_is_work_by_the_time_there_was(factory: sessionmaker[Session]) -> None:
    with factory.begin() as session:
        Interrupted(session, 1)
    with factory() as session:
        with ledger(session) as columns:
            found = load(columns, YEAR)
        plain = Waiting(session, SALE, date(2026, 1, 1), date(2026, 11, 23))
        calendar = company_calendar(session)
    first = min(step.row.created_at for step in plain.steps)
    monday = calendar.local_day(first) - timedelta(days=calendar.local_day(first).weekday())
    assert found.firsts[0] == monday
    assert found.people and all(row["utilisation"] is not None for row in found.people)
    for row in found.people:
        worked = sum(step.work for step in plain.works[row["key"]])
        assert row["hours"] * 3600 == pytest.approx(worked, rel=0.001)
        assert 0 < row["utilisation"] < 1 and row["strained"] is (row["utilisation"] > 0.85)
    busiest = [row["utilisation"] for row in found.people]
    assert busiest == sorted(busiest, reverse=True)
