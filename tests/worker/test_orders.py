"""Orders of those who steer that something interrupted are finished by the worker itself."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from broker_crm.process import steering
from broker_crm.process.models import UserTask
from broker_crm.process.steering import Action, Order, SteeringRow, Subject, batches
from tests.worker.conftest import House


def test_a_sweep_finishes_what_was_interrupted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.begin_sale()
    with house.factory() as session:
        newest = select(UserTask).where(UserTask.status == "open")
        task = session.scalars(newest.order_by(UserTask.created_at.desc())).first()
        assert task is not None
    order = Order(Action.PAUSE, {"why": "client-absent"}, "", "manager")
    with monkeypatch.context() as killed:
        killed.setattr(batches, "_one", lambda *_: 0)
        steering.give_order(house.factory, uuid4(), [Subject(task.instance_id, task.id)], order)
    house.clock.advance(timedelta(minutes=2))
    assert house.sweep()["orders"] == 1
    with house.factory() as session:
        assert session.scalars(select(SteeringRow.state)).all() == ["done"]
        assert session.get_one(UserTask, task.id).pause_reason == "client-absent"
