"""The weakest steps beside their last quarter and other teams, and what lies behind their loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.answers import Answer
from broker_crm.analysis.questions import answer
from broker_crm.analysis.questions.weakest_point import last_quarter
from broker_crm.analysis.slices import Slice
from broker_crm.people.models import Team, User
from broker_crm.process.models import UserTask

from .story import Story

YEAR = Slice(start=date(2026, 1, 1), end=date(2026, 11, 23))
QUARTER = (date(2026, 7, 1), date(2026, 9, 30))

pytestmark = pytest.mark.damages


@pytest.fixture
def session(factory: sessionmaker[Session]) -> Iterator[Session]:
    """A past with three teams, the first one's work the dearest."""
    with factory.begin() as session:
        story = Story(session, 5, cases=160)
        session.merge(Team(key="third", name="Trečia"))
        session.flush()
        teams = ["north", "south", "third"]
        for login, team in zip(story.people, teams * 2, strict=False):
            session.merge(Team(key=team, name=team.title()))
            session.get_one(User, login).team_key = team
        for task in session.scalars(select(UserTask).where(UserTask.completed_by.is_not(None))):
            team = session.get_one(User, task.completed_by).team_key
            task.standard_minutes, task.standard_cost = 30, 10
            task.actual_minutes = {"north": 90, "south": 60}.get(team or "", 30)
    with factory() as session:
        yield session


def priced(told: Answer, by: Answer) -> dict[tuple[str, str], tuple[float, int]]:
    """Money and number of each step, at the prices of another answer."""
    fall = float(by.facts["fall"] or 0)
    chances = {key(row): row["passed_won"] or 0.0 for row in by.rows}
    own = float(told.facts["fall"] or 0)
    found: dict[tuple[str, str], tuple[float, int]] = {}
    for row in told.rows:
        day = fall * row["win_commission"]
        delay = (row["excess_days"] or 0) * day / float(told.facts["months"] or 1)
        assert own == 0 or delay == pytest.approx(row["delay"] * fall / own)
        worth = chances.get(key(row), row["passed_won"] or 0.0) * row["win_commission"]
        loss = row["lost"] * worth / float(told.facts["months"] or 1)
        money = loss + delay + row["excess"] + row["rework"]
        found[row["process"], row["key"]] = (money, row["n"])
    return found


def key(row: dict[str, Any]) -> tuple[str, str]:
    return row["process"], row["key"]


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2026, 11, 30), QUARTER),
        (date(2026, 10, 1), QUARTER),
        (date(2026, 9, 30), (date(2026, 4, 1), date(2026, 6, 30))),
        (date(2026, 2, 28), (date(2025, 10, 1), date(2025, 12, 31))),
    ],
)
def test_the_last_quarter_is_whole_and_over(day: date, quarter: tuple[date, date]) -> None:
    assert last_quarter(day) == quarter


def test_each_step_stands_beside_its_last_quarter(session: Session) -> None:
    told = answer(session, "Q13", YEAR)
    then = answer(session, "Q13", replace(YEAR, start=QUARTER[0], end=QUARTER[1]))
    expected = priced(then, told)
    assert expected and told.rows
    for row in told.rows:
        money = expected[key(row)][0] if key(row) in expected else None
        assert row["last_quarter"] == (None if money is None else pytest.approx(money))
    assert told.facts["quarter_money"] == told.rows[0]["last_quarter"]
    assert told.facts["quarter_n"] == expected[key(told.rows[0])][1]
    assert (told.facts["quarter_from"], told.facts["quarter_to"]) == ("2026-07-01", "2026-09-30")


@pytest.mark.parametrize("own", [None, "north", "south"])
def test_a_chosen_team_is_told_with_as_many_steps(session: Session, own: str | None) -> None:
    told = answer(session, "Q13", replace(YEAR, team=own, against="third"))
    expected = priced(answer(session, "Q13", replace(YEAR, team="third")), told)
    assert told.facts["other_team"] == "third"
    for row in told.rows:
        money, n = expected.get(key(row), (None, 0))
        as_many = None if money is None else pytest.approx(money / n * row["n"])
        assert row["other_team"] == as_many


def test_without_a_choice_it_is_the_team_for_whom_the_weakest_step_costs_least(
    session: Session,
) -> None:
    told = answer(session, "Q13", replace(YEAR, team="north"))
    worst = key(told.rows[0])
    costs = {}
    for team in ("south", "third"):
        money, n = priced(answer(session, "Q13", replace(YEAR, team=team)), told)[worst]
        if n >= 20:
            costs[team] = money / n
    assert costs and told.facts["other_team"] == min(costs, key=lambda team: costs[team])


def test_a_person_stands_beside_the_own_team(session: Session) -> None:
    person = session.scalars(select(User.login).where(User.team_key == "south")).first()
    told = answer(session, "Q13", replace(YEAR, person=person))
    assert told.facts["other_team"] == "south" and told.facts["other_n"]


def test_months_of_the_weakest_step_add_up_to_what_it_costs(session: Session) -> None:
    told = answer(session, "Q13", YEAR)
    months = float(told.facts["months"] or 0)
    whole = sum(point.value or 0 for point in told.trend)
    assert len(told.trend) > 2 and whole > 0
    assert whole == pytest.approx(told.rows[0]["money"] * months)
    assert sum(point.n for point in told.trend) == told.rows[0]["n"]


@pytest.mark.parametrize("in_time", [True, False])
def test_behind_an_improvement_lie_the_steps_that_make_the_loss(
    session: Session, in_time: bool
) -> None:
    if in_time:
        for task in session.scalars(select(UserTask)):
            task.due_at = None
        session.flush()
    told = answer(session, "Q14", YEAR)
    costs = {key(row): row for row in answer(session, "Q13", YEAR).rows}
    best = costs[str(told.facts["process"]), str(told.facts["step"])]
    months = float(told.facts["months"] or 0)
    part = best["delay" if told.facts["by_time"] else "loss"]
    assert told.trend and sum(point.value or 0 for point in told.trend) == pytest.approx(
        part * months
    )
    assert told.place_count >= len(told.places) > 0
    assert all(place.task_id and place.value is not None for place in told.places)
    if told.place_count == len(told.places):
        assert sum(place.value or 0 for place in told.places) == pytest.approx(part * months)
    if in_time:
        assert not told.facts["by_time"] and told.place_count == best["lost"]
