"""The whole product for its pages: published process, sample people and clients, one sale begun."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from broker_crm import clock, settings
from broker_crm.crm.cases import start_case
from broker_crm.crm.models import Client, Consent, Product
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.integrity import broken
from broker_crm.people.demo import PASSWORD
from broker_crm.people.models import User
from broker_crm.people.tokens import create_token
from broker_crm.process.models import UserTask
from broker_crm.sample import seed
from broker_crm.settings import Settings
from broker_crm.web import create_app

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Visitor:
    """A browser without scripts."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.language = "lt"

    def get(self, path: str, expected: int | None = 200, **options: Any) -> TestResponse:
        answer = self.client.get(path, headers={"Accept-Language": self.language}, **options)
        assert expected is None or answer.status_code == expected, (path, answer.status)
        return answer

    def token(self) -> str:
        page = self.client.get("/login", follow_redirects=True).text
        start = page.index('name="csrf_token" value="') + len('name="csrf_token" value="')
        return page[start : page.index('"', start)]

    def post(
        self,
        path: str,
        expected: int | None = 303,
        *,
        form: dict[str, str] | None = None,
        json: object = None,
        csrf: bool = True,
    ) -> TestResponse:
        headers = {"Accept-Language": self.language}
        if csrf:
            headers["X-CSRFToken"] = self.token()
        body = {"json": json} if json is not None else {"data": form or {}}
        answer = self.client.post(path, headers=headers, **body)
        assert expected is None or answer.status_code == expected, (path, answer.status)
        return answer

    def sign_in(self, login: str, password: str = PASSWORD, expected: int = 303) -> TestResponse:
        return self.post("/login", expected, form={"login": login, "password": password})


@dataclass
class Site:
    app: Flask
    settings: Settings
    factory: sessionmaker[Session]
    clock: clock.SimulatedClock
    instance_id: UUID
    task_id: UUID
    client_id: int
    owner: str
    colleague: str

    def visitor(self, login: str | None = None) -> Visitor:
        visitor = Visitor(self.app)
        if login is not None:
            visitor.sign_in(login)
        return visitor

    def bearer(self, login: str) -> dict[str, str]:
        with self.factory.begin() as session:
            return {"Authorization": f"Bearer {create_token(session, login)}"}


def _settings(folder: Path) -> Settings:
    loaded = settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
            "BROKER_CRM_DEMO": "1",
        }
    )
    loaded.data_dir.mkdir(parents=True, exist_ok=True)
    return loaded


@pytest.fixture(scope="session")
def site_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    loaded = _settings(folder)
    shutil.copyfile(sqlite_template, folder / "site.sqlite3")
    engine = connect(loaded.database_url)
    factory = sessions(engine)
    create_app(loaded)
    with clock.use(clock.SimulatedClock(MONDAY)):
        with factory.begin() as session:
            publish_folder(session, ROOT)
        seed(factory, loaded, history=False)
        with factory.begin() as session:
            client = session.scalars(
                select(Client)
                .join(Consent, Consent.client_id == Client.id)
                .where(Client.kind == "legal", Client.owner.is_not(None), Client.vip.is_(False))
                .order_by(Client.id)
            ).first()
            assert client is not None and client.owner is not None
            product = session.scalars(select(Product).where(Product.key == "liability")).one()
            variables = {"clientId": client.id, "productId": product.id}
            start_case(session, "new-client-sale", variables, by=client.owner)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return folder / "site.sqlite3"


@pytest.fixture
def site(site_template: Path, tmp_path: Path) -> Iterator[Site]:
    """A Monday morning on which one sale has begun."""
    loaded = _settings(tmp_path)
    shutil.copyfile(site_template, tmp_path / "site.sqlite3")
    engine = connect(loaded.database_url)
    factory = sessions(engine)
    simulated = clock.SimulatedClock(MONDAY)
    with clock.use(simulated):
        with factory() as session:
            task = session.scalars(select(UserTask)).one()
            owner = task.assignee or ""
            colleague = session.scalars(
                select(User.login).where(User.login.in_(("jonas", "ruta")), User.login != owner)
            ).first()
        yield Site(
            create_app(loaded),
            loaded,
            factory,
            simulated,
            task.instance_id,
            task.id,
            task.client_id or 0,
            owner,
            colleague or "",
        )
        with factory() as session:
            assert broken(session) == []
    engine.dispose()
