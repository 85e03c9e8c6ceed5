"""Segments are found where they are planted, and none where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bench.planted import Plan, planted
from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.segments import Verdict, find_segments, segment_places
from broker_crm.analysis.segments.discovery import conditions, discover
from broker_crm.analysis.segments.ratios import ratio
from broker_crm.analysis.segments.tree import area
from broker_crm.analysis.slices import Slice
from broker_crm.process.models import ProcessInstance, UserTask

from ..story import Story


def test_a_planted_segment_is_found_and_holds_on_the_other_half() -> None:
    made = find_segments(planted(1, Plan(1000, segment=("fleet", "call", -0.25))), Slice())
    best = made.best
    assert best is not None and best.traits == {"size": "fleet"} and best.holds
    assert best.lift is not None and best.lift < 0.8 and best.interval is not None
    assert best.interval[1] < 1 and made.verdict in (Verdict.TENDENCY, Verdict.CLEAR)
    assert made.auc is not None and 0.54 < made.auc.value < 0.68


def test_a_strong_segment_is_clear() -> None:
    made = find_segments(planted(2, Plan(1500, segment=("fleet", "call", -0.5))), Slice())
    assert made.verdict is Verdict.CLEAR and made.auc is not None and made.auc.interval[0] > 0.6
    assert made.best is not None and made.best.covers > 0.1


@pytest.mark.parametrize("seed", range(5))
def test_without_a_segment_none_is_clear(seed: int) -> None:
    made = find_segments(planted(100 + seed, Plan(800)), Slice())
    assert made.verdict is Verdict.NONE and len(made.candidates) == 5
    assert made.auc is not None and made.auc.interval[0] < 0.6
    assert all(each.interval is None or each.interval[0] > 0 for each in made.candidates)


def test_of_few_nothing_is_looked_for() -> None:
    made = find_segments(planted(3, Plan(60)), Slice())
    assert made.verdict is Verdict.TOO_FEW and made.candidates == ()
    nobody = find_segments(planted(3, Plan(60)), Slice(process="another"))
    assert nobody.n == 0 and nobody.share is None


def test_two_traits_together_are_found_where_neither_stands_out() -> None:
    random = np.random.default_rng(4)
    one, two = (random.choice(["a", "b"], 4000).astype(object) for _each in range(2))
    has = random.random(4000) < np.where((one == "a") == (two == "a"), 0.65, 0.35)
    listed = conditions({"one": one, "two": two})
    best = discover(has, np.full(4000, has.mean()), listed, 2)[0]
    assert {trait for trait, _value in best.pairs} == {"one", "two"}
    alone = discover(has, np.full(4000, has.mean()), listed, 1)[0]
    assert alone.quality < best.quality / 3


def test_a_process_that_is_often_won_makes_no_segment() -> None:
    process = np.repeat([0, 1], 500)
    has = np.concatenate([np.arange(500) % 10 < 8, np.arange(500) % 10 < 2])
    inside = np.concatenate([np.arange(500) % 3 > 0, np.arange(500) % 3 == 0])
    told = ratio(has, inside, process)
    assert told.value == pytest.approx(1.0, abs=0.05) and told.interval is not None
    assert told.interval[0] < 1 < told.interval[1]


def test_ratio_and_area_are_those_of_the_books() -> None:
    inside = np.repeat([True, False], [100, 200])
    has = np.concatenate([np.arange(100) < 40, np.arange(200) < 50])
    told = ratio(has, inside, np.zeros(300, dtype=np.int64))
    assert told.value == pytest.approx(1.6)
    error = np.sqrt(1 / 40 - 1 / 100 + 1 / 50 - 1 / 200)
    assert told.interval == pytest.approx(
        (1.6 * np.exp(-2.575829 * error), 1.6 * np.exp(2.575829 * error)), rel=1e-6
    )
    scores = np.array([0.9, 0.8, 0.4, 0.4, 0.3, 0.1])
    kinds = np.array([True, False, True, False, True, False])
    pairs = [(good > bad) + 0.5 * (good == bad) for good in scores[kinds] for bad in scores[~kinds]]
    found = area(kinds, scores)
    assert found is not None and found[0] == pytest.approx(np.mean(pairs))


def test_the_cases_of_a_segment_are_listed() -> None:
    made = planted(1, Plan(1000, segment=("fleet", "call", -0.25)))
    best = find_segments(made, Slice()).candidates[0]
    listed, count = segment_places(made, Slice(), best.traits)
    assert count == best.n + best.found_n and len(listed) == 200
    assert listed[0].value == 1.0 and listed[0].task_id is not None
    won, ended = segment_places(made, Slice(), {"vip": "yes"}, target="won")
    assert won and ended > 300


@pytest.mark.damages
def test_over_a_real_database_cases_and_hits_are_counted(factory: sessionmaker[Session]) -> None:
    with factory.begin() as session:
        Story(session, 5, cases=150)
    with factory() as session, ledger(session) as columns:
        made = find_segments(columns, Slice())
        talks: dict[object, bool] = {}
        calls = select(UserTask).where(UserTask.step.in_(("first-call", "offer-call")))
        for each in session.scalars(calls.order_by(UserTask.completed_at)):
            if each.status == "completed" and each.outcome not in ("no-answer", "later"):
                good = each.outcome in ("interested", "accepts", "negotiate")
                talks.setdefault(each.instance_id, good)
        assert (made.n, made.hits) == (len(talks), sum(talks.values()))
        won = find_segments(columns, Slice(), target="won")
        ended = session.scalars(select(ProcessInstance).where(ProcessInstance.outcome.is_not(None)))
        assert won.hits == sum(each.outcome == "signed" for each in ended)
