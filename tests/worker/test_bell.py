"""The bell wakes a worker process at once; Redis may come and go, and nothing is lost."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from broker_crm import embedded_redis
from broker_crm.bell import Bell, queue
from tests.outreach.mail_server import MailServer

from .conftest import ROOT, House, eventually

NOWHERE = "redis://127.0.0.1:1/0"


def test_a_ring_is_answered_before_the_next_sweep(house: House, redis_url: str) -> None:
    with house.worker(REDIS_URL=redis_url):
        assert eventually(lambda: house.letters("sent") == 1)
        house.begin_sale()
        assert Bell(redis_url).ring()
        assert eventually(lambda: house.letters("sent") == 2)
        assert eventually(queue(redis_url).is_empty)
        assert queue(redis_url).failed_job_registry.count == 0


def test_rings_while_a_sweep_waits_add_nothing(redis_url: str) -> None:
    bell = Bell(redis_url)
    assert all(bell.ring() for _ in range(5))
    assert queue(redis_url).count == 1


def test_after_redis_was_killed_and_came_back_the_bell_rings_again(
    house: House, tmp_path: Path
) -> None:
    with embedded_redis.running(tmp_path / "redis") as url:
        house.environment["REDIS_URL"] = url
        with house.worker() as process:
            (server,) = (
                each
                for each in psutil.Process().children()
                if str(tmp_path) in " ".join(each.cmdline()) and "redis-server" in each.cmdline()[0]
            )
            server.kill()
            server.wait()
            house.begin_sale()
            bell = Bell(url)
            assert not bell.ring() and not bell.ring()
            with embedded_redis.running(tmp_path / "redis"):
                assert Bell(url).ring()
                assert eventually(lambda: house.letters("sent") == 2)
            assert process.poll() is None


@pytest.mark.parametrize("url", [None, NOWHERE, "unix:///nowhere/redis.sock"])
def test_without_redis_the_bell_is_silent(url: str | None) -> None:
    assert not Bell(url).ring()


def test_without_redis_the_worker_finds_what_is_due_by_itself(house: House) -> None:
    with house.worker(str(ROOT / "worker.py"), REDIS_URL=NOWHERE) as process:
        assert eventually(lambda: house.letters("sent") == 1)
        house.begin_sale()
        assert eventually(lambda: house.letters("sent") == 2)
        process.terminate()
        said = process.communicate(timeout=30)[1]
    assert "Redis can't be reached" in said and "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_when_told_and_leaves_no_child(
    house: House, redis_url: str, number: signal.Signals
) -> None:
    with house.worker(str(ROOT / "worker.py"), REDIS_URL=redis_url) as process:
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        assert process.wait(30) == 0
        assert not [child for child in children if child.is_running()]


def test_a_worker_told_to_end_finishes_its_letter_and_begins_no_other(
    house: House, redis_url: str, server: MailServer
) -> None:
    with house.worker(REDIS_URL=redis_url, SMTP_URL=server.url) as process:
        assert eventually(lambda: house.letters("sent") == 1)
        server.seconds = 1.5
        house.begin_sale()
        house.begin_sale()
        assert Bell(redis_url).ring()
        assert eventually(lambda: house.letters("sending") == 1)
        process.terminate()
        assert process.wait(30) == 0
    assert (house.letters("sent"), house.letters("queued")) == (2, 1)
    assert len(server.accepted) == 2
