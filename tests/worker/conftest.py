"""A brokerage with a sale begun and a letter waiting, and its worker's means."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from broker_crm import clock, process, settings, worker
from broker_crm.composition import compose
from broker_crm.crm.cases import start_case
from broker_crm.crm.models import Client, Consent, Product
from broker_crm.db import connect, sessions
from broker_crm.heartbeat import seconds_since_beat
from broker_crm.outreach.models import OutboxEntry
from tests.outreach import mail_server
from tests.outreach.mail_server import MailServer

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2025, 11, 24, 8, tzinfo=UTC)
"""Before the real present, so that what is due here is due for a real process too."""
ON_THE_BELL_ONLY = "from broker_crm import worker; worker.SWEEP_SECONDS = 3600; worker.main()"
LETTER = {
    "introLetterOutcome": "send",
    "letterLanguage": "lt",
    "recipientEmail": "info@klientas.example",
}


class House:
    def __init__(self, url: str, folder: Path, simulated: clock.SimulatedClock) -> None:
        self.environment = {
            "BROKER_CRM_DATA_DIR": str(folder),
            "DATABASE_URL": url,
            "BROKER_CRM_DEMO": "1",
        }
        self.engine = connect(url)
        self.factory = sessions(self.engine)
        self.clock = simulated

    @property
    def settings(self) -> settings.Settings:
        return settings.load(self.environment)

    def sweep(self) -> dict[str, int]:
        return worker.sweep(self.factory, self.settings)

    def begin_sale(self) -> None:
        """Start a case and complete its first task, so that a letter waits to be sent."""
        with self.factory.begin() as session:
            client = session.scalars(
                select(Client)
                .join(Consent)
                .where(Client.kind == "legal", Client.owner.is_not(None), Client.vip.is_(False))
                .order_by(Client.id)
            ).first()
            product = session.scalars(select(Product).where(Product.key == "liability")).one()
            assert client is not None and client.owner is not None
            about = {"clientId": client.id, "productId": product.id}
            started = start_case(session, "new-client-sale", about, by=client.owner)
            process.complete(session, started.tasks[0].id, LETTER, by=client.owner)

    def count(self, table: type[Any], *where: Any) -> int:
        with self.factory() as session:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0

    def letters(self, state: str) -> int:
        return self.count(OutboxEntry, OutboxEntry.state == state)

    @contextmanager
    def worker(self, *command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """A worker process that has swept once."""
        running = subprocess.Popen(
            [sys.executable, *(command or ("-c", ON_THE_BELL_ONLY))],
            env={**os.environ, **self.environment, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert eventually(lambda: running.poll() is not None or self.is_beating())
            yield running
        finally:
            running.kill()
            running.communicate()

    def is_beating(self) -> bool:
        with self.factory() as session:
            return seconds_since_beat(session) is not None


@pytest.fixture
def house(furnished_url: str, tmp_path: Path) -> Iterator[House]:
    """A letter waits to be sent."""
    simulated = clock.SimulatedClock(MONDAY)
    made = House(furnished_url, tmp_path, simulated)
    compose()
    with clock.use(simulated):
        made.begin_sale()
        yield made
    made.engine.dispose()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server.running() as server:
        yield server


def eventually(true: Callable[[], object], patience: float = 40) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.1)
    return False
