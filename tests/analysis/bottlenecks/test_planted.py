"""A planted wait is found and called the first; where there is none, nothing is called so."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.bottlenecks.finding import bottlenecks
from broker_crm.analysis.bottlenecks.ranking import ranks
from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.slices import Slice
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessInstance, UserTask

from ..story import SALE, Story

STEPS = 10


@pytest.mark.parametrize("n", [100, 400, 5_000])
def test_nothing_is_called_a_bottleneck_where_all_steps_are_alike(n: int) -> None:
    called = 0
    for seed in range(40):
        chance = np.random.default_rng(seed)
        called += sum(each.bottleneck for each in ranks(chance.lognormal(0, 0.8, (n, STEPS))))
    assert called <= 1


@pytest.mark.parametrize("n", [100, 400, 5_000])
def test_a_step_with_twice_the_wait_is_called_the_first(n: int) -> None:
    for seed in range(20):
        waited = np.random.default_rng(seed).lognormal(0, 0.8, (n, STEPS))
        waited[:, 6] *= 2
        found = ranks(waited)
        assert [place for place, each in enumerate(found) if each.bottleneck] == [6]
        assert found[6].first > 0.9 and (found[6].low, found[6].high)[0] == 1


def test_too_few_cases_call_nothing() -> None:
    waited = np.ones((29, 4))
    waited[:, 1] = 9
    assert not any(each.bottleneck for each in ranks(waited))
    assert [each.bottleneck for each in ranks(np.vstack((waited, waited[:1])))][1]
    assert ranks(np.zeros((0, 0))) == []


def test_the_same_history_is_always_judged_the_same() -> None:
    waited = np.random.default_rng(3).lognormal(0, 1, (60, 5))
    assert ranks(waited) == ranks(waited.copy())


@pytest.mark.damages
@pytest.mark.parametrize("seed", range(2))
def test_a_planted_wait_is_found_in_a_history(factory: sessionmaker[Session], seed: int) -> None:
    with factory.begin() as session:
        Story(session, seed, 150)
        calendar = company_calendar(session)
        shifts: dict[object, int] = {}
        cases = {case.id: case for case in session.scalars(select(ProcessInstance))}
        for task in session.scalars(select(UserTask).order_by(UserTask.created_at)):
            late = shifts.get(task.instance_id, 0)
            task.created_at = calendar.later(task.created_at, late)
            if task.step == "meeting" and task.completed_at:
                late = shifts[task.instance_id] = late + 20 * 28800
            for name in ("started_at", "completed_at"):
                if getattr(task, name):
                    setattr(task, name, calendar.later(getattr(task, name), late))
        for case_id, late in shifts.items():
            case = cases[case_id]
            if case.ended_at:
                case.ended_at = calendar.later(case.ended_at, late)
    with factory() as session, ledger(session) as columns:
        found = bottlenecks(columns, Slice(process=SALE))
    first = found.rows[0]
    assert first["key"] == "meeting" and first["bottleneck"] and first["first"] > 0.8
    assert first["variance_share"] > 0.3
    assert next(row["key"] for row in found.rows if row["bottleneck"]) == "meeting"
    assert found.places and found.places[0].value is not None
