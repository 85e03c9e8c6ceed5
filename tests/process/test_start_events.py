"""Processes begin with the message or signal that their start event names, once for each."""

from __future__ import annotations

import threading

from sqlalchemy import select

from broker_crm import process
from broker_crm.engine import commands as engine
from broker_crm.process import duties
from broker_crm.process.models import ProcessInstance
from tests.engine.diagrams import flows

from .office import publish, rows, step
from .test_due_work import SIGNAL, THROWING, deliver_all

MESSAGE = '<bpmn:message id="asked" name="offer-asked" />'


def begins_with(event: str) -> str:
    return (
        f'<bpmn:startEvent id="begin">{event}</bpmn:startEvent>'
        + step("offer")
        + '<bpmn:endEvent id="done" />'
        + flows("begin>offer", "offer>done")
        + flows("offerReminder>offerReminded", "offerLate>offerEscalated")
    )


BY_SIGNAL = begins_with('<bpmn:signalEventDefinition signalRef="rates" />')
BY_MESSAGE = begins_with('<bpmn:messageEventDefinition messageRef="asked" />')


def instances(office, key: str) -> list[ProcessInstance]:
    with office.factory() as session:
        of_process = select(ProcessInstance).where(ProcessInstance.process_key == key)
        return list(session.scalars(of_process))


def test_a_thrown_signal_starts_every_process_that_begins_with_it(office):
    publish(office.factory, office.folder, SIGNAL, first=BY_SIGNAL, second=BY_SIGNAL)
    publish(office.factory, office.folder, SIGNAL, telling=THROWING)
    with office.factory.begin() as session:
        decide = process.start(session, "telling", {}, by="jonas").tasks[0].id
        process.complete(session, decide, {"outcome": "yes"}, by="jonas")
    deliver_all(office)
    assert len(instances(office, "first")) == len(instances(office, "second")) == 1
    assert rows(office.engine, "pending_message") == 0


def test_one_signal_starts_one_instance_however_many_workers_sweep(office):
    publish(office.factory, office.folder, SIGNAL, repricing=BY_SIGNAL)
    with office.factory.begin() as session:
        for rate in range(5):
            assert process.broadcast(session, "rates-changed", {"rate": rate}) == 1
    workers = [
        threading.Thread(target=process.deliver_pending, args=(office.factory,)) for _ in range(6)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    started = instances(office, "repricing")
    assert sorted(engine.variables(each.state)["rate"] for each in started) == [0, 1, 2, 3, 4]


def test_a_message_that_nobody_awaits_starts_the_process_that_begins_with_it(office):
    publish(office.factory, office.folder, MESSAGE, asking=BY_MESSAGE)
    with office.factory.begin() as session:
        assert process.send_message(session, "offer-asked", "7", {"client": 7}, by="jonas") == 1
        assert process.send_message(session, "unheard-of", "7", {}, by="jonas") == 0
    (started,) = instances(office, "asking")
    assert (started.started_by, engine.variables(started.state)) == ("jonas", {"client": 7})


def test_a_duty_that_fails_does_not_hold_up_the_others(office, monkeypatch):
    monkeypatch.setattr(duties, "_duties", {})

    def fails(factory, stopping):
        raise ValueError("broken")

    duties.register("first", fails)
    duties.register("second", lambda factory, stopping: 3)
    assert duties.carry_out(office.factory) == {"first": 0, "second": 3}
    assert duties.carry_out(office.factory, lambda: True) == {}
