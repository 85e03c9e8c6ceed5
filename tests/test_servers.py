"""The servers of the test run are real and clean for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from broker_crm import embedded_redis
from broker_crm.settings import redis_socket


@pytest.mark.parametrize("_time", [1, 2])
def test_each_test_gets_an_empty_migrated_database(session: Session, _time: int) -> None:
    assert session.scalar(text("SELECT count(*) FROM team")) == 0
    session.execute(text("INSERT INTO team (key, name) VALUES ('north', 'North')"))
    session.commit()


def test_both_databases_are_what_they_say(engine: Engine, database_url: str) -> None:
    assert database_url.startswith(engine.dialect.name)


def test_redis_remembers_after_a_restart(tmp_path: Path) -> None:
    for expected in (None, b"1"):
        with embedded_redis.running(tmp_path) as url, Redis.from_url(url) as client:
            assert client.get("kept") == expected
            client.set("kept", "1")


def test_redis_serves_a_data_directory_with_a_long_path(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    with embedded_redis.running(deep) as url, Redis.from_url(url) as client:
        assert client.ping()
    assert redis_socket(deep).parent != deep
    redis_socket(deep).parent.rmdir()


def test_the_browser_shows_lithuanian_letters(page: Page) -> None:
    page.set_content("<h1>Ąžuolų gatvė</h1>")
    assert page.get_by_role("heading").inner_text() == "Ąžuolų gatvė"
    assert page.evaluate("navigator.language") == "lt-LT"
