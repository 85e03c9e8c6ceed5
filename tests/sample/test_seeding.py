"""The sample: the same every time, sound, alive, and nobody real."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from tests.sample.furnished import ROOT, furnish


@pytest.fixture(scope="module")
def first(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return furnish(sqlite_template, tmp_path_factory.mktemp("sample") / "first")


def rows(connection: Connection, statement: str) -> list[Any]:
    return [tuple(row) for row in connection.execute(text(statement))]


def test_the_same_day_gives_the_same_sample_whatever_the_hash_seed(
    first: str, sqlite_template: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.sample.furnished", sqlite_template, tmp_path / "second"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
    )
    second = f"sqlite:///{tmp_path / 'second' / 'sample.sqlite3'}"
    with create_engine(first).connect() as one, create_engine(second).connect() as two:
        for statement in (
            "select * from client order by id",
            "select * from contact_person order by id",
            "select number, starts_on, ends_on, premium, status from policy order by number",
            "select title, status, outcome, reason, started_at, ended_at from process_instance"
            " order by started_at, title",
            "select name, status, due_at, completed_at, completed_by from user_task"
            " order by created_at, name, due_at, completed_at",
            "select kind, at, actor, element_id, outcome from process_event"
            " order by at, kind, actor, element_id",
            "select recipient, subject, template_key from letter"
            " order by created_at, recipient, subject",
            "select register_number, subject, status, answered_at from complaint order by id",
        ):
            assert rows(one, statement) == rows(two, statement), statement


def test_all_six_processes_have_a_past(first: str) -> None:
    with create_engine(first).connect() as connection:
        outcomes = rows(
            connection,
            "select process_key, count(*) from process_instance"
            " where status = 'completed' group by process_key",
        )
        ended = dict(outcomes)
        versions = rows(
            connection,
            "select distinct process_key, version_id from process_instance"
            " where process_key in ('new-client-sale', 'renewal')",
        )
        states = dict(
            rows(connection, "select state, count(*) from campaign_recipient group by state")
        )
    assert set(ended) >= {
        "new-client-sale",
        "renewal",
        "cross-sell",
        "up-sell",
        "campaign-recipient",
        "complaint",
    }
    assert len(versions) == 4, "an earlier and the present version of both"
    assert states["held-out"] and states["ended"]


def test_the_sample_is_alive(first: str) -> None:
    with create_engine(first).connect() as connection:
        waiting = rows(connection, "select due_at from user_task where status = 'open'")
    assert len(waiting) >= 3
    assert any(due < "2026-11-23" for (due,) in waiting)


def test_an_office_finds_its_peculiar_records(first: str) -> None:
    with create_engine(first).connect() as connection:
        twins = rows(
            connection,
            "select count(*) from client twin join client known on known.email = twin.email"
            " and known.id < twin.id where twin.source = 'import' and twin.code is null",
        )
        refused = rows(
            connection,
            "select count(*) from client where do_not_contact"
            " and id not in (select client_id from consent)",
        )
        erasures = rows(
            connection,
            "select count(distinct client_id) from interaction"
            " where text like 'Prašo ištrinti asmens duomenis%'",
        )
        registered = rows(
            connection,
            "select received_on < due_on, due_on >= '2026-11-23', client.do_not_contact"
            " from data_request join client on client.id = client_id"
            " where data_request.kind = 'erasure' and state = 'open'",
        )
    assert registered == [(1, 1, 1)] * 2
    assert twins == [(6,)] and erasures == [(2,)]
    assert refused[0][0] >= 3


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
