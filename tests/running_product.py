"""`broker-crm run` as an operator starts it, in a data directory of the test's own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

PATIENCE = 60.0


@dataclass
class Product:
    supervisor: subprocess.Popen[str]
    address: str

    @property
    def parts(self) -> list[psutil.Process]:
        """All processes below the supervisor."""
        return psutil.Process(self.supervisor.pid).children(recursive=True)

    def numbers(self, name: str) -> set[int]:
        """Process numbers of the parts that run the named program."""
        found = set()
        for part in self.parts:
            with suppress(psutil.NoSuchProcess):
                if name in " ".join(part.cmdline()):
                    found.add(part.pid)
        return found

    def read(self, path: str) -> str:
        """A page; empty while nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.address}{path}", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def health(self) -> dict[str, object]:
        return dict(json.loads(self.read("/health") or "{}"))


@contextmanager
def running(data_dir: Path, **environment: str) -> Iterator[Product]:
    """The product, once it answers; stopped at the end."""
    port = free_port()
    product = Product(start(data_dir, port, **environment), f"http://127.0.0.1:{port}")
    supervisor = product.supervisor
    try:
        if not eventually(lambda: product.health() or supervisor.poll() is not None):
            pytest.fail("The product did not come up.")
        if supervisor.poll() is not None:
            pytest.fail(supervisor.communicate()[0])
        assert eventually(lambda: len(product.parts) >= 4)
        yield product
    finally:
        if supervisor.poll() is None:
            supervisor.send_signal(signal.SIGTERM)
        supervisor.communicate(timeout=PATIENCE)


def start(data_dir: Path, port: int, **environment: str) -> subprocess.Popen[str]:
    own = {
        "BROKER_CRM_DATA_DIR": str(data_dir),
        "BROKER_CRM_PORT": str(port),
        "BROKER_CRM_DEMO": "0",
    }
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "SMTP_URL")
    }
    return subprocess.Popen(
        [sys.executable, "-m", "broker_crm.cli", "run"],
        env=kept | own | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_of(data_dir: Path) -> list[psutil.Process]:
    """Everything in the process table that was started for the data directory."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if (
                process.environ().get("BROKER_CRM_DATA_DIR") == str(data_dir)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
    return found


def eventually(true: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])
