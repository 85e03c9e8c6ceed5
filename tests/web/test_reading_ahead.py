"""A web process reads what the questions are answered from before somebody asks."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from broker_crm.web import create_app, database
from broker_crm.web.answers.ahead import read_ahead

from .conftest import Site


def test_the_first_who_asks_finds_everything_read(site: Site) -> None:
    ahead, behind = create_app(site.settings), create_app(site.settings)
    read_ahead(ahead).join()
    first, second = statements(site, ahead), statements(site, ahead)
    assert first == second < statements(site, behind)


def statements(site: Site, app: Flask) -> int:
    """How many an answer takes."""
    said: list[object] = []
    engine = app.extensions[database.ENGINE]

    def note(*told: object) -> None:
        said.append(told[2])

    event.listen(engine, "before_cursor_execute", note)
    told = app.test_client().get("/api/answers/Q12", headers=site.bearer("manager"))
    event.remove(engine, "before_cursor_execute", note)
    assert told.status_code == 200
    return len(said)


def test_a_database_out_of_reach_is_left_to_the_first_who_asks(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = f"sqlite:///{tmp_path / 'no-folder' / 'crm.sqlite3'}"
    app = create_app(replace(site.settings, database_url=nowhere))
    with caplog.at_level(logging.WARNING):
        read_ahead(app).join()
    assert "could not be read at the start" in caplog.text
