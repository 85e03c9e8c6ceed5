"""One command runs the product, and nothing of it outlives that command."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

PATIENCE = 60.0


def test_sigterm_ends_everything_with_code_zero(tmp_path: Path) -> None:
    with _product(tmp_path) as (supervisor, parts, _):
        supervisor.terminate()
        assert supervisor.wait(PATIENCE) == 0
        assert _eventually(lambda: not _alive(parts))


def test_a_killed_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    with _product(tmp_path) as (supervisor, parts, _):
        supervisor.kill()
        supervisor.wait(PATIENCE)
        assert _eventually(lambda: not _alive(parts))


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    with _product(tmp_path) as (supervisor, _, address):
        for name in ("redis-server", "gunicorn"):
            before = _numbers(supervisor, name)
            os.kill(min(before), signal.SIGKILL)
            assert _eventually(lambda name=name, old=before: _numbers(supervisor, name) - old)
        assert _eventually(lambda: _is_healthy(address))


def test_a_second_run_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with _product(tmp_path):
        second = _start(tmp_path, _free_port())
        said = second.communicate(timeout=PATIENCE)[0]
        assert second.returncode == 1
        assert f"already runs on {tmp_path}" in said


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        run = _start(tmp_path, port)
        said = run.communicate(timeout=PATIENCE)[0]
    assert run.returncode == 1
    assert said.startswith(f"Port {port} is taken by another program.")
    assert len(said.splitlines()) == 1


@contextmanager
def _product(
    data_dir: Path,
) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process], str]]:
    """The running product: its supervisor, all processes below it, and its address."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    supervisor = _start(data_dir, port)
    try:
        if not _eventually(lambda: _is_healthy(address) or supervisor.poll() is not None):
            pytest.fail("The product did not come up.")
        if supervisor.poll() is not None:
            pytest.fail(supervisor.communicate()[0])
        assert _eventually(lambda: len(_parts(supervisor)) >= 4)
        yield supervisor, _parts(supervisor), address
    finally:
        if supervisor.poll() is None:
            supervisor.send_signal(signal.SIGTERM)
        supervisor.communicate(timeout=PATIENCE)


def _start(data_dir: Path, port: int) -> subprocess.Popen[str]:
    own = {"BROKER_CRM_DATA_DIR": str(data_dir), "BROKER_CRM_PORT": str(port)}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "SMTP_URL")
    }
    return subprocess.Popen(
        [sys.executable, "-m", "broker_crm.cli", "run"],
        env=kept | own | {"BROKER_CRM_DEMO": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _parts(supervisor: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(supervisor.pid).children(recursive=True)


def _numbers(supervisor: subprocess.Popen[str], name: str) -> set[int]:
    """Process numbers of the parts that run the named program."""
    numbers = set()
    for part in _parts(supervisor):
        with suppress(psutil.NoSuchProcess):
            if name in " ".join(part.cmdline()):
                numbers.add(part.pid)
    return numbers


def _alive(parts: list[psutil.Process]) -> list[psutil.Process]:
    return [part for part in parts if part.is_running() and part.status() != "zombie"]


def _is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _eventually(true: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])
