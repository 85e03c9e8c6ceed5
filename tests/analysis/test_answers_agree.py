"""On random histories the answers agree with plain Python over single rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from statistics import mean

import pytest
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.answers import Answer
from broker_crm.analysis.questions import answer
from broker_crm.analysis.slices import Slice
from broker_crm.process.models import ProcessInstance

from .plainly import Books, kaplan_meier
from .story import Story

SEEDS = range(3)
YEAR = Slice(start=date(2026, 1, 1), end=date(2026, 11, 23))
PARTS: dict[str, tuple[Slice, Callable[[ProcessInstance], bool]]] = {
    "all": (YEAR, lambda _case: True),
    "spring": (
        Slice(start=date(2026, 3, 1), end=date(2026, 5, 31)),
        lambda _case: True,
    ),
    "it": (
        Slice(start=YEAR.start, end=YEAR.end, sector="it"),
        lambda case: "/it/" in case.segment,
    ),
    "vip": (Slice(start=YEAR.start, end=YEAR.end, vip=True), lambda case: case.vip),
}

pytestmark = pytest.mark.damages


@dataclass
class Told:
    """A story, and both ways to ask about it."""

    session: Session
    part: Slice
    books: Books

    def answer(self, question: str, by: str | None = None) -> Answer:
        return answer(self.session, question, self.part, by)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_figure_agrees(factory: sessionmaker[Session], seed: int) -> None:
    with factory.begin() as session:
        Story(session, seed)
    with factory() as session:
        for part, keep in PARTS.values():
            assert part.start is not None and part.end is not None
            told = Told(session, part, Books(session, part.start, part.end, keep))
            for agrees in (
                _lateness,
                _interest,
                _efficiency,
                _meetings,
                _preparation,
                _deviations,
                _negotiations,
                _results,
            ):
                agrees(told)


def _lateness(told: Told) -> None:
    plain = told.books.lateness()
    found = told.answer("Q2")
    rows = {row["key"]: row for row in found.rows}
    assert set(rows) == set(plain)
    for person, days in plain.items():
        assert rows[person]["n"] == len(days)
        assert rows[person]["late"] == sum(day > 0 for day in days)
        assert rows[person]["mean"] == pytest.approx(mean(days))
        assert rows[person]["longest"] == max(days)


def _interest(told: Told) -> None:
    plain = told.books.interest()
    found = told.answer("Q3", "step")
    assert {
        row["key"]: (row["attempts"], row["n"], row["interested"]) for row in found.rows
    } == plain
    assert found.n == sum(each[1] for each in plain.values())


def _efficiency(told: Told) -> None:
    plain = told.books.expected()
    rows = {row["key"]: row for row in told.answer("Q5").rows}
    assert set(rows) == set(plain)
    for person, (good, expected) in plain.items():
        assert rows[person]["positive"] == good
        assert rows[person]["expected"] == pytest.approx(expected)


def _meetings(told: Told) -> None:
    plain = told.books.meetings()
    found = told.answer("Q6")
    assert found.n == len(plain)
    assert found.facts["waiting"] == sum(not met for _days, met in plain)
    assert found.value == kaplan_meier(plain)


def _preparation(told: Told) -> None:
    plain = told.books.offers()
    rows = {row["key"]: row for row in told.answer("Q8").rows}
    if not plain:
        assert "offer" not in rows
        return
    row = rows["offer"]
    assert row["n"] == len(plain)
    assert row["waiting"] == sum(not good for _days, good, _loops in plain)
    assert row["median"] == kaplan_meier([(days, good) for days, good, _loops in plain])
    assert row["loops"] == pytest.approx(mean(loops for _days, _good, loops in plain))


def _deviations(told: Told) -> None:
    plain = told.books.lines()
    found = told.answer("Q9")
    assert found.n == len(plain)
    assert found.facts["deviating"] == sum(line[1] for line in plain)
    effect = told.answer("Q10")
    assert effect.value == pytest.approx(sum(line[2] for line in plain if line[3]))
    assert effect.facts["open_effect"] == pytest.approx(sum(line[2] for line in plain if line[4]))
    by_person = {row["key"]: row["n"] for row in found.rows}
    assert by_person == {
        person: sum(line[0] == person for line in plain) for person in {line[0] for line in plain}
    }


def _negotiations(told: Told) -> None:
    plain = told.books.negotiations()
    facts = told.answer("Q11").facts
    assert facts["agreed"] == plain.get("agreed", 0)
    assert facts["further"] == plain.get("further", 0)
    assert facts["refused"] == plain.get("refused", 0)


def _results(told: Told) -> None:
    plain = told.books.results()
    found = told.answer("Q12", "outcome")
    assert {row["key"]: row["n"] for row in found.rows} == plain
    assert found.value == plain.get("signed", 0)
