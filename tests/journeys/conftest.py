"""The whole product for journeys: real settings, published processes, sample people and clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, settings
from broker_crm.crm.models import Client, Consent, Product
from broker_crm.db import connect, sessions
from broker_crm.people.tokens import create_token
from broker_crm.settings import Settings
from broker_crm.web import create_app
from tests.conftest import MONDAY


@dataclass
class Brokerage:
    app: Flask
    settings: Settings
    factory: sessionmaker[Session]
    clock: clock.SimulatedClock
    client_id: int
    product_id: int
    owner: str

    def token(self, login: str) -> str:
        with self.factory.begin() as session:
            return create_token(session, login)


@pytest.fixture
def brokerage(furnished_url: str, tmp_path: Path) -> Iterator[Brokerage]:
    """A brokerage on a Monday morning, before its first sale."""
    loaded = settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(tmp_path / "var"),
            "DATABASE_URL": furnished_url,
            "BROKER_CRM_DEMO": "1",
        }
    )
    loaded.data_dir.mkdir(parents=True, exist_ok=True)
    engine = connect(loaded.database_url)
    factory = sessions(engine)
    simulated = clock.SimulatedClock(MONDAY)
    with clock.use(simulated):
        with factory() as session:
            client = session.scalars(
                select(Client)
                .join(Consent, Consent.client_id == Client.id)
                .where(
                    Client.kind == "legal",
                    Client.vip.is_(False),
                    Client.do_not_contact.is_(False),
                    Client.email.is_not(None),
                    Consent.withdrawn_at.is_(None),
                )
                .order_by(Client.id)
            ).first()
            product = session.scalars(select(Product).where(Product.key == "liability")).one()
        assert client is not None
        yield Brokerage(
            create_app(loaded),
            loaded,
            factory,
            simulated,
            client.id,
            product.id,
            client.owner or "",
        )
    engine.dispose()
