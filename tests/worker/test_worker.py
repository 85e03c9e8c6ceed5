"""The worker does what is due once: on the bell, by itself, with and without Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import psutil
import pytest
from redis import Redis
from rq.serializers import JSONSerializer
from sqlalchemy import func, select, update

from broker_crm import clock, process, settings, worker
from broker_crm.bell import Bell, connection, queue
from broker_crm.composition import compose
from broker_crm.crm.cases import start_case
from broker_crm.crm.models import Client, Consent, Product
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.heartbeat import seconds_since_beat
from broker_crm.outreach.models import Letter, Notification, OutboxEntry
from broker_crm.process.check import violations
from broker_crm.process.models import Incident, ProcessEvent, ProcessInstance, Timer
from broker_crm.sample import seed

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
LETTER = {
    "introLetterOutcome": "send",
    "letterLanguage": "lt",
    "recipientEmail": "info@klientas.example",
}


class House:
    """A brokerage with one sale begun, and its worker's means."""

    def __init__(self, url: str, folder: Path, simulated: clock.SimulatedClock) -> None:
        self.environment = {
            "BROKER_CRM_DATA_DIR": str(folder),
            "DATABASE_URL": url,
            "BROKER_CRM_DEMO": "1",
        }
        self.settings = settings.load(self.environment)
        self.engine = connect(url)
        self.factory = sessions(self.engine)
        self.clock = simulated

    def sweep(self) -> dict[str, int]:
        return worker.sweep(self.factory, self.settings)

    def count(self, table: type[Any], *where: Any) -> int:
        with self.factory() as session:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    simulated = clock.SimulatedClock(MONDAY)
    made = House(database_url, tmp_path, simulated)
    compose()
    with clock.use(simulated):
        with made.factory.begin() as session:
            publish_folder(session, ROOT)
        seed(made.factory, made.settings, history=False)
        with made.factory.begin() as session:
            client = session.scalars(
                select(Client)
                .join(Consent)
                .where(Client.kind == "legal", Client.owner.is_not(None), Client.vip.is_(False))
                .order_by(Client.id)
            ).first()
            product = session.scalars(select(Product).where(Product.key == "liability")).one()
            assert client is not None and client.owner is not None
            about = {"clientId": client.id, "productId": product.id}
            started = start_case(session, "new-client-sale", about, by=client.owner)
            process.complete(session, started.tasks[0].id, LETTER, by=client.owner)
        yield made
        with made.factory() as session:
            assert list(violations(session)) == []
    made.engine.dispose()


def test_a_sweep_sends_letters_and_reminds_once(house: House) -> None:
    assert house.sweep()["letters"] == 1
    assert house.sweep() == {"fired": 0, "failed": 0, "delivered": 0, "letters": 0}
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
    assert house.count(OutboxEntry, OutboxEntry.state == "sent") == house.count(Letter) == 1


def test_the_heart_beats_with_every_sweep(house: House) -> None:
    house.sweep()
    house.clock.advance(timedelta(minutes=3))
    with house.factory() as session:
        assert seconds_since_beat(session) == 180


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
        house.sweep()
    assert house.count(Incident) == house.count(Timer, Timer.parked.is_(True)) >= 1
    with house.factory.begin() as session:
        session.execute(update(Timer).values(parked=False, attempts=0))


def test_two_workers_at_once_do_each_thing_once(house: House) -> None:
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
    assert sum(each["letters"] for each in done) == 1
    assert house.count(OutboxEntry, OutboxEntry.state == "sent") == 1
    assert house.count(ProcessEvent, ProcessEvent.kind == "reminded") == 1
    assert house.count(Notification) == 1


def test_the_bell_wakes_a_worker(
    house: House, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_workplace", lambda: (house.factory, house.settings))
    assert Bell(redis_url).ring()
    with Redis.from_url(redis_url) as client:
        assert b"personal" not in b"".join(client.keys())
    listening = worker.BellWorker(
        [queue(redis_url)], connection=connection(redis_url), serializer=JSONSerializer
    )
    listening.work(burst=True, logging_level="WARNING")
    assert house.count(OutboxEntry, OutboxEntry.state == "sent") == 1


@pytest.mark.parametrize("url", [None, "redis://127.0.0.1:1/0", "unix:///nowhere/redis.sock"])
def test_without_redis_the_bell_is_silent_and_the_sweep_works(
    house: House, url: str | None
) -> None:
    assert not Bell(url).ring()
    assert house.sweep()["letters"] == 1


def eventually(true: Callable[[], bool], patience: float = 40) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.2)
    return False


@pytest.mark.parametrize("redis_is", ["there", "away"])
def test_the_process_works_by_itself_and_ends_when_told(
    house: House, redis_url: str, redis_is: str
) -> None:
    address = redis_url if redis_is == "there" else "redis://127.0.0.1:1/0"
    environment = {**os.environ, **house.environment, "REDIS_URL": address}
    running = subprocess.Popen(
        [sys.executable, str(ROOT / "worker.py")], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        assert eventually(lambda: house.count(OutboxEntry, OutboxEntry.state == "sent") == 1), (
            "the letter was not sent"
        )
        children = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
        assert not [child for child in children if child.is_running()]
    finally:
        running.kill()
        running.wait()


def test_a_sweep_that_fails_is_followed_by_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event

    tried: list[int] = []
    stopped = Event()

    def fails_once() -> dict[str, int]:
        tried.append(1)
        if len(tried) == 2:
            stopped.set()
            return {}
        raise RuntimeError("unexpected")

    monkeypatch.setattr(worker, "sweep_job", fails_once)
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.01)
    worker._sweep_until(stopped)
    assert len(tried) == 2
