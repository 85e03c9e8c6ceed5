"""A small brokerage with its sample people and clients, before any sale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from broker_crm import clock, settings
from broker_crm.composition import compose
from broker_crm.db import sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.sample import seed

ROOT = Path(__file__).parents[2]


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[Session]:
    compose()
    factory = sessions(engine)
    loaded = settings.load({"BROKER_CRM_DATA_DIR": str(tmp_path), "BROKER_CRM_DEMO": "1"})
    with clock.use(clock.SimulatedClock(datetime(2026, 11, 23, 8, tzinfo=UTC))):
        with factory.begin() as session:
            publish_folder(session, ROOT)
        seed(factory, loaded, history=False)
        with factory() as session:
            yield session
