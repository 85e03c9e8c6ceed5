"""Two sides compared: what is planted is found, what is not there is not said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from statistics import mean

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bench.planted import Plan, planted
from broker_crm.analysis.comparison import Comparison, Verdict, compare, places
from broker_crm.analysis.comparison.matching import matching
from broker_crm.analysis.ledger import Ledger, ledger
from broker_crm.analysis.slices import Slice
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.publish import publish_bundle
from broker_crm.definitions.published import latest_version
from broker_crm.definitions.republish import published_bundle
from broker_crm.process.models import ProcessInstance, UserTask

from ..story import SALE, Story

ONE, TWO = Slice(version=1), Slice(version=2)
SAID = (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT)
SPRING, AUTUMN = (
    Slice(start=date(2026, 1, 1), end=date(2026, 6, 30)),
    Slice(start=date(2026, 7, 1), end=date(2026, 11, 23)),
)


def told(seed: int, before: Plan, after: Plan) -> Comparison:
    return compare(planted(seed, before, after), None, ONE, TWO)


def test_a_planted_delay_is_found_where_it_is() -> None:
    made = told(1, Plan(400), Plan(400, 149, 45, delay=("offer", 1.0)))
    said = {(each.element, each.measure) for each in made.figures if each.verdict in SAID}
    assert ("offer", "waiting") in said and ("offer", "total") in said
    assert {element for element, _measure in said} == {"offer"}
    figure = made.figure("waiting", "offer")
    assert figure is not None and figure.verdict is Verdict.WORSE and figure.interval is not None
    low, high = figure.interval
    assert low is not None and high is not None and low < 1.0 < high
    assert figure.needed is None and figure.q is not None and figure.q < 0.01


def test_a_shift_of_conversion_is_found_with_its_share() -> None:
    made = told(3, Plan(1500), Plan(1500, 149, 45, conversion=("negotiate", 0.1)))
    figure = made.figure("conversion", "negotiate")
    assert figure is not None and figure.verdict is Verdict.BETTER
    assert figure.a.value == pytest.approx(0.75, abs=0.05)
    assert figure.odds_ratio is not None and figure.odds_ratio > 1.2
    won = made.figure("contract")
    assert won is not None and won.difference is not None and won.difference > 0


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_said_where_nothing_differs(seed: int) -> None:
    made = told(2000 + seed, Plan(200), Plan(200, 149, 45))
    assert not [each for each in made.figures if each.verdict in SAID]
    assert made.tested > 40
    figure = made.figure("conversion", "negotiate")
    assert figure is not None and figure.needed is not None and figure.needed > 100


def test_another_mix_is_told_as_such() -> None:
    fleets = {"fleet": 0.60, "small": 0.25, "medium": 0.15}
    both = planted(4, Plan(400), Plan(400, 149, 45, mix=fleets))
    alone = compare(both, None, ONE, TWO, adjust=())
    assert any(each.verdict is Verdict.WORSE for each in alone.figures)
    made = compare(both, None, ONE, TWO)
    assert "size" in made.mix.traits
    assert not [each for each in made.figures if each.verdict in SAID]
    figure = made.figure("waiting", "call")
    assert figure is not None and figure.verdict is Verdict.MIX
    assert figure.of_mix is not None and figure.of_mix > 0.5 * (figure.crude or 0)


def test_of_few_cases_nothing_is_said_but_how_many_are_needed() -> None:
    made = told(5, Plan(25), Plan(25, 149, 45, delay=("call", 5.0)))
    assert made.tested == 0
    assert {each.verdict for each in made.figures} == {Verdict.TOO_FEW}
    figure = made.figure("waiting", "call")
    assert figure is not None and figure.needed is not None and figure.needed >= 5
    assert figure.interval is not None
    tiny = told(5, Plan(6), Plan(6, 149, 45)).figure("waiting", "call")
    assert tiny is not None and tiny.interval is None and tiny.difference is None


def test_cases_that_still_run_wait() -> None:
    made = told(6, Plan(2000, 400, 300), Plan(2000, 12, 0))
    old, young = made.counted
    assert old.running == 0 and young.running > 800
    figure = made.figure("total", "meeting")
    assert figure is not None and figure.b.running > 100
    assert figure.b.value == pytest.approx(figure.a.value, rel=0.06)
    contract = made.figure("contract")
    assert contract is not None and contract.horizon is not None and contract.horizon < 12
    assert contract.verdict in (Verdict.NONE_SHOWN, Verdict.TOO_FEW)


def test_migrated_and_doubly_claimed_cases_are_apart() -> None:
    both = planted(7, Plan(100), Plan(100, 149, 45))
    both.cursor.execute(
        "UPDATE case_file SET now_version = 2 WHERE version = 1 AND case_id < '01000020'"
    )
    made = compare(both, None, ONE, TWO)
    assert [(each.cases, each.migrated) for each in made.counted] == [(80, 20), (100, 0)]
    periods = compare(both, None, Slice(end=date(2026, 8, 1)), Slice(start=date(2026, 7, 1)))
    assert periods.both > 0 and periods.counted[0].migrated == 0
    assert sum(each.cases for each in periods.counted) == 200 - periods.both


def test_the_cases_behind_a_figure_are_as_many_as_it_says() -> None:
    both = planted(8, Plan(120), Plan(120, 149, 45))
    made = compare(both, None, ONE, TWO)
    for each in made.figures:
        if each.told.sort == "soon":
            continue
        for later, side in ((False, each.a), (True, each.b)):
            listed, count = places(both, None, ONE, TWO, each.measure, each.element, later=later)
            assert count == side.n and len(listed) == min(count, 200)
            prefix = "02" if later else "01"
            assert all(place.case_id.startswith(prefix) for place in listed)


def test_a_log_without_anything_but_ends_is_compared_too() -> None:
    both = planted(9, Plan(60), Plan(60, 149, 45))
    both.cursor.execute(
        "UPDATE task SET element = NULL, started_s = NULL, due_d = NULL, done_d = NULL,"
        " minutes = NULL, meaning = NULL, outcome = NULL, person = NULL, kind = NULL"
    )
    both.cursor.execute("UPDATE case_file SET owner = NULL, ending = NULL, now_version = NULL")
    made = compare(both, None, ONE, TWO)
    assert {each.measure for each in made.figures} == {"cycle", "reach", "total", "repeated"}


def test_few_people_are_drawn_again_and_widen_the_interval() -> None:
    many = told(10, Plan(300), Plan(300, 149, 45)).figure("waiting", "call")
    few = told(10, Plan(300, sellers=4), Plan(300, 149, 45, sellers=4)).figure("waiting", "call")
    assert many is not None and not many.people
    assert few is not None and few.people and few.interval is not None


@pytest.mark.damages
def test_sides_of_a_real_database_agree_with_plain_counting(
    factory: sessionmaker[Session],
) -> None:
    with factory.begin() as session:
        Story(session, 1, cases=150)
    with factory() as session, ledger(session) as columns:
        made = compare(columns, SALE, SPRING, AUTUMN)
        _agrees(session, columns, made)


def _agrees(session: Session, columns: Ledger, made: Comparison) -> None:
    cases = {each.id: each for each in session.scalars(select(ProcessInstance))}
    sides = [
        {
            key
            for key, case in cases.items()
            if part.start <= columns.office.calendar.local_day(case.started_at) <= part.end
        }
        for part in (SPRING, AUTUMN)
        if part.start is not None and part.end is not None
    ]
    assert [each.cases for each in made.counted] == [len(each) for each in sides]
    tasks = session.scalars(select(UserTask).order_by(UserTask.created_at)).all()
    for step in made.steps:
        for place, mine in enumerate(sides):
            own = [each for each in tasks if each.instance_id in mine]
            own = [each for each in own if each.element_id == step.element]
            reached = {each.instance_id for each in own}
            total = step.figure("total")
            if total is not None:
                assert (total.a, total.b)[place].n == len(reached)
            cost = step.figure("cost")
            if cost is not None and (side := (cost.a, cost.b)[place]).n:
                assert side.value == pytest.approx(mean(_costs(own)))


def _costs(tasks: list[UserTask]) -> list[float]:
    of_case: dict[object, list[float]] = {}
    open_cases = {each.instance_id for each in tasks if each.status == "open"}
    for each in tasks:
        if each.actual_minutes is not None and each.instance_id not in open_cases:
            cost = float(each.actual_minutes) * float(each.standard_cost or 0)
            of_case.setdefault(each.instance_id, []).append(
                cost / float(each.standard_minutes or 1)
            )
    return [sum(each) for each in of_case.values()]


def test_a_step_under_another_id_is_the_same_step(factory: sessionmaker[Session]) -> None:
    with factory.begin() as session:
        bundle = published_bundle(session, latest_version(session, SALE).id)
        files = tuple(
            replace(file, content=file.content.replace(b'"Task_Meeting"', b'"Task_Presents"'))
            if file.kind is ResourceKind.DIAGRAM
            else file
            for file in bundle.files
        )
        made = publish_bundle(session, replace(bundle, files=files), "designer", "Kitas id")
        assert made is not None
        number = made.number
    with factory() as session:
        found = matching(session, SALE, Slice(version=1), Slice(version=number))
        assert found.renamed == {"Task_Meeting": "Task_Presents"}
        assert not found.added and not found.removed
        assert not matching(session, SALE, Slice(version=1), Slice(start=date(2026, 1, 1))).renamed
