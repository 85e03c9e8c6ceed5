"""Due timers, messages and signals: each happens once, and what fails holds up nothing else."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from broker_crm import clock, process
from broker_crm.db import connect, sessions
from broker_crm.engine import commands as engine
from broker_crm.process import jobs
from broker_crm.process.errors import ProcessStopped
from broker_crm.process.leases import BACK_OFF, LEASE
from broker_crm.process.models import Incident, PendingMessage, ProcessEvent, ProcessInstance, Timer
from tests.engine.diagrams import flows

from .office import open_tasks, publish, rows, step
from .test_one_transaction import begin

SIGNAL = '<bpmn:signal id="rates" name="rates-changed" />'
LISTENING = (
    '<bpmn:startEvent id="begin" /><bpmn:intermediateCatchEvent id="rate">'
    '<bpmn:signalEventDefinition signalRef="rates" /></bpmn:intermediateCatchEvent>'
    '<bpmn:exclusiveGateway id="dear" default="dear-cheap" />'
    + step("offer")
    + '<bpmn:endEvent id="cheap" /><bpmn:endEvent id="done" />'
    + flows("begin>rate", "rate>dear", "dear>offer: =premium > 100", "dear>cheap", "offer>done")
    + flows("offerReminder>offerReminded", "offerLate>offerEscalated")
)
THROWING = (
    '<bpmn:startEvent id="begin" />'
    + step("decide")
    + '<bpmn:endEvent id="tell"><bpmn:signalEventDefinition signalRef="rates" /></bpmn:endEvent>'
    + flows("begin>decide", "decide>tell")
    + flows("decideReminder>decideReminded", "decideLate>decideEscalated")
)


def sweep(office) -> process.leases.Swept:
    return process.fire_due_timers(office.factory)


def timers(office, *, parked: bool) -> list[Timer]:
    with office.factory() as session:
        return list(session.scalars(select(Timer).where(Timer.parked.is_(parked))))


def incidents(office) -> list[Incident]:
    with office.factory() as session:
        return process.open_incidents(session)


def events(office, kind: str) -> int:
    with office.factory() as session:
        return len(session.scalars(select(ProcessEvent).where(ProcessEvent.kind == kind)).all())


def breaks_for(case_id):
    """A reminder that fails for one case only."""

    def remind(call: jobs.JobCall) -> dict[str, object]:
        if call.case.id == case_id:
            raise ValueError("the reminder is broken")
        return {}

    return remind


def test_a_poisoned_timer_is_parked_and_the_others_fire(office):
    poisoned, _ = begin(office)
    for _ in range(12):
        begin(office)
    jobs.register("remind", breaks_for(poisoned))
    office.clock.advance(timedelta(days=2, hours=8))
    assert (sweep(office).fired, len(incidents(office))) == (12, 0)
    for wait in BACK_OFF:
        office.clock.advance(wait)
        sweep(office)
    (incident,) = incidents(office)
    assert incident.instance_id == poisoned and "the reminder is broken" in incident.message
    assert len(timers(office, parked=True)) == 1
    office.clock.advance(timedelta(hours=1))
    assert sweep(office) == process.leases.Swept(0, 0)
    jobs.register("remind", lambda _call: {})
    process.retry_incident(office.factory, incident.id, by="manager")
    assert timers(office, parked=True) == [] and events(office, "timer-fired") == 13


def test_a_failed_timer_rests_before_it_is_tried_again(office):
    begin(office)
    tried = []

    def remind(call: jobs.JobCall) -> dict[str, object]:
        tried.append(office.clock.now())
        raise ValueError("not yet")

    jobs.register("remind", remind)
    office.clock.advance(timedelta(days=2, hours=8))
    began = office.clock.now()
    for _ in range(20 * 60):
        sweep(office)
        office.clock.advance(timedelta(seconds=1))
    waits = [moment - began for moment in tried]
    assert waits == [timedelta(0), BACK_OFF[0], BACK_OFF[0] + BACK_OFF[1]]


def test_a_timer_of_a_damaged_state_is_parked_at_once_and_the_others_fire(office):
    damaged, _ = begin(office)
    begin(office)
    with office.factory.begin() as session:
        instance = session.get_one(ProcessInstance, damaged)
        whole, instance.state = instance.state, instance.state[:-1] + b"?"
    office.clock.advance(timedelta(days=2, hours=8))
    assert sweep(office) == process.leases.Swept(fired=1, failed=1)
    (incident,) = incidents(office)
    assert incident.instance_id == damaged and "checksum" in incident.message
    with office.factory.begin() as session:
        session.get_one(ProcessInstance, damaged).state = whole
    process.retry_incident(office.factory, incident.id, by="manager")
    assert events(office, "timer-fired") == 2


def test_what_one_worker_holds_another_leaves_alone(office):
    for _ in range(4):
        begin(office)
    office.clock.advance(timedelta(days=2, hours=8))
    seen_by_other = []

    def remind(_call: jobs.JobCall) -> dict[str, object]:
        other = threading.Thread(target=lambda: seen_by_other.append(sweep(office)))
        other.start()
        other.join(20)
        return {}

    jobs.register("remind", remind)
    assert sweep(office).fired == 4
    assert seen_by_other == [process.leases.Swept(0, 0)] * 4


def test_a_timer_that_kills_its_worker_is_parked_and_the_others_fire_once(office, database_url):
    deadly, _ = begin(office)
    for _ in range(9):
        begin(office)
    office.clock.advance(timedelta(days=2, hours=8))
    for _ in range(5):
        _sweep_in_a_process_of_its_own(office, database_url, deadly)
        office.clock.advance(LEASE + timedelta(seconds=1))
    assert events(office, "timer-fired") == 9
    (incident,) = incidents(office)
    assert incident.instance_id == deadly and "3 times" in incident.message
    process.retry_incident(office.factory, incident.id, by="manager")
    assert events(office, "timer-fired") == 10


def _sweep_in_a_process_of_its_own(office, database_url, deadly) -> None:
    office.engine.dispose()
    child = os.fork()
    if child == 0:

        def remind(call: jobs.JobCall) -> dict[str, object]:
            if call.case.id == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            return {}

        try:
            jobs.register("remind", remind)
            with clock.use(office.clock):
                process.fire_due_timers(sessions(connect(database_url)))
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_a_worker_told_to_stop_gives_back_what_it_has_not_tried(office):
    for _ in range(5):
        begin(office)
    office.clock.advance(timedelta(days=2, hours=8))
    stopped = process.fire_due_timers(office.factory, stopping=lambda: len(office.jobs) >= 2)
    assert stopped.fired == 2
    due = [timer for timer in timers(office, parked=False) if timer.due_at <= clock.now()]
    assert [(timer.attempts, timer.lease_until) for timer in due] == [(0, None)] * 3
    assert sweep(office).fired == 3


def test_a_signal_reaches_every_case_although_one_fails(office):
    publish(office.factory, office.folder, SIGNAL, listening=LISTENING, throwing=THROWING)
    well = [begin_listening(office, premium=200) for _ in range(3)]
    broken = begin_listening(office)
    _, decide = begin(office, "throwing")
    with office.factory.begin() as session:
        process.complete(session, decide, {"outcome": "yes"}, by="jonas")
    deliver_all(office)
    assert [len(open_tasks(office.factory, instance)) for instance in well] == [1, 1, 1]
    for wait in BACK_OFF:
        office.clock.advance(wait)
        process.deliver_pending(office.factory)
    (incident,) = incidents(office)
    assert incident.instance_id == broken and "premium" in incident.message
    with pytest.raises(ProcessStopped):
        process.retry_incident(office.factory, incident.id, by="manager")
    with office.factory.begin() as session:
        process.dismiss_incident(session, incident.id, by="manager")
    assert rows(office.engine, "pending_message") == 0
    assert rows(office.engine, "event_subscription") == 1


def test_a_signal_carries_only_what_was_mapped_for_it(office):
    mapped = THROWING.replace(
        '<bpmn:endEvent id="tell">',
        '<bpmn:endEvent id="tell"><bpmn:extensionElements><zeebe:ioMapping>'
        '<zeebe:input source="=7" target="rate" /></zeebe:ioMapping></bpmn:extensionElements>',
    )
    publish(office.factory, office.folder, SIGNAL, listening=LISTENING, telling=THROWING)
    publish(office.factory, office.folder, SIGNAL, mapping=mapped)
    for thrower, told in (("telling", {}), ("mapping", {"rate": 7})):
        listener = begin_listening(office, premium=200, client="own")
        with office.factory.begin() as session:
            variables = {"premium": 1, "client": "another's"}
            decide = process.start(session, thrower, variables, by="jonas").tasks[0].id
            process.complete(session, decide, {"outcome": "yes"}, by="jonas")
        deliver_all(office)
        with office.factory() as session:
            case = session.get_one(ProcessInstance, listener)
            kept = engine.variables(case.state, case.id)
        assert kept == {"premium": 200, "client": "own", **told}


def begin_listening(office, **variables):
    with office.factory.begin() as session:
        return process.start(session, "listening", variables, by="jonas").instance.id


def deliver_all(office) -> None:
    while process.deliver_pending(office.factory).fired or rows_fresh(office):
        pass


def rows_fresh(office) -> bool:
    with office.factory() as session:
        fresh = select(PendingMessage.id).where(PendingMessage.attempts == 0)
        return session.scalar(fresh) is not None


def test_a_signal_is_delivered_once_however_many_workers_sweep(office):
    publish(office.factory, office.folder, SIGNAL, listening=LISTENING)
    cases = [begin_listening(office, premium=200) for _ in range(8)]
    with office.factory.begin() as session:
        assert process.broadcast(session, "rates-changed", {"rate": 3}) == 8
    workers = [
        threading.Thread(target=process.deliver_pending, args=(office.factory,)) for _ in range(6)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [len(open_tasks(office.factory, case)) for case in cases] == [1] * 8
    assert rows(office.engine, "pending_message") == 0
