"""Migrations make exactly the tables that the models describe."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from broker_crm import schema


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
    with pytest.raises(schema.SchemaTooNew, match="newer"):
        schema.upgrade(database_url)
