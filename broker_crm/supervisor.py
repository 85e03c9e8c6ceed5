"""One command that runs the whole product: embedded Redis, preparation, web and worker."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

import click

from broker_crm import child_process, embedded_redis
from broker_crm.settings import Settings

LONGEST_PAUSE = 30.0
"""Seconds between restarts of a child that keeps ending."""
STEADY = 60.0
"""A child that ran this many seconds starts again without a pause."""
SECONDS_TO_ANSWER = 60.0
SECONDS_FOR_PORT = 3.0
TICK = 0.2


class CannotRun(RuntimeError):
    """The product can't be started here; the message says why and what to do."""


@dataclass
class Child:
    """One part of the product, started again whenever it ends by itself."""

    name: str
    command: Sequence[str]
    env: dict[str, str]
    process: subprocess.Popen[bytes] = field(init=False)
    started: float = field(init=False)
    pause: float = 0.0
    due: float | None = None

    def start(self) -> None:
        self.process = child_process.start(self.command, self.env)
        self.started = time.monotonic()
        self.due = None

    def keep_up(self) -> None:
        """Notice that the child ended, say so, and start it when its pause is over."""
        now = time.monotonic()
        if self.due is None:
            code = self.process.poll()
            if code is None:
                return
            child_process.signal_rest(self.process, signal.SIGTERM)
            steady = now - self.started >= STEADY
            self.pause = 1.0 if steady or not self.pause else min(self.pause * 2, LONGEST_PAUSE)
            self.due = now + self.pause
            click.echo(
                f"The {self.name} ended with code {code}; starting it again in {self.pause:.0f} s.",
                err=True,
            )
        elif now >= self.due:
            self.start()


class Stop:
    """Becomes true when somebody asks the product to stop."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def run(settings: Settings) -> None:
    """Run the product until SIGINT or SIGTERM; nothing that it started is left behind.

    Raises:
        CannotRun: when the port or the data directory is in use, or preparation failed.
        SettingRejected: when the data directory can't be written to.
    """
    stop = Stop()
    env = os.environ | {"REDIS_URL": settings.redis_url, "DATABASE_URL": settings.database_url}
    children: list[Child] = []
    settings.make_data_dir()
    with _alone_on(settings.data_dir):
        _refuse_taken_port(settings.host, settings.port)
        try:
            if settings.redis_is_embedded:
                children.append(_redis(settings, env))
            _prepare(env, stop)
            if not stop.asked:
                children.append(_started("web server", _own_command("serve"), env))
                children.append(_started("worker", _own_command("worker"), env))
                _announce(settings, children, stop)
            while not stop.asked:
                for child in children:
                    child.keep_up()
                time.sleep(TICK)
        finally:
            _stop_all(children)


def _own_command(name: str) -> list[str]:
    return [sys.executable, "-m", "broker_crm.cli", name]


def _started(name: str, command: Sequence[str], env: dict[str, str]) -> Child:
    child = Child(name, command, env)
    child.start()
    return child


def _redis(settings: Settings, env: dict[str, str]) -> Child:
    child = _started("embedded Redis", embedded_redis.command(settings.data_dir), env)
    try:
        embedded_redis.wait_until_ready(child.process, settings.data_dir)
    except embedded_redis.RedisNotStarted as error:
        child_process.stop(child.process)
        raise CannotRun(str(error)) from error
    return child


def _prepare(env: dict[str, str], stop: Stop) -> None:
    """Migrate, publish and seed in a child, so that the supervisor itself stays small."""
    preparation = child_process.start(_own_command("prepare"), env)
    while preparation.poll() is None and not stop.asked:
        time.sleep(TICK / 4)
    if stop.asked:
        child_process.stop(preparation)
    elif preparation.returncode != 0:
        raise CannotRun("The database could not be prepared; the message stands above.")


def _announce(settings: Settings, children: Sequence[Child], stop: Stop) -> None:
    address = f"http://{settings.host}:{settings.port}"
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while not stop.asked and time.monotonic() < deadline:
        for child in children:
            child.keep_up()
        if _answers(settings):
            break
        time.sleep(TICK)
    if stop.asked:
        return
    from broker_crm.preparation import sample_logins

    click.echo(f"\nbroker_crm runs at {address}")
    for line in sample_logins(settings):
        click.echo(line)
    click.echo("Ctrl-C stops it.\n")


def _answers(settings: Settings) -> bool:
    connection = HTTPConnection(settings.host, settings.port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop_all(children: Sequence[Child]) -> None:
    """Web and worker together, then Redis, which they may need until they have ended."""
    redis = [child for child in children if child.name == "embedded Redis"]
    others = [child for child in children if child not in redis]
    for child in others:
        if child.process.poll() is None:
            child.process.terminate()
    for child in others + redis:
        child_process.stop(child.process)


def _refuse_taken_port(host: str, port: int) -> None:
    """Wait a moment for a port that an ended run is just giving back, then refuse."""
    deadline = time.monotonic() + SECONDS_FOR_PORT
    while (reason := _why_not_listening(host, port)) == errno.EADDRINUSE:
        if time.monotonic() > deadline:
            raise CannotRun(
                f"Port {port} is taken by another program. "
                f"Choose another one: BROKER_CRM_PORT={port + 1} make run"
            )
        time.sleep(TICK)
    if reason:
        raise CannotRun(f"{host}:{port} can't be listened on: {os.strerror(reason)}.")


def _why_not_listening(host: str, port: int) -> int | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno
    return None


@contextmanager
def _alone_on(data_dir: Path) -> Iterator[None]:
    with (data_dir / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise CannotRun(
                f"broker_crm already runs on {data_dir} (process {lock.read().strip()}). "
                "Stop it first, or choose another BROKER_CRM_DATA_DIR."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
