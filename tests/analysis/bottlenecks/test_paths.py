"""Variants and moves agree with sequences put together by hand, and cases that left are found."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.bottlenecks.conformance import conformance
from broker_crm.analysis.bottlenecks.paths import END, START, paths
from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.slices import Slice
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask

from ..story import SALE, Story

YEAR = Slice(start=date(2026, 1, 1), end=date(2026, 11, 23), process=SALE)

pytestmark = pytest.mark.damages


def walked(session: Session, part: Slice) -> dict[Any, list[UserTask]]:
    """Completed steps of the cases that ended in the period, by case, in their order."""
    assert part.start is not None and part.end is not None
    calendar = company_calendar(session)
    found: dict[Any, list[UserTask]] = {}
    for case in session.scalars(select(ProcessInstance)):
        if case.ended_at and part.start <= calendar.local_day(case.ended_at) <= part.end:
            found[case.id] = []
    done = select(UserTask).where(UserTask.status == "completed").order_by(UserTask.completed_at)
    for task in session.scalars(done):
        if task.instance_id in found:
            found[task.instance_id].append(task)
    return found


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("collapsed", [False, True])
def test_variants_and_moves_agree(
    factory: sessionmaker[Session], seed: int, collapsed: bool
) -> None:
    with factory.begin() as session:
        Story(session, seed, 80)
    with factory() as session:
        with ledger(session) as columns:
            found = paths(columns, YEAR, collapsed=collapsed)
            three = paths(columns, YEAR, collapsed=collapsed, most=3)
            picked = paths(columns, YEAR, collapsed=collapsed, variant=found.variants[1]["id"])
        cases = walked(session, YEAR)
        calendar = company_calendar(session)
        rows = {case.id: case for case in session.scalars(select(ProcessInstance))}
        sequences, moves, times = {}, Counter[tuple[str, str]](), defaultdict(list)
        for case, steps in cases.items():
            if collapsed:
                steps = list({task.step: task for task in reversed(steps)}.values())[::-1]
                steps.sort(key=lambda task: task.completed_at or date.max)
            sequences[case] = tuple(task.step for task in steps)
            points = [
                (START, rows[case].started_at),
                *((task.step, task.completed_at) for task in steps),
                (END, rows[case].ended_at),
            ]
            for (source, left), (target, came) in pairwise(points):
                assert left is not None and came is not None
                moves[source, target] += 1
                times[source, target].append(calendar.working_seconds(left, came) / 28800)
        counts = Counter(sequences.values())
        assert found.cases == len(cases) and found.variant_count == len(counts)
        assert {tuple(row["steps"]): row["n"] for row in found.variants} == dict(counts)
        assert {(row["source"], row["target"]): row["n"] for row in found.moves} == dict(moves)
        for row in found.moves:
            wanted = median(times[row["source"], row["target"]])
            assert row["median"] == pytest.approx(wanted, abs=0.001)
        top = [row["n"] for row in found.variants[:3]]
        assert sum(each["n"] for each in three.moves if each["source"] == START) == sum(top)
        assert three.covered == pytest.approx(sum(top) / len(cases))
        assert picked.place_count == found.variants[1]["n"] == len(picked.places)
        assert [row["key"] for row in picked.steps] == list(
            dict.fromkeys(found.variants[1]["steps"])
        )
        assert found.rare == sum(n for n in counts.values() if n == 1)


def test_a_case_that_was_moved_or_migrated_is_told_where_it_left(
    factory: sessionmaker[Session],
) -> None:
    with factory.begin() as session:
        Story(session, 4, 60)
    with factory() as session, ledger(session) as columns:
        before = conformance(columns, YEAR)
    assert before.cases and before.moved == before.migrated == 0
    with factory.begin() as session:
        cases = walked(session, YEAR)
        one, other = [case for case, steps in cases.items() if len(steps) > 3][:2]
        first = cases[one][0]
        first.element_id = "Task_Signing"
        _event(session, one, "token-moved", first, {"from": "Task_FirstCall", "to": "Task_Signing"})
        _event(session, other, "instance-migrated", cases[other][-1], {"from": 1, "to": 1})
    with factory() as session, ledger(session) as columns:
        after = conformance(columns, YEAR)
    assert after.moved == after.migrated == 1 and after.moved_fitting == 0
    [row] = [row for row in after.cases_out if row["case_id"] == one.hex]
    assert (row["how"], row["element"], row["place"]) == ("unexpected", "Task_Signing", 0)
    assert (row["moved_from"], row["moved_to"]) == ("Task_FirstCall", "Task_Signing")
    assert row["moved_by"] == "manager" and "Task_IntroLetter" in row["expected"]
    assert sum(row["n"] for row in after.leaving) == after.cases - after.fitting


def _event(session: Session, case: Any, kind: str, task: UserTask, value: Any) -> None:
    session.add(
        ProcessEvent(
            instance_id=case,
            version_id=task.version_id,
            kind=kind,
            at=task.created_at + timedelta(minutes=1),
            actor="manager",
            element_id=value.get("to") if kind == "token-moved" else None,
            value=value,
        )
    )
