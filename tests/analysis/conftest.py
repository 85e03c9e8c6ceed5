"""Fixtures of the answers' tests: a furnished brokerage on both databases, with a clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.composition import compose
from broker_crm.db import connect, sessions
from tests.conftest import MONDAY


@pytest.fixture
def simulated() -> Iterator[clock.SimulatedClock]:
    """Monday morning."""
    standing = clock.SimulatedClock(MONDAY)
    with clock.use(standing):
        yield standing


@pytest.fixture
def factory(furnished_url: str, simulated: clock.SimulatedClock) -> Iterator[sessionmaker[Session]]:
    """Sessions on a brokerage before its first sale."""
    compose()
    engine = connect(furnished_url)
    yield sessions(engine)
    engine.dispose()
