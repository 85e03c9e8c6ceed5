"""A small brokerage with its sample people and clients, before any sale."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.composition import compose
from broker_crm.db import connect, sessions
from tests.conftest import MONDAY


@pytest.fixture
def office(furnished_url: str) -> Iterator[Session]:
    engine = connect(furnished_url)
    compose()
    with clock.use(clock.SimulatedClock(MONDAY)), sessions(engine)() as session:
        yield session
    engine.dispose()
