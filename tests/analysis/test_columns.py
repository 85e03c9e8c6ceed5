"""The columns follow the database: at once, whoever writes, and only what changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process
from broker_crm.analysis import reading
from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.mirror import columns
from broker_crm.analysis.questions import answer
from broker_crm.analysis.slices import Slice
from broker_crm.analysis.tables import ColumnTables
from broker_crm.crm import cases, erasure
from broker_crm.crm.models import Client, Product
from broker_crm.process.models import ProcessEvent, UserTask
from broker_crm.process.steering import pausing

from .story import Story

ALL = Slice()


@pytest.fixture
def step(factory: sessionmaker[Session]) -> UserTask:
    """The first call of a sale, and the rest of the brokerage untouched."""
    with factory.begin() as session:
        ours = select(Client).where(Client.kind == "legal", Client.owner.is_not(None))
        client = session.scalars(ours.order_by(Client.id)).first()
        product = session.scalars(select(Product).where(Product.complexity == "B")).first()
        assert client is not None and product is not None and client.owner is not None
        started = cases.start_case(
            session,
            "new-client-sale",
            {"clientId": client.id, "productId": product.id},
            by=client.owner,
        )
        return session.scalars(
            select(UserTask).where(UserTask.instance_id == started.instance.id)
        ).one()


def counted(factory: sessionmaker[Session]) -> dict[str, int]:
    with factory() as session, columns(session) as (cursor, _office):
        rows = cursor.execute("SELECT status, count(*) FROM task GROUP BY 1").fetchall()
        return dict(rows)


def test_an_answer_knows_of_the_last_completion(
    factory: sessionmaker[Session], step: UserTask
) -> None:
    assert counted(factory) == {"open": 1}
    with factory.begin() as session:
        values = {
            "introLetterOutcome": "send",
            "letterLanguage": "lt",
            "recipientEmail": "info@klientas.example",
        }
        by = step.assignee or "jonas"
        process.complete(session, step.id, values, by=by)
    assert counted(factory) == {"completed": 1, "open": 1}


@pytest.mark.damages
def test_words_never_met_before_are_learnt_on_the_way(
    factory: sessionmaker[Session], step: UserTask
) -> None:
    counted(factory)
    with factory.begin() as session:
        task = session.get_one(UserTask, step.id)
        task.step, task.outcome = "a-step-of-tomorrow", "never-told"
        session.add(_event(step, kind="element-passed"))
    with factory() as session, columns(session) as (cursor, _office):
        told = cursor.execute("SELECT step, outcome, status, process FROM task").fetchall()
    assert told == [("a-step-of-tomorrow", "never-told", "open", "new-client-sale")]


def test_what_was_rolled_back_is_not_answered(
    factory: sessionmaker[Session], step: UserTask
) -> None:
    counted(factory)
    with factory() as session:
        process.cancel(session, step.instance_id, "bandymas", by="manager")
        session.rollback()
    assert counted(factory) == {"open": 1}


def test_columns_that_could_not_be_read_whole_are_read_again(
    factory: sessionmaker[Session], step: UserTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_told: object) -> None:
        raise TimeoutError

    with monkeypatch.context() as broken, pytest.raises(TimeoutError):
        broken.setattr(reading, "tasks", cut_off)
        counted(factory)
    assert counted(factory) == {"open": 1}


def test_what_was_erased_is_in_the_columns_no_more(
    factory: sessionmaker[Session], step: UserTask
) -> None:
    def reasons() -> list[str | None]:
        with factory() as session, columns(session) as (cursor, _office):
            return [row[0] for row in cursor.execute("SELECT reason FROM case_file").fetchall()]

    with factory.begin() as session:
        process.cancel(session, step.instance_id, "Ona Onaitė išvyko", by="manager")
    assert reasons() == ["Ona Onaitė išvyko"]
    with factory.begin() as session:
        erasure.erase_case(session, step.instance_id, by="compliance")
    assert reasons() == [None]


@pytest.mark.damages
def test_an_event_that_another_transaction_commits_late_is_not_missed(
    factory: sessionmaker[Session], step: UserTask
) -> None:
    """On PostgreSQL numbers are given before the commit, so a smaller one may appear later."""
    if factory.kw["bind"].dialect.name != "postgresql":
        pytest.skip("SQLite has one writer, and numbers in the order of commits")
    counted(factory)
    with factory() as slow:
        task = slow.get_one(UserTask, step.id)
        task.status, task.completed_at = "completed", clock.now()
        slow.add(_event(step))
        slow.flush()
        with factory.begin() as quick:
            quick.add(_event(step, kind="element-passed"))
        assert counted(factory) == {"open": 1}
        slow.commit()
    assert counted(factory) == {"completed": 1}


def _event(step: UserTask, kind: str = "task-completed") -> ProcessEvent:
    return ProcessEvent(
        instance_id=step.instance_id,
        version_id=step.version_id,
        kind=kind,
        at=clock.now(),
        task_id=step.id,
    )


def test_lateness_of_an_open_step_grows_with_the_clock(
    factory: sessionmaker[Session], step: UserTask, simulated: clock.SimulatedClock
) -> None:
    assert step.due_at is not None
    simulated.set(step.due_at)
    with factory() as session:
        assert answer(session, "Q2", ALL).n == 0
    simulated.advance(timedelta(days=7))
    with factory() as session:
        found = answer(session, "Q2", ALL)
    assert (found.n, found.facts["late"], found.facts["mean"]) == (1, 1, 5)
    assert [place.task_id for place in found.places] == [step.id.hex]


def test_days_late_are_shared_between_those_who_held_the_step(
    factory: sessionmaker[Session], step: UserTask, simulated: clock.SimulatedClock
) -> None:
    assert step.due_at is not None and step.assignee is not None
    other = "ruta" if step.assignee != "ruta" else "darius"
    simulated.set(step.due_at + timedelta(days=7))
    with factory.begin() as session:
        process.reassign(session, step.id, other, by="manager")
    simulated.advance(timedelta(days=2))
    with factory() as session:
        rows = {row["key"]: row for row in answer(session, "Q2", ALL).rows}
    assert rows[step.assignee]["mean"] == 5
    assert rows[other]["mean"] == 2


def test_a_pause_is_in_gross_lateness_only(
    factory: sessionmaker[Session], step: UserTask, simulated: clock.SimulatedClock
) -> None:
    assert step.due_at is not None and step.assignee is not None
    with factory.begin() as session:
        pausing.pause(session, step.id, "waiting-for-client", by="manager")
    simulated.advance(timedelta(days=14))
    with factory.begin() as session:
        pausing.resume(session, step.id, by="manager")
    with factory() as session:
        due = session.get_one(UserTask, step.id).due_at
    assert due is not None
    simulated.set(due + timedelta(days=7))
    with factory() as session:
        facts = answer(session, "Q2", ALL).facts
    assert facts["mean"] == 5
    assert facts["gross_mean"] == 15
    assert facts["moved"] == 1


@pytest.mark.damages
def test_who_had_no_conversations_is_not_told_what_the_others_achieve(
    factory: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("broker_crm.analysis.questions.efficiency"), "SMALL", 1)
    with factory.begin() as session:
        Story(session, 0)
    with factory() as session:
        everybody, nobody = answer(session, "Q5", ALL), answer(session, "Q5", Slice(person="asta"))
        own = next(iter(everybody.rows))
        of_team = answer(session, "Q5", Slice(person=own["key"]), "team")
    assert everybody.value is not None
    assert (nobody.value, nobody.n, nobody.facts["median"]) == (None, 0, everybody.value)
    assert (of_team.value, of_team.n) == (own["ratio"], own["n"])


@pytest.mark.damages
def test_who_asks_sees_one_moment_whatever_others_read_in_meanwhile(
    factory: sessionmaker[Session], step: UserTask
) -> None:
    with factory.begin() as session:
        client = session.scalars(select(Client).where(Client.owner.is_not(None))).first()
        product = session.scalars(select(Product)).first()
        assert client is not None and product is not None and client.owner is not None
        told = {"clientId": client.id, "productId": product.id}
        cases.start_case(session, "new-client-sale", told, by=client.owner)
    with _looking(factory) as session, ledger(session) as asked:
        asked.keep("chosen", "SELECT case_no, case_id FROM case_file", {})
        numbers = {row["case_id"]: row["case_no"] for row in asked.rows("FROM chosen", {})}
        first = min(numbers, key=lambda each: numbers[each])
        with factory.begin() as other:
            task = other.scalars(select(UserTask).where(UserTask.instance_id == UUID(first))).one()
            task.step = "a-step-of-tomorrow"
            other.add(_event(task, kind="element-passed"))
        with _looking(factory) as other, ledger(other) as later:
            now = {row["step"] for row in later.rows("SELECT step FROM task", {})}
        assert "a-step-of-tomorrow" in now
        before = {row["step"] for row in asked.rows("SELECT step FROM task", {})}
        assert "a-step-of-tomorrow" not in before
        found = asked.places(
            "SELECT case_no, NULL::INTEGER AS task_no, NULL AS value FROM chosen", {}
        )
        assert {each.case_id for each in found} == set(numbers)


def test_words_that_could_not_be_learnt_are_learnt_the_next_time() -> None:
    tables = ColumnTables()
    said = "SELECT 'a' AS case_id, {} AS process"
    tables.arrive({"case_file": said.format("'one'")})
    with tables.at_once():
        tables.keep()
    learnt = tables.words
    kept = ColumnTables._list
    with pytest.MonkeyPatch.context() as patch, pytest.raises(TimeoutError):
        patch.setattr(ColumnTables, "_list", lambda self, words: _cut_off(kept, self, words))
        tables.arrive({"case_file": said.format("'two'")})
    assert tables.words == learnt
    tables.arrive({"case_file": said.format("'one'")})
    with tables.at_once():
        tables.clear()
        tables.keep()
    rows = tables.connection.execute("SELECT process FROM case_file").fetchall()
    assert rows == [("one",)]


def _cut_off(kept: Any, tables: ColumnTables, words: frozenset[str]) -> None:
    kept(tables, words)
    raise TimeoutError


@contextmanager
def _looking(factory: sessionmaker[Session]) -> Iterator[Session]:
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        yield session
