"""Migrations make exactly the tables that the models describe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from broker_crm import schema
from broker_crm.schema import METADATA


def differences(url: str) -> list[object]:
    with create_engine(url).connect() as connection:
        return schema.differences(connection)


def test_migrated_tables_are_those_of_the_models(database_url: str) -> None:
    assert differences(database_url) == []


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    with create_engine(database_url).begin() as connection:
        connection.execute(text("INSERT INTO team (key, name) VALUES ('north', 'North')"))
    schema.upgrade(database_url)
    assert differences(database_url) == []
    with create_engine(database_url).connect() as connection:
        assert connection.execute(text("SELECT name FROM team")).scalar_one() == "North"


def test_a_database_of_a_newer_release_is_refused(database_url: str) -> None:
    with create_engine(database_url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.SchemaTooNew, match=r"9999, which only a newer release knows"):
        schema.upgrade(database_url)
    with pytest.raises(schema.SchemaTooNew):
        schema.require_current(create_engine(database_url))


def test_several_may_prepare_an_empty_database_at_once(database_url: str, tmp_path: Path) -> None:
    with create_engine(database_url).begin() as connection:
        METADATA.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    own = {"DATABASE_URL": database_url, "BROKER_CRM_DATA_DIR": str(tmp_path)}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "broker_crm.cli", "prepare"],
            env={**os.environ, **own, "BROKER_CRM_DEMO": "0"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [each.communicate(timeout=60)[0] for each in running]
    assert [each.returncode for each in running] == [0, 0, 0]
    assert sum("version 1" in each for each in said) == 1
    assert differences(database_url) == []


def test_a_database_of_the_first_release_keeps_its_rows(database_url: str) -> None:
    with create_engine(database_url).begin() as connection:
        METADATA.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    schema.upgrade(database_url, "0001")
    waiting = (
        "INSERT INTO pending_message (id, kind, name, payload, created_at)"
        " VALUES ('00000000000000000000000000000001', 'signal', 'rates', '{}', '2026-01-01')"
    )
    with create_engine(database_url).begin() as connection:
        connection.execute(text(waiting))
    schema.upgrade(database_url)
    assert differences(database_url) == []
    with create_engine(database_url).connect() as connection:
        kept = connection.execute(text("SELECT name, attempts, parked FROM pending_message")).one()
    assert tuple(kept) == ("rates", 0, False)
