"""One sound database of each kind; tests damage it in transactions that are rolled back."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.db import connect, sessions
from broker_crm.integrity import Violation, violations
from broker_crm.outreach.jobs import register_all
from broker_crm.process import jobs
from broker_crm.schema import upgrade
from tests.process.office import MONDAY

from .sound_office import live_through


@dataclass
class Sound:
    engine: Engine

    def found(self, *damage: str) -> set[str]:
        """The broken invariants of a database damaged so, which is then as before again."""
        return {each.invariant for each in self.violations(*damage) if not each.warning}

    def violations(self, *damage: str) -> list[Violation]:
        with self.engine.connect() as connection:
            without_keys = "PRAGMA defer_foreign_keys = ON"
            if connection.dialect.name == "postgresql":
                without_keys = "SET LOCAL session_replication_role = replica"
            connection.execute(text(without_keys))
            for statement in damage:
                changed = connection.execute(text(statement)).rowcount
                assert changed > 0, "the damage hits nothing"
            with Session(connection) as session:
                found = list(violations(session))
            connection.rollback()
        return found


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def sound(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sound]:
    folder = tmp_path_factory.mktemp("sound")
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "sound.sqlite3")
        yield from _sound(f"sqlite:///{folder / 'sound.sqlite3'}", folder)
        return
    server: URL = request.getfixturevalue("postgres_server")
    name = f"sound_{uuid.uuid4().hex}"
    maintenance = create_engine(server, isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = server.set(database=name).render_as_string(hide_password=False)
    upgrade(url)
    yield from _sound(url, folder)
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    maintenance.dispose()


def _sound(url: str, folder: Path) -> Iterator[Sound]:
    engine = connect(url)
    before = dict(jobs._handlers)
    register_all()
    with clock.use(clock.SimulatedClock(MONDAY)):
        live_through(sessions(engine), folder / "bureau")
        yield Sound(engine)
    jobs._handlers.clear()
    jobs._handlers.update(before)
    engine.dispose()
