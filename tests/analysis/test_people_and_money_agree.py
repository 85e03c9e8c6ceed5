"""On random histories of two processes, clients, workload, segments and money agree with plain
Python over single rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from math import isclose
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.answers import Answer
from broker_crm.analysis.questions import answer
from broker_crm.analysis.slices import Slice
from broker_crm.crm.models import Client
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance

from .plain_money import Money, Step, needed, raised
from .plain_people import Load, Prospects
from .plain_segments import Segment, Traits, first_talks, segments, still_needed
from .plainly import Books
from .two_processes import RENEWAL, TwoProcesses

SEEDS = (13, 19)
CASES = 140
FIRST, LAST = date(2026, 1, 1), date(2026, 11, 23)
YEAR = Slice(start=FIRST, end=LAST)
SUMMER = Slice(start=date(2026, 6, 1), end=date(2026, 8, 31))
OF_CASES: dict[str, tuple[Slice, Callable[[ProcessInstance], bool]]] = {
    "all": (YEAR, lambda _case: True),
    "summer": (SUMMER, lambda _case: True),
    "renewals": (
        Slice(start=FIRST, end=LAST, process=RENEWAL),
        lambda case: case.process_key == RENEWAL,
    ),
    "vip": (Slice(start=FIRST, end=LAST, vip=True), lambda case: case.vip),
    "also what is due later": (Slice(start=FIRST, end=date(2027, 1, 31)), lambda _case: True),
    "of one person": (Slice(start=FIRST, end=LAST, person="ieva"), lambda _case: True),
}
OF_CLIENTS: dict[str, tuple[Slice, Callable[[Client], bool]]] = {
    "all": (YEAR, lambda _client: True),
    "summer": (SUMMER, lambda _client: True),
    "it": (Slice(sector="it"), lambda client: client.sector == "it"),
    "legal in Kaunas": (
        Slice(client_kind="legal", region="Kaunas"),
        lambda client: (client.kind, client.region) == ("legal", "Kaunas"),
    ),
    "of one person": (Slice(person="ieva"), lambda client: client.owner == "ieva"),
}

pytestmark = pytest.mark.damages


@pytest.mark.parametrize("seed", SEEDS)
def test_every_figure_of_people_and_money_agrees(factory: sessionmaker[Session], seed: int) -> None:
    with factory.begin() as session:
        TwoProcesses(session, seed, CASES).unsettle()
    with factory() as session:
        plain = Prospects(session)
        for clients in OF_CLIENTS:
            _potential_clients(plain, clients)
        for people in ("all", "team", "person", "vip"):
            _workload(session, people)
        for cases in OF_CASES:
            _segments(session, cases)
            _weakest_points(session, cases)
            _improvement(session, cases)
        assert answer(session, "Q7", YEAR).facts["clear"]


def alike(told: Mapping[str, Any], plain: Mapping[str, Any]) -> bool:
    """Equal to the last digit that matters."""
    return told.keys() == plain.keys() and all(
        isclose(value, plain[name], rel_tol=1e-9, abs_tol=1e-9)
        if isinstance(value, float) and plain[name] is not None
        else value == plain[name]
        for name, value in told.items()
    )


def _potential_clients(plain: Prospects, part: str) -> None:
    asked, plain.keep = OF_CLIENTS[part]
    clients = plain.potential()
    for by, key in {
        "sector": lambda client: client.sector,
        "size": lambda client: client.size_band,
        "region": lambda client: client.region,
        "vip": lambda client: client.vip,
        "person": lambda client: client.owner,
        "team": plain.team,
    }.items():
        found = answer(plain.session, "Q1", asked, by)
        groups = {value: [c for c in clients if key(c) == value] for value in map(key, clients)}
        assert {
            row["key"]: (row["n"], row["contactable"], row["untouched"]) for row in found.rows
        } == {value: _counted(plain, group) for value, group in groups.items()}, by
    n, contactable, untouched = _counted(plain, clients)
    assert (found.value, found.n, found.interval) == (n, n, None)
    assert found.facts == {
        "contactable": contactable,
        "contactable_share": contactable / n if n else None,
        "untouched": untouched,
        "suspected": plain.suspected(),
    }
    cases = [case for client in clients for case in plain.cases[client.id]]
    assert sorted(each.case_id for each in found.places) == sorted(cases)
    assert found.place_count == len(cases)
    months = {
        month: n
        for month, n in plain.came().items()
        if (asked.start or date.min) <= month <= (asked.end or date.max)
    }
    assert {each.month: each.n for each in found.trend} == months


def _counted(plain: Prospects, clients: list[Client]) -> tuple[int, int, int]:
    return len(clients), sum(map(plain.contactable, clients)), sum(map(plain.untouched, clients))


def _workload(history: Session, part: str) -> None:
    asked, cases, people = {
        "all": (Slice(), lambda _case: True, lambda _user: True),
        "team": (Slice(team="kaunas"), lambda _case: True, lambda user: user.team_key == "kaunas"),
        "person": (Slice(person="ieva"), lambda _case: True, lambda user: user.login == "ieva"),
        "vip": (Slice(vip=True), lambda case: case.vip, lambda _user: True),
    }[part]
    books = Books(history, FIRST, LAST, cases)
    plain = Load(books, people)
    found = answer(history, "Q4", asked)
    rows = {row["key"]: row for row in found.rows}
    assert set(rows) == plain.people()
    for person, row in rows.items():
        own = [each for each in plain.open if each.assignee == person]
        ages = [books.days(each.created_at, books.now) for each in own]
        figures = {
            "key": person,
            "n": len(own),
            "overdue": plain.overdue(person),
            "age": sum(ages) / len(ages) if ages else None,
            "minutes": plain.minutes(person, 0),
            "available": plain.available(person, 0),
            "load": plain.load(person),
            **{f"load_{week}": plain.load(person, week) for week in range(1, 5)},
        }
        assert alike(row, figures), (row, figures)
    loads = [load for each in plain.selling() if (load := plain.load(each)) is not None]
    everybody = Load(books, lambda _user: True) if asked.person else plain
    queue = [] if asked.person or asked.team else [e for e in plain.open if e.assignee is None]
    held = [each for each in plain.open if each.assignee in plain.users]
    person = asked.person
    expected = plain.load(person) if person in plain.people() else plain.average()
    assert found.value == pytest.approx(expected)
    assert found.n == len(held) and found.interval is None
    facts = {
        "person": asked.person,
        "people": len(loads),
        "median": everybody.average(),
        "overdue": sum(map(plain.overdue, plain.people())),
        "open": len(held),
        "above": sum(load > 1 for load in loads),
        "queue": len(queue),
    }
    assert alike(found.facts, facts), (found.facts, facts)
    assert {each.task_id for each in found.places} == {each.id.hex for each in [*held, *queue]}
    assert found.place_count == len(held) + len(queue)


def _segments(history: Session, part: str) -> None:
    asked, keep = OF_CASES[part]
    assert asked.start is not None and asked.end is not None
    books = Books(history, asked.start, asked.end, keep)
    talks = first_talks(books, asked.person)
    plain = segments(talks)
    found = answer(history, "Q7", asked)
    n, interested = len(talks), sum(good for _traits, good in talks.values())
    assert found.facts["conversations"] == n and found.facts["tried"] == len(plain)
    assert found.facts["rate"] == (pytest.approx(interested / n) if n else None)
    for row in found.rows:
        same = plain[tuple(row["traits"].items())]
        assert (row["n"], row["interested"], row["clear"]) == (same.n, same.interested, same.clear)
        assert row["others"] == pytest.approx(same.others)
        assert row["share"] == pytest.approx(same.interested / same.n)
        assert row["interval"][0] == pytest.approx(same.low)
        assert row["chance"] == pytest.approx(same.chance)
    ahead = sorted((_margin(each) for each in plain.values()), reverse=True)[: len(found.rows)]
    margins = [_margin(plain[tuple(row["traits"].items())]) for row in found.rows]
    assert [each[1] for each in margins] == pytest.approx([each[1] for each in ahead])
    clear = {traits: each for traits, each in plain.items() if each.clear}
    assert found.facts["clear"] is bool(clear)
    if clear:
        _agrees_with_the_clear_one(found, clear, talks)
    else:
        assert found.value is None and found.n == n and found.places == []
        better = [each for each in plain.values() if each.interested / each.n > each.others]
        _agrees_with_the_hopeful_one(found, better, len(plain))


def _margin(segment: Segment) -> tuple[bool, float]:
    return segment.clear, segment.low - segment.others


def _agrees_with_the_hopeful_one(found: Answer, better: list[Segment], tried: int) -> None:
    if not better:
        assert found.facts["hopeful"] is None and found.facts["needed"] is None
        return
    [row] = [each for each in found.rows if each["key"] == found.facts["hopeful"]]
    most = max(better, key=lambda each: each.low - each.others)
    assert row["interval"][0] - row["others"] == pytest.approx(most.low - most.others)
    assert found.facts["needed"] == still_needed(most, tried)
    assert (found.facts["hopeful_share"], found.facts["hopeful_n"]) == (row["share"], row["n"])


def _agrees_with_the_clear_one(
    found: Answer, clear: dict[Traits, Segment], talks: dict[str, tuple[Traits, bool]]
) -> None:
    best = clear[tuple(found.rows[0]["traits"].items())]
    assert best.low - best.others == pytest.approx(max(e.low - e.others for e in clear.values()))
    assert (found.value, found.n) == (pytest.approx(best.interested / best.n), best.n)
    assert found.interval is not None and found.interval[0] == pytest.approx(best.low)
    assert found.facts["others"] == pytest.approx(best.others)
    inside = set(found.rows[0]["traits"].items())
    cases = {case for case, (traits, good) in talks.items() if good and inside <= set(traits)}
    assert {each.case_id for each in found.places} == cases
    assert found.place_count == best.interested == len(cases)


def _weakest_points(history: Session, part: str) -> None:
    asked, keep = OF_CASES[part]
    assert asked.start is not None and asked.end is not None
    books = Books(history, asked.start, asked.end, keep)
    plain = Money(books, _mine(asked))
    found = answer(history, "Q13", replace(asked, against="kaunas"))
    rows = {(row["process"], row["key"]): row for row in found.rows}
    worked = {key: step for key, step in plain.steps.items() if step.n}
    assert set(rows) == set(worked)
    for key, step in worked.items():
        told = {name: rows[key][name] for name in _parts(step)}
        assert alike(told, _parts(step)), (key, told, _parts(step))
    assert found.facts["months"] == pytest.approx(plain.months)
    assert found.facts["fall"] == pytest.approx(plain.fall)
    worst = worked[str(found.facts["process"]), str(found.facts["step"])]
    assert worst.money == pytest.approx(max(each.money for each in worked.values()))
    assert found.value == pytest.approx(worst.money) and found.n == worst.n
    key = str(found.facts["process"]), str(found.facts["step"])
    assert {each.task_id for each in found.places} == {e.id.hex for e in plain.closing[key]}
    assert found.place_count == worst.lost
    _months_agree(found, plain.monthly(key))
    _comparisons_agree(history, rows, plain, keep, asked)


def _mine(asked: Slice) -> Callable[[str | None], bool]:
    return lambda login: asked.person in (None, login)


def _months_agree(found: Answer, months: dict[date, float]) -> None:
    told = {each.month: each.value or 0.0 for each in found.trend}
    assert set(months) <= set(told)
    for month, value in told.items():
        assert value == pytest.approx(months.get(month, 0.0))


def _comparisons_agree(
    history: Session,
    rows: dict[tuple[str, str], dict[str, Any]],
    plain: Money,
    keep: Callable[[ProcessInstance], bool],
    asked: Slice,
) -> None:
    """With the last whole quarter, and with what the Kaunas team would make of as many steps."""
    ended = min(plain.books.end, LAST)
    quarter = {6: (4, 6), 8: (4, 6), 11: (7, 9)}[ended.month]
    first, last = date(2026, quarter[0], 1), date(2026, quarter[1], 30)
    before = Money(Books(history, first, last, keep), _mine(asked), plain)
    kaunas = select(User.login).where(User.team_key == "kaunas")
    team = set(history.scalars(kaunas))
    others = Money(plain.books, lambda login: login in team, plain)
    for key, row in rows.items():
        then, other = before.steps.get(key), others.steps.get(key)
        assert row["last_quarter"] == (pytest.approx(then.money) if then and then.n else None)
        as_many = other.money / other.n * row["n"] if other and other.n else None
        assert row["other_team"] == (None if as_many is None else pytest.approx(as_many))


def _parts(step: Step) -> dict[str, object]:
    return {
        "n": step.n,
        "money": step.money,
        "loss": step.loss,
        "delay": step.delay,
        "excess": step.excess,
        "rework": step.again,
        "lost": step.lost,
        "decided": step.lost + step.past,
        "passed_won": step.past_won / step.past if step.past else None,
        "time_kept": sum(step.kept) / len(step.kept) if step.kept else None,
        "cost_index": step.actual / step.standard if step.standard else None,
    }


def _improvement(history: Session, part: str) -> None:
    asked, keep = OF_CASES[part]
    assert asked.start is not None and asked.end is not None
    plain = Money(Books(history, asked.start, asked.end, keep), _mine(asked))
    found = answer(history, "Q14", asked)
    best = 0.0
    for row in found.rows:
        step = plain.steps[row["process"], row["key"]]
        contracts, value = raised(step, plain.months)
        best = max(best, value, step.delay * 3)
        assert row["n"] == step.lost + step.past
        assert row["contracts"] == pytest.approx(contracts)
        assert row["raise_value"] == pytest.approx(value)
        assert row["on_time_value"] == pytest.approx(step.delay * 3)
        assert row["needed"] == needed(step)
    assert Counter((row["process"], row["key"]) for row in found.rows) == Counter(
        key for key, step in plain.steps.items() if step.n
    )
    assert found.value == pytest.approx(best)
    assert found.n == found.rows[0]["n"]
    first = found.rows[0]
    by_time = first["on_time_value"] > first["raise_value"]
    assert found.facts["by_time"] is by_time
    _what_lies_behind_agrees(found, plain, (first["process"], first["key"]), by_time)


def _what_lies_behind_agrees(
    found: Answer, plain: Money, key: tuple[str, str], by_time: bool
) -> None:
    steps = plain.late(key) if by_time else plain.closing[key]
    assert {each.task_id for each in found.places} == {each.id.hex for each in steps}
    assert found.place_count == len(steps)
    part = plain.steps[key].delay if by_time else plain.steps[key].loss
    for whole in (
        sum(each.value or 0.0 for each in found.places),
        sum(each.value or 0.0 for each in found.trend),
    ):
        assert whole == pytest.approx(part * plain.months)
