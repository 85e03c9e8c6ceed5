"""One command runs the product, and nothing of it outlives that command."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest

from .running_product import PATIENCE, eventually, free_port, left_of, running, start


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_with_code_zero(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as product:
        product.supervisor.send_signal(number)
        assert product.supervisor.wait(PATIENCE) == 0
        assert eventually(lambda: not left_of(tmp_path))


def test_a_killed_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    with running(tmp_path) as product:
        product.supervisor.kill()
        product.supervisor.wait(PATIENCE)
        assert eventually(lambda: not left_of(tmp_path))


def test_a_supervisor_killed_while_it_prepares_leaves_no_orphan(tmp_path: Path) -> None:
    supervisor = start(tmp_path, free_port())
    assert eventually(lambda: any("prepare" in part.cmdline() for part in left_of(tmp_path)))
    supervisor.kill()
    supervisor.communicate(timeout=PATIENCE)
    assert eventually(lambda: not left_of(tmp_path))


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    with running(tmp_path) as product:
        for name in ("redis-server", "gunicorn", "worker"):
            before = product.numbers(name)
            os.kill(min(before), signal.SIGKILL)
            assert eventually(lambda name=name, old=before: product.numbers(name) - old)
        assert eventually(lambda: product.health().get("status") == "ok")


def test_a_second_run_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        second = start(tmp_path, free_port())
        said = second.communicate(timeout=PATIENCE)[0]
        assert second.returncode == 1
        assert f"already runs on {tmp_path}" in said


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        run = start(tmp_path, port)
        said = run.communicate(timeout=PATIENCE)[0]
    assert run.returncode == 1
    assert said.startswith(f"Port {port} is taken by another program.")
    assert len(said.splitlines()) == 1
