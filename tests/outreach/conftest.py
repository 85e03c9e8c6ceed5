"""Fixtures of the letters' tests: a brokerage on SQLite and PostgreSQL, and a mail server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm import settings as environment
from broker_crm.db import connect, sessions
from broker_crm.outreach.deliver import deliver_due
from broker_crm.outreach.jobs import register_all
from broker_crm.process import jobs
from tests.process.office import MONDAY

from . import bureau, mail_server
from .mail_server import MailServer


@dataclass
class Bureau:
    engine: Engine
    factory: sessionmaker[Session]
    clock: clock.SimulatedClock

    def deliver(self, smtp_url: str | None) -> int:
        """One sweep of the outbox."""
        values = {"SMTP_URL": smtp_url} if smtp_url else {}
        return deliver_due(self.factory, environment.load(values))


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Bureau]:
    engine = connect(database_url)
    simulated = clock.SimulatedClock(MONDAY)
    before = dict(jobs._handlers)
    register_all()
    with clock.use(simulated):
        office = Bureau(engine, sessions(engine), simulated)
        bureau.open_bureau(office.factory, tmp_path / "bureau")
        yield office
    jobs._handlers.clear()
    jobs._handlers.update(before)
    engine.dispose()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server.running() as server:
        yield server
