"""A sweep does what is due once, and what fails holds up nothing else."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from broker_crm import process, worker
from broker_crm.crm.cases import start_case
from broker_crm.outreach.models import Letter, Notification
from broker_crm.process.models import Incident, ProcessEvent, ProcessInstance, Timer
from broker_crm.web import create_app
from tests.outreach.mail_server import MailServer

from .conftest import House


def test_a_sweep_sends_letters_and_reminds_once(house: House) -> None:
    assert house.sweep()["letters"] == 1
    assert set(house.sweep().values()) == {0}
    house.clock.advance(timedelta(days=2, hours=9))
    assert house.sweep()["fired"] == 1
    assert house.count(Notification, Notification.kind == "reminder") == 1
    assert house.sweep()["fired"] == 0
    house.clock.advance(timedelta(days=9))
    assert house.sweep()["fired"] >= 2
    with house.factory() as session:
        escalated = session.scalars(
            select(Notification.login).where(Notification.kind == "escalation")
        ).all()
    assert "manager" in escalated
    assert house.letters("sent") == house.count(Letter) == 1


def test_health_knows_a_worker_that_fell_silent(house: House) -> None:
    visitor = create_app(house.settings).test_client()

    def worker_is() -> tuple[object, object]:
        body = visitor.get("/health").json or {}
        return body["worker"], body["worker_seen_seconds_ago"]

    assert worker_is() == ("late", None)
    house.sweep()
    house.clock.advance(timedelta(minutes=3))
    assert worker_is() == ("ok", 180)
    house.clock.advance(timedelta(minutes=3))
    assert worker_is() == ("late", 360)


def test_a_poisoned_timer_is_parked_with_an_incident_and_blocks_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.factory.begin() as session:
        first = session.scalars(select(ProcessInstance)).one()
        owner = first.owner or ""
        about = {"clientId": first.client_id, "productId": first.product_id}
        second = start_case(session, "new-client-sale", about, by=owner).instance.id
    real = process.timers.fire_timer

    def poisoned(session: Any, timer_id: Any) -> Any:
        timer = session.get(Timer, timer_id)
        if timer is not None and timer.instance_id == second:
            raise KeyError("poison")
        return real(session, timer_id)

    monkeypatch.setattr(process.timers, "fire_timer", poisoned)
    house.clock.advance(timedelta(days=2, hours=9))
    assert house.sweep()["fired"] == 1
    for _ in range(4):
        house.clock.advance(timedelta(minutes=11))
        house.sweep()
    assert house.count(Incident) == house.count(Timer, Timer.parked.is_(True)) >= 1
    with house.factory.begin() as session:
        session.execute(update(Timer).values(parked=False, attempts=0))


def test_two_workers_at_once_do_each_thing_once(house: House, server: MailServer) -> None:
    house.environment["SMTP_URL"] = server.url
    house.clock.advance(timedelta(days=2, hours=9))
    start = Barrier(2)
    done: list[dict[str, int]] = []

    def work() -> None:
        start.wait()
        done.append(house.sweep())

    workers = [Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sum(each["letters"] for each in done) == len(server.accepted) == 1
    assert house.count(ProcessEvent, ProcessEvent.kind == "reminded") == 1
    assert house.count(Notification) == 1


def test_a_sweep_that_fails_is_followed_by_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    stopped = Event()

    def fails_once() -> dict[str, int]:
        tried.append(1)
        if len(tried) == 2:
            stopped.set()
            return {}
        raise RuntimeError("unexpected")

    monkeypatch.setattr(worker, "_sweep_here", fails_once)
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.01)
    worker._sweep_until(stopped)
    assert len(tried) == 2
