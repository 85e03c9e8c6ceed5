"""Three hosts share one database and one Redis; hosts, cables and servers fail, work goes on."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, readings, settings
from broker_crm.composition import compose
from broker_crm.crm.cases import start_case
from broker_crm.crm.models import Client, Consent, Product
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.integrity import broken
from broker_crm.outreach.models import Notification, OutboxEntry
from broker_crm.process.models import ProcessEvent, TaskStatus, UserTask
from broker_crm.sample import seed
from broker_crm.schema import upgrade
from tests.outreach import mail_server
from tests.outreach.mail_server import MailServer

from .machines import PATIENCE, PORT, Host, Network, network, until
from .people import Person
from .servers import RedisServer, postgres

ROOT = Path(__file__).parents[2]
LAST_YEAR = datetime(2025, 11, 24, 8, tzinfo=UTC)
"""What is due by then is due for real processes."""
TOKEN = "operators-only-token"
KEY = "one key for all hosts, forty letters long"
SALES = 60
UNTOUCHED = 10


@dataclass
class Brokerage:
    network: Network
    environment: dict[str, str]
    factory: sessionmaker[Session]
    redis: RedisServer
    mail: MailServer
    tasks: list[UUID]
    """First steps of the salesperson jonas; their reminders are long due."""


@pytest.fixture
def brokerage(tmp_path: Path) -> Iterator[Brokerage]:
    with network(tmp_path, 3) as net, postgres(net.middle) as url:
        redis = RedisServer(tmp_path / "redis", net.middle)
        redis.start()
        with mail_server.running(net.middle) as mail:
            environment = {
                "DATABASE_URL": url,
                "REDIS_URL": redis.url,
                "SMTP_URL": mail.url,
                "BROKER_CRM_SECRET_KEY": KEY,
                "METRICS_TOKEN": TOKEN,
                "BROKER_CRM_DEMO": "1",
            }
            upgrade(url)
            engine = connect(url)
            factory = sessions(engine)
            compose()
            with clock.use(clock.SimulatedClock(LAST_YEAR)):
                with factory.begin() as session:
                    publish_folder(session, ROOT)
                seed(factory, settings.load(environment), history=False)
                tasks = [_begin_sale(factory, number) for number in range(SALES)]
            try:
                yield Brokerage(net, environment, factory, redis, mail, tasks)
            finally:
                redis.stop()
            with factory() as session:
                assert broken(session) == []
            engine.dispose()


def _begin_sale(factory: sessionmaker[Session], number: int) -> UUID:
    with factory.begin() as session:
        permitted = select(Consent.client_id).where(Consent.withdrawn_at.is_(None))
        clients = select(Client.id).where(Client.owner == "jonas", Client.kind == "legal")
        clients = clients.where(Client.vip.is_(False), Client.id.in_(permitted))
        found = session.scalars(clients.order_by(Client.id)).all()
        product = session.scalars(select(Product.id).where(Product.key == "liability")).one()
        about = {"clientId": found[number % len(found)], "productId": product}
        return start_case(session, "new-client-sale", about, by="jonas").tasks[0].id


@pytest.mark.postgres
def test_hosts_cables_and_servers_fail_and_nothing_is_lost_or_done_twice(
    brokerage: Brokerage,
) -> None:
    one, two, three = brokerage.network.hosts
    for host in (one, two, three):
        host.start(brokerage.environment)
    jonas = Person("jonas", [one, two, three], patience=3)
    for host in (one, two, three):
        until(lambda host=host: jonas.ask(host, "GET", "/health/ready")[0] == 200, host.name)
    jonas.sign_in(one)
    assert [jonas.ask(host, "GET", "/")[0] for host in (two, three)] == [200, 200]

    acknowledged: list[UUID] = []
    finished = Event()

    def work() -> None:
        waiting = deque(brokerage.tasks[UNTOUCHED:])
        while waiting and not finished.is_set():
            task = waiting.popleft()
            answer = jonas.complete(task)
            if answer == "done":
                acknowledged.append(task)
            elif answer is None:
                waiting.append(task)

    def more(number: int, after: str) -> None:
        wanted = len(acknowledged) + number
        until(lambda: len(acknowledged) >= wanted, f"work goes on after {after}")

    people = Thread(target=work)
    people.start()
    try:
        more(5, "the start")
        two.lose()
        more(5, "a host is lost")
        with three.cut_off():
            more(5, "a cable is cut")
        more(5, "the cable is mended")
        _cut_connections(brokerage.factory)
        more(5, "connections are ended")
        brokerage.redis.stop()
        more(5, "Redis is gone")
        brokerage.redis.start()
        people.join(PATIENCE)
        assert not people.is_alive()
    finally:
        finished.set()
        people.join()
    done = SALES - UNTOUCHED
    until(lambda: _settled(brokerage.factory) == (0, done), "all due work is done")
    health = _health(one)
    assert health["status"] == "ok" and health["timers"]["due"] == 0
    assert health["open_incidents"] == health["letters"]["in-doubt"] <= 1
    assert one.stop() == three.stop() == [0, 0]
    _nothing_lost_nothing_twice(brokerage, acknowledged)
    assert "Traceback" not in one.said() + two.said() + three.said()


def _cut_connections(factory: sessionmaker[Session]) -> None:
    """End every connection to the database but the one that says so."""
    with factory() as session:
        ended = session.scalars(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = current_user AND pid <> pg_backend_pid()"
            )
        ).all()
    assert len(ended) >= 2 and all(ended)
    factory.kw["bind"].dispose()


def _settled(factory: sessionmaker[Session]) -> tuple[int, int]:
    """Due timers, and letters that are sent or wait for a person."""
    with factory() as session:
        now = readings.take(session)
    return now.timers.count, now.letters_by_state["sent"] + now.letters_by_state["in-doubt"]


def _health(host: Host) -> dict[str, Any]:
    request = Request(
        f"http://{host.address}:{PORT}/health", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    with urlopen(request, timeout=PATIENCE) as answer:
        return dict(json.loads(answer.read()))


def _nothing_lost_nothing_twice(brokerage: Brokerage, acknowledged: list[UUID]) -> None:
    worked_on = set(brokerage.tasks[UNTOUCHED:])
    with brokerage.factory() as session:
        completed = set(
            session.scalars(select(UserTask.id).where(UserTask.status == TaskStatus.COMPLETED))
        )
        completions = session.scalars(
            select(ProcessEvent.task_id).where(ProcessEvent.kind == "task-completed")
        ).all()
        states = {
            row[0]: row[1]
            for row in session.execute(select(OutboxEntry.message_id, OutboxEntry.state))
        }
        reminders = session.execute(
            select(Notification.task_id, func.count())
            .where(Notification.task_id.in_(brokerage.tasks[:UNTOUCHED]))
            .group_by(Notification.task_id)
        ).all()
        fired = session.scalars(
            select(func.count())
            .where(ProcessEvent.kind == "timer-fired")
            .where(
                ProcessEvent.instance_id.in_(
                    select(UserTask.instance_id).where(UserTask.id.in_(brokerage.tasks[:UNTOUCHED]))
                )
            )
            .group_by(ProcessEvent.instance_id)
        ).all()
    assert set(acknowledged) <= completed == worked_on
    assert sorted(completions, key=str) == sorted(worked_on, key=str)
    taken = [_message_id(raw) for raw in brokerage.mail.accepted]
    assert len(taken) == len(set(taken))
    assert {each for each, state in states.items() if state == "sent"} <= set(taken)
    assert len(reminders) == len(fired) == UNTOUCHED
    assert len({count for _task, count in reminders}) == 1 and len(set(fired)) == 1


def _message_id(raw: bytes) -> str:
    found = re.search(rb"^Message-ID:\s*(\S+)", raw, re.MULTILINE | re.IGNORECASE)
    assert found is not None
    return found[1].decode()
