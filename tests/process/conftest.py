"""Fixtures of the process store's tests: the office on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.db import connect, sessions
from broker_crm.process import jobs

from .office import MONDAY, TWO_CALLS, people, publish


@dataclass
class Office:
    engine: Engine
    factory: sessionmaker[Session]
    clock: clock.SimulatedClock
    folder: Path
    jobs: list[jobs.JobCall]


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """People, one published process, Monday morning."""
    engine = connect(database_url)
    factory = sessions(engine)
    simulated = clock.SimulatedClock(MONDAY)
    ran: list[jobs.JobCall] = []

    def remember(call: jobs.JobCall) -> dict[str, object]:
        ran.append(call)
        return {}

    before = dict(jobs._handlers)
    jobs.register("remind", remember)
    jobs.register("escalate", remember)
    with clock.use(simulated):
        people(factory)
        publish(factory, tmp_path / "office", twoCalls=TWO_CALLS)
        yield Office(engine, factory, simulated, tmp_path / "office", ran)
    jobs._handlers.clear()
    jobs._handlers.update(before)
    engine.dispose()
