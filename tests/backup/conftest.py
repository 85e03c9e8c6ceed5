"""A brokerage to back up, on SQLite and PostgreSQL, and empty databases to restore into."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.backup import Manifest, Restored, back_up, restore
from broker_crm.db import connect, sessions
from broker_crm.outreach.jobs import register_all
from broker_crm.process import jobs
from tests.integrity.sound_office import live_through
from tests.process.office import MONDAY

Empty = Callable[[str], str]
Types = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Original:
    engine: Engine
    factory: sessionmaker[Session]
    clock: clock.SimulatedClock
    file: Path
    copies: list[Engine] = field(default_factory=list)

    def back_up(self) -> Manifest:
        return back_up(self.engine, self.file)

    def restore(self, url: str) -> Restored:
        return restore(self.file, url)

    def copy(self, url: str) -> sessionmaker[Session]:
        """The database restored into the address."""
        self.restore(url)
        self.copies.append(connect(url))
        return sessions(self.copies[-1])


@pytest.fixture
def original(database_url: str, tmp_path: Path) -> Iterator[Original]:
    yield from _original(database_url, tmp_path)


@pytest.fixture
def sqlite_original(sqlite_url: str, tmp_path: Path) -> Iterator[Original]:
    """Where the database's kind plays no part."""
    yield from _original(sqlite_url, tmp_path)


def _original(database_url: str, tmp_path: Path) -> Iterator[Original]:
    engine = connect(database_url)
    simulated = clock.SimulatedClock(MONDAY)
    before = dict(jobs._handlers)
    register_all()
    with clock.use(simulated):
        factory = sessions(engine)
        live_through(factory, tmp_path / "bureau")
        made = Original(engine, factory, simulated, tmp_path / "nightly.backup")
        yield made
    jobs._handlers.clear()
    jobs._handlers.update(before)
    for each in (engine, *made.copies):
        each.dispose()


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Empty]:
    """Addresses of databases without tables, by kind; 'sqlite' or 'postgresql'."""
    made: list[str] = []

    def address(kind: str) -> str:
        name = f"copy_{uuid.uuid4().hex}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.sqlite3"
        server: URL = request.getfixturevalue("postgres_server")
        _maintain(server, f"CREATE DATABASE {name}")
        made.append(name)
        return server.set(database=name).render_as_string(hide_password=False)

    yield address
    for name in made:
        server: URL = request.getfixturevalue("postgres_server")
        _maintain(server, f"DROP DATABASE {name} WITH (FORCE)")


def _maintain(server: URL, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def another(original: Original, empty: Empty) -> str:
    """An empty database of the same kind as the original."""
    return empty(original.engine.dialect.name)


@pytest.fixture
def types(tmp_path: Path) -> Types:
    """Types a command of `broker-crm` for a database; `before` is Python that runs first."""

    def command(url: str, *words: str | Path, before: str = "") -> subprocess.CompletedProcess[str]:
        program = f"{before}\nfrom broker_crm.cli import main\nmain()"
        own = {"DATABASE_URL": url, "BROKER_CRM_DATA_DIR": str(tmp_path / "var")}
        return subprocess.run(
            [sys.executable, "-c", program, *map(str, words)],
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            check=False,
        )

    return command
