"""Each part started by itself: SQLite stays on one machine, a worker shows what it did."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from sqlalchemy import Engine

from broker_crm import heartbeat, one_machine, settings, worker_metrics
from broker_crm.db import connect, sessions
from broker_crm.metrics import SWEPT
from broker_crm.one_machine import SecondMachine, require_one_machine
from tests.outreach.mail_server import free_port

TOKEN = "an-operators-token"


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Engine]:
    engine = connect(sqlite_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("part", [None, "worker"])
def test_workers_of_this_machine_may_share_sqlite(sqlite: Engine, part: str | None) -> None:
    heartbeat.beat(sessions(sqlite), part)
    require_one_machine(sqlite)


def test_a_second_host_on_the_same_sqlite_is_refused_by_name(sqlite: Engine) -> None:
    heartbeat.beat(sessions(sqlite), "worker crm-other:7")
    with pytest.raises(SecondMachine, match=r"crm-other.*PostgreSQL"):
        require_one_machine(sqlite)


def test_sqlite_on_a_network_file_system_is_refused(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk / ext4 rw 0 0\nserver:/crm {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(one_machine, "MOUNTS", mounts)
    with pytest.raises(SecondMachine, match="nfs4"):
        require_one_machine(sqlite)


def test_hosts_may_share_postgresql(postgres_url: str) -> None:
    engine = connect(postgres_url)
    heartbeat.beat(sessions(engine), "worker crm-other:7")
    require_one_machine(engine)
    engine.dispose()


def test_long_names_of_hosts_fit_and_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = set()
    for number in range(2):
        name = "a-very-long-name-of-a-host-in-a-cluster-" + str(number)
        monkeypatch.setattr(heartbeat.socket, "gethostname", lambda name=name: name)
        parts.add(heartbeat.own_part())
    assert len(parts) == 2 and max(map(len, parts)) <= 40


def test_a_worker_that_says_farewell_is_not_missed(sqlite: Engine) -> None:
    factory = sessions(sqlite)
    heartbeat.beat(factory)
    heartbeat.beat(factory, "worker crm-other:7")
    heartbeat.farewell(factory)
    with factory() as session:
        assert [worker.host for worker in heartbeat.workers(session)] == ["crm-other"]


def test_a_worker_shows_its_metrics_to_operators_only() -> None:
    port = free_port()
    server = worker_metrics.serve(
        settings.load({"BROKER_CRM_WORKER_METRICS_PORT": str(port), "METRICS_TOKEN": TOKEN})
    )
    assert server is not None
    SWEPT.labels("fired").inc()

    def ask(path: str, **headers: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", port)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    try:
        status, shown = ask("/metrics", Authorization=f"Bearer {TOKEN}")
        assert status == 200 and 'broker_crm_swept_total{what="fired"}' in shown
        assert ask("/metrics", Authorization="Bearer wrong")[0] == 404
        assert ask("/metrics", Via="a proxy")[0] == 404
        assert ask("/")[0] == 404
    finally:
        server.shutdown()
        server.server_close()
