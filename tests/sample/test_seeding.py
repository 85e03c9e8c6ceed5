"""The sample: the same every time, sound, alive, and nobody real."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from broker_crm import settings
from broker_crm.composition import compose
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.integrity import broken
from broker_crm.sample import history, seed

ROOT = Path(__file__).parents[2]
TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


def sample(template: Path, folder: Path) -> str:
    folder.mkdir()
    shutil.copyfile(template, folder / "sample.sqlite3")
    loaded = settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'sample.sqlite3'}",
            "BROKER_CRM_DEMO": "1",
        }
    )
    compose()
    engine = connect(loaded.database_url)
    factory = sessions(engine)
    with factory.begin() as session:
        publish_folder(session, ROOT)
    assert seed(factory, loaded, today=TODAY)
    assert not seed(factory, loaded, today=TODAY)
    with factory() as session:
        assert broken(session) == []
    engine.dispose()
    return loaded.database_url


@pytest.fixture(scope="module")
def first(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "SALES", 60)
        return sample(sqlite_template, tmp_path_factory.mktemp("sample") / "first")


def rows(connection: Connection, statement: str) -> list[Any]:
    return [tuple(row) for row in connection.execute(text(statement))]


def test_the_same_day_gives_the_same_sample(
    first: str, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "SALES", 60)
    second = sample(sqlite_template, tmp_path / "second")
    with create_engine(first).connect() as one, create_engine(second).connect() as two:
        for statement in (
            "select * from client order by id",
            "select * from contact_person order by id",
            "select title, status, outcome, reason, started_at, ended_at from process_instance"
            " order by started_at, title",
            "select name, status, due_at, completed_at, completed_by from user_task"
            " order by created_at, name, due_at, completed_at",
            "select kind, at, actor, element_id, outcome from process_event order by id",
            "select recipient, subject, body from letter order by created_at, recipient, subject",
        ):
            assert rows(one, statement) == rows(two, statement), statement


def test_the_sample_is_alive(first: str) -> None:
    with create_engine(first).connect() as connection:
        outcomes = dict(
            rows(connection, "select outcome, count(*) from process_instance group by outcome")
        )
        waiting = rows(connection, "select due_at from user_task where status = 'open'")
    assert outcomes["signed"] >= 3 and outcomes["not-interested"] >= 10
    assert len(waiting) >= 5
    assert any(due < "2026-11-23" for (due,) in waiting)


def test_nobody_in_it_is_real(first: str) -> None:
    with create_engine(first).connect() as connection:
        addresses = rows(
            connection,
            "select email from client where email is not null"
            " union select email from contact_person where email is not null"
            " union select email from user_account",
        )
        codes = rows(connection, "select code from client where code is not null")
    assert all(address.endswith(".example") for (address,) in addresses)
    assert all(code.startswith("9") for (code,) in codes if len(code) == 9)
