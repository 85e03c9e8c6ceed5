"""Orders for many tasks: seen before, done one by one, once only, and taken back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from broker_crm import process
from broker_crm.process import steering
from broker_crm.process.errors import NotAllowed
from broker_crm.process.models import UserTask
from broker_crm.process.steering import (
    Action,
    Order,
    RowState,
    SteeringRow,
    Subject,
    batches,
    unfinished,
)

from .office import rows
from .test_one_transaction import begin, complete
from .test_steering import DUE, task


def subject(office, task_id) -> Subject:
    return Subject(task(office, task_id).instance_id, task_id)


def order(action, reason="Jonas serga", by="manager", **arguments) -> Order:
    return Order(action, arguments, reason, by)


def states(office, key) -> list[str]:
    with office.factory() as session:
        found = select(SteeringRow.state).where(SteeringRow.batch_id == key)
        return list(session.scalars(found.order_by(SteeringRow.place)))


def reasons(office, key) -> list[str | None]:
    with office.factory() as session:
        found = select(SteeringRow).where(SteeringRow.batch_id == key)
        ordered = session.scalars(found.order_by(SteeringRow.place))
        return [row.reason and row.reason["code"] for row in ordered]


def give(office, tasks, what, key=None) -> UUID:
    key = key or uuid4()
    steering.give_order(office.factory, key, [subject(office, each) for each in tasks], what)
    return key


@pytest.fixture
def three(office) -> list[UUID]:
    """Two open tasks and one that is done."""
    tasks = [begin(office)[1] for _ in range(3)]
    complete(office, tasks[1], outcome="no")
    return tasks


def test_a_preview_tells_of_each_task_and_changes_nothing(office, three):
    before = rows(office.engine, "process_event")
    found = steering.preview(
        office.factory,
        [subject(office, each) for each in three],
        order(Action.DUE_LATER, days=2),
    )
    assert [each.kind for each in found] == ["task-due-changed", None, "task-due-changed"]
    assert getattr(found[1].error, "code", "") == "task-already-completed"
    assert rows(office.engine, "process_event") == before
    assert task(office, three[0]).due_at == DUE


def test_a_preview_of_spreading_shows_who_gets_which(office, three):
    found = steering.preview(
        office.factory,
        [subject(office, each) for each in (three[0], three[2])],
        order(Action.SPREAD),
    )
    assert {each.value["to"] for each in found} == {"jonas", "ruta"}


def test_one_that_fails_holds_up_none_of_the_others(office, three):
    key = give(office, three, order(Action.HAND_OVER, to="ruta"))
    assert states(office, key) == ["done", "refused", "done"]
    assert reasons(office, key) == [None, "task-already-completed", None]
    assert task(office, three[0]).assignee == task(office, three[2]).assignee == "ruta"


def test_the_same_preview_sent_twice_does_nothing_twice(office, three):
    key = give(office, three, order(Action.DUE_LATER, days=1))
    due = task(office, three[0]).due_at
    give(office, three, order(Action.DUE_LATER, days=1), key)
    assert task(office, three[0]).due_at == due
    assert rows(office.engine, "steering_batch") == 1


def test_what_an_interrupted_order_left_is_done_by_sending_it_again(office, three, monkeypatch):
    one = batches._one
    monkeypatch.setattr(batches, "_one", lambda *_: 0)
    key = give(office, three, order(Action.PAUSE, why="client-absent"))
    assert states(office, key) == ["new", "new", "new"]
    monkeypatch.setattr(batches, "_one", one)
    steering.carry_out(office.factory, key, by="manager")
    assert states(office, key) == ["done", "refused", "done"]


def test_an_order_is_taken_back_where_nothing_came_after_it(office, three):
    key = give(office, three, order(Action.HAND_OVER, to="ruta"))
    with office.factory.begin() as session:
        process.reassign(session, three[2], "jonas", by="manager")
    steering.undo_order(office.factory, key, by="manager")
    assert states(office, key) == ["undone", "refused", "kept"]
    assert reasons(office, key)[2] == "cannot-undo"
    assert task(office, three[0]).assignee is None and task(office, three[2]).assignee == "jonas"
    steering.undo_order(office.factory, key, by="manager")
    assert states(office, key) == ["undone", "refused", "kept"]


def test_what_an_interrupted_taking_back_left_is_taken_back_by_going_on(office, three, monkeypatch):
    key = give(office, three, order(Action.HAND_OVER, to="ruta"))
    one = batches._one
    monkeypatch.setattr(batches, "_one", lambda *_: 0)
    steering.undo_order(office.factory, key, by="manager")
    assert states(office, key) == ["undoing", "refused", "undoing"]
    monkeypatch.setattr(batches, "_one", one)
    steering.carry_out(office.factory, key, by="manager")
    assert states(office, key) == ["undone", "refused", "undone"]
    assert task(office, three[0]).assignee is None


def test_what_was_not_done_before_an_order_was_taken_back_is_not_done_later(
    office, three, monkeypatch
):
    one, calls = batches._one, iter([True])
    monkeypatch.setattr(batches, "_one", lambda *told: one(*told) if next(calls, False) else 0)
    key = give(office, three, order(Action.HAND_OVER, to="ruta"))
    assert states(office, key) == ["done", "new", "new"]
    monkeypatch.setattr(batches, "_one", one)
    steering.undo_order(office.factory, key, by="manager")
    steering.carry_out(office.factory, key, by="manager")
    assert states(office, key) == ["undone", "undone", "undone"]
    assert task(office, three[2]).assignee is None


@pytest.mark.parametrize(
    ("action", "arguments", "undone"),
    [
        (Action.HAND_OVER, {"to": "ruta"}, RowState.UNDONE),
        (Action.SPREAD, {}, RowState.UNDONE),
        (Action.DUE_LATER, {"days": 3}, RowState.UNDONE),
        (Action.DUE_ON, {"day": "2026-12-01"}, RowState.UNDONE),
        (Action.PAUSE, {"why": "client-absent"}, RowState.UNDONE),
        (Action.CANCEL, {}, RowState.KEPT),
        (Action.MOVE, {"to": "meet"}, RowState.UNDONE),
        (Action.CORRECT, {"name": "staff", "value": 7}, RowState.UNDONE),
    ],
)
def test_every_action_is_ordered_and_taken_back_but_for_the_end_of_a_case(
    office, action, arguments, undone
):
    _, call = begin(office, staff=5)
    key = give(office, [call], order(action, **arguments))
    assert states(office, key) == [RowState.DONE]
    steering.undo_order(office.factory, key, by="manager")
    assert states(office, key) == [undone]


def test_arguments_that_can_not_be_read_are_refused_for_each(office):
    _, call = begin(office)
    for what in (
        order(Action.DUE_ON, day="soon"),
        order(Action.DUE_LATER, days="two"),
        order(Action.DUE_LATER, days=-30),
        order(Action.HAND_OVER),
        order(Action.PAUSE, why="holiday"),
        order(Action.MOVE, to="nowhere"),
    ):
        key = give(office, [call], what)
        assert states(office, key) == [RowState.REFUSED], what


def test_only_those_who_steer_order(office):
    _, call = begin(office)
    with pytest.raises(NotAllowed):
        give(office, [call], order(Action.HAND_OVER, by="jonas", to="ruta"))
    with pytest.raises(NotAllowed):
        steering.preview(office.factory, [], order(Action.SPREAD, by="jonas"))
    with office.factory() as session:
        assert session.scalars(select(UserTask.assignee)).all() == [None]


def test_workers_go_on_with_what_was_interrupted_and_leave_what_is_under_way(
    office, three, monkeypatch
):
    one = batches._one
    monkeypatch.setattr(batches, "_one", lambda *_: 0)
    key = give(office, three, order(Action.HAND_OVER, to="ruta"))
    monkeypatch.setattr(batches, "_one", one)
    office.clock.advance(timedelta(seconds=50))
    assert unfinished.carry_on(office.factory) == 0
    office.clock.advance(timedelta(minutes=1))
    assert unfinished.carry_on(office.factory, lambda: True) == 0
    assert states(office, key) == ["new", "new", "new"]
    assert unfinished.carry_on(office.factory) == 3
    assert states(office, key) == ["done", "refused", "done"]
    assert unfinished.carry_on(office.factory) == 0


def test_workers_go_on_with_taking_back(office, three, monkeypatch):
    key = give(office, three, order(Action.HAND_OVER, to="ruta"))
    one = batches._one
    monkeypatch.setattr(batches, "_one", lambda *_: 0)
    steering.undo_order(office.factory, key, by="manager")
    monkeypatch.setattr(batches, "_one", one)
    office.clock.advance(timedelta(minutes=2))
    assert unfinished.carry_on(office.factory) == 2
    assert states(office, key) == ["undone", "refused", "undone"]


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        (Action.HAND_OVER, {"to": "ruta"}),
        (Action.SPREAD, {}),
        (Action.DUE_LATER, {"days": 2}),
        (Action.DUE_ON, {"day": "2026-12-01"}),
        (Action.PAUSE, {"why": "client-absent"}),
        (Action.CANCEL, {}),
        (Action.MOVE, {"to": "meet"}),
        (Action.CORRECT, {"name": "staff", "value": 7}),
    ],
)
def test_a_task_is_steered_under_its_own_case_only(office, action, arguments):
    case, _call = begin(office, staff=5)
    _other, foreign = begin(office)
    for wrong in (foreign, uuid4()):
        key, crafted = uuid4(), Subject(case, wrong)
        (seen,) = steering.preview(office.factory, [crafted], order(action, **arguments))
        assert seen.error is not None
        steering.give_order(office.factory, key, [crafted], order(action, **arguments))
        assert states(office, key) == [RowState.REFUSED]
    assert task(office, foreign).assignee is None and task(office, foreign).due_at == DUE


def test_what_a_database_can_not_keep_is_refused_and_stops_no_worker(office, three, monkeypatch):
    one = batches._one
    monkeypatch.setattr(batches, "_one", lambda *_: 0)
    key = give(office, three[:1], order(Action.HAND_OVER, to="ru\0ta"))
    after = give(office, three[2:], order(Action.HAND_OVER, to="ruta"))
    monkeypatch.setattr(batches, "_one", one)
    office.clock.advance(timedelta(minutes=2))
    assert unfinished.carry_on(office.factory) == 2
    assert (states(office, key), states(office, after)) == (["refused"], ["done"])
    assert reasons(office, key) in (["invalid-submission"], ["no-such-person"])
