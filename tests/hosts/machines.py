"""Several hosts on one machine: network namespaces behind a bridge, or else plain processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PORT = 8000
PATIENCE = 120
IMPATIENT = """
from datetime import timedelta
from broker_crm import worker
from broker_crm.outreach import deliver
from broker_crm.process import leases
leases.LEASE = deliver.LEASE = timedelta(seconds=4)
worker.SWEEP_SECONDS = 0.5
worker.main()
"""
"""A worker whose leases run out while a test can wait for it."""


@dataclass
class Host:
    """One host with a web part and a worker.

    Attributes:
        namespace: None where hosts are only processes with an address of their own.
    """

    name: str
    address: str
    folder: Path
    namespace: str | None
    parts: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, environment: Mapping[str, str]) -> None:
        """Start web and worker, each as an operator would."""
        own = {
            "BROKER_CRM_DATA_DIR": str(self.folder),
            "BROKER_CRM_HOST": self.address,
            "BROKER_CRM_PORT": str(PORT),
            "BROKER_CRM_WEB_WORKERS": "1",
        }
        self.folder.mkdir(exist_ok=True)
        for part, command in (
            ("web", ["-m", "broker_crm.cli", "serve"]),
            ("worker", ["-c", IMPATIENT]),
        ):
            with (self.folder / f"{part}.log").open("ab") as log:
                self.parts.append(
                    subprocess.Popen(
                        [*self._inside(), sys.executable, *command],
                        env={**os.environ, **environment, **own},
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )

    def lose(self) -> None:
        """Kill everything that runs on it, as a power cut does."""
        for part in self.parts:
            with suppress(ProcessLookupError):
                os.killpg(part.pid, signal.SIGKILL)
            part.wait()

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Nothing reaches it and it reaches nobody; where there is no network, it stands still."""
        if self.namespace is not None:
            _ip("-n", self.namespace, "link", "set", "eth0", "down")
            yield
            _ip("-n", self.namespace, "link", "set", "eth0", "up")
            return
        for part in self.parts:
            os.killpg(part.pid, signal.SIGSTOP)
        yield
        for part in self.parts:
            os.killpg(part.pid, signal.SIGCONT)

    def stop(self) -> list[int]:
        """Ask web and worker to end; their exit codes."""
        for part in self.parts:
            part.terminate()
        return [part.wait(PATIENCE) for part in self.parts]

    def said(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("*.log")))

    def _inside(self) -> list[str]:
        if self.namespace is None:
            return []
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        return ["ip", "netns", "exec", self.namespace, *named]


@dataclass(frozen=True)
class Network:
    """The hosts' network.

    Attributes:
        middle: address at which the hosts find database, Redis and mail server.
    """

    middle: str
    hosts: list[Host]


def namespaces_work() -> bool:
    """True where this user may make network namespaces."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        return False
    name = f"crm-try-{os.getpid()}"
    try:
        _ip("netns", "add", name)
        _ip("link", "add", name[-15:], "type", "bridge")
    except (OSError, subprocess.CalledProcessError):
        return False
    finally:
        with suppress(OSError, subprocess.CalledProcessError):
            _ip("netns", "del", name)
        with suppress(OSError, subprocess.CalledProcessError):
            _ip("link", "del", name[-15:])
    return True


@contextmanager
def network(folder: Path, number: int) -> Iterator[Network]:
    """A bridge with hosts behind it; plain processes where the machine allows no namespaces."""
    if not namespaces_work():
        warnings.warn("No network namespaces here: the hosts are plain processes.", stacklevel=2)
        hosts = [
            Host(f"crm-{each}", f"127.0.0.{10 + each}", folder / f"crm-{each}", None)
            for each in range(1, number + 1)
        ]
        try:
            yield Network("127.0.0.10", hosts)
        finally:
            _lose_all(hosts)
        return
    tag = f"{os.getpid() % 100_000}"
    subnet = f"10.213.{os.getpid() % 250}"
    bridge = f"crmbr{tag}"
    hosts = [
        Host(f"crm-{each}", f"{subnet}.{10 + each}", folder / f"crm-{each}", f"crm-{tag}-{each}")
        for each in range(1, number + 1)
    ]
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{subnet}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for each, host in enumerate(hosts, 1):
            namespace, cable = str(host.namespace), f"crm{tag}v{each}"
            _ip("netns", "add", namespace)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            _ip("link", "set", cable, "master", bridge, "up")
            _ip("-n", namespace, "addr", "add", f"{host.address}/24", "dev", "eth0")
            _ip("-n", namespace, "link", "set", "lo", "up")
            _ip("-n", namespace, "link", "set", "eth0", "up")
        yield Network(f"{subnet}.1", hosts)
    finally:
        _lose_all(hosts)
        for each, host in enumerate(hosts, 1):
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", str(host.namespace))
            with suppress(subprocess.CalledProcessError):
                _ip("link", "del", f"crm{tag}v{each}")
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", bridge)


def _lose_all(hosts: list[Host]) -> None:
    for host in hosts:
        host.lose()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something to become true, longer than any healthy machine needs.

    Raises:
        AssertionError: when it did not in time.
    """
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE} s"
        time.sleep(0.1)
