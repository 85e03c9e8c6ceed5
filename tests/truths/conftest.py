"""One brokerage with a planted past for the whole run, and a manager who reads its pages."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, settings
from broker_crm.db import connect, sessions
from broker_crm.people.tokens import create_token
from broker_crm.web import create_app
from tests.conftest import MONDAY, _write_back
from tests.web.conftest import Visitor

from .planted import plant
from .reading import Read, plain, read


@dataclass
class Manager:
    """Who asks, in English."""

    visitor: Visitor
    factory: sessionmaker[Session]
    token: str

    def asks(self, question: str, query: str = "period=all") -> Read:
        """The answer as its page tells it; the API tells the same."""
        found = read(self.visitor.get(f"/questions/{question}?{query}&all=yes").text)
        told = self._asks_by_program(f"/api/answers/{question}?{query}")
        assert found.sentence in plain(told["sentence"])
        assert [(row.name, row.n) for row in found.rows] == [
            (plain(row["label"]), row["n"]) for row in told["rows"]
        ]
        return found

    def _asks_by_program(self, address: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        told = self.visitor.client.application.test_client().get(address, headers=headers)
        assert told.status_code == 200, (address, told.text)
        return told.json


@pytest.fixture(scope="session")
def planted_past(
    furnished_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Path:
    """A database with the planted past, written once for all worker processes."""
    here = tmp_path_factory.mktemp("planted") / "planted.sqlite3"
    if worker_id == "master":
        _plant(furnished_sqlite, here)
        return here
    shared = tmp_path_factory.getbasetemp().parent / "planted.sqlite3"
    with (shared.parent / "planted.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            _plant(furnished_sqlite, here)
            shutil.move(here, shared)
        shutil.copyfile(shared, here)
    return here


def _plant(furnished: Path, path: Path) -> None:
    shutil.copyfile(furnished, path)
    engine = connect(f"sqlite:///{path}")
    with clock.use(clock.SimulatedClock(MONDAY)), sessions(engine).begin() as session:
        plant(session, MONDAY)
    engine.dispose()
    _write_back(path)


@pytest.fixture(scope="session")
def signed_in(planted_past: Path) -> Iterator[Manager]:
    loaded = settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(planted_past.parent),
            "DATABASE_URL": f"sqlite:///{planted_past}",
            "BROKER_CRM_DEMO": "1",
        }
    )
    engine = connect(loaded.database_url)
    with clock.use(clock.SimulatedClock(MONDAY)):
        visitor = Visitor(create_app(loaded))
        visitor.sign_in("manager")
        visitor.post("/language/en")
        visitor.language = "en"
        with sessions(engine).begin() as session:
            token = create_token(session, "manager")
    yield Manager(visitor, sessions(engine), token)
    engine.dispose()


@pytest.fixture
def manager(signed_in: Manager) -> Iterator[Manager]:
    """On Monday morning, signed in."""
    with clock.use(clock.SimulatedClock(MONDAY)):
        yield signed_in
