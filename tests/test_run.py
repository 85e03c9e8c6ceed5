"""A started product serves people, keeps what it has, and says plainly why it can't start."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.sample import seed
from broker_crm.schema import upgrade
from broker_crm.settings import load

from .running_product import PATIENCE, eventually, free_port, left_of, running, start

ROOT = Path(__file__).parents[1]
KEPT = ("client", "user_account", "product", "process_version", "resource", "team")


def rows(data_dir: Path) -> dict[str, int]:
    engine = create_engine(f"sqlite:///{data_dir / 'broker_crm.sqlite3'}")
    with engine.connect() as connection:
        return {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in KEPT
        }


def test_people_can_sign_in_and_everything_is_well(tmp_path: Path) -> None:
    with running(tmp_path) as product:
        page = product.read("/")
        assert 'name="login"' in page and 'type="password"' in page
        assert eventually(lambda: product.health().get("status") == "ok"), product.health()


def test_starting_again_loses_nothing_and_loads_no_sample_twice(tmp_path: Path) -> None:
    settings = load({"BROKER_CRM_DATA_DIR": str(tmp_path), "BROKER_CRM_DEMO": "1"})
    upgrade(settings.database_url)
    engine = connect(settings.database_url)
    with sessions(engine).begin() as session:
        publish_folder(session, ROOT)
    seed(sessions(engine), settings, history=False)
    engine.dispose()
    before, key = rows(tmp_path), settings.secret_key
    assert before["client"] and before["process_version"]
    for _ in range(2):
        with running(tmp_path, BROKER_CRM_DEMO="1") as product:
            assert product.health()
    assert (rows(tmp_path), settings.secret_key) == (before, key)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("BROKER_CRM_DATA_DIR", "{file}", "BROKER_CRM_DATA_DIR: {file} can't be used"),
        ("BROKER_CRM_DATA_DIR", "/proc/nowhere", "BROKER_CRM_DATA_DIR: /proc/nowhere can't be"),
        ("BROKER_CRM_SECRET_KEY", "short", "BROKER_CRM_SECRET_KEY: give at least 32"),
        ("BROKER_CRM_HOST", "192.0.2.1", "192.0.2.1:"),
        ("DATABASE_URL", "mysql://db/crm", "DATABASE_URL: mysql is not supported"),
        ("DATABASE_URL", "postgresql://ona@127.0.0.1:1/crm", "The database can't be reached"),
        ("DATABASE_URL", "sqlite:////nowhere/crm.sqlite3", "The database can't be reached"),
    ],
)
def test_what_hinders_a_start_is_told_plainly(
    tmp_path: Path, variable: str, value: str, told: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    folder = tmp_path / "var"
    environment = {variable: value.format(file=file)}
    run = start(folder, free_port(), **environment)
    said = run.communicate(timeout=PATIENCE)[0]
    assert run.returncode == 1
    assert said.startswith(told.format(file=file)) and "Traceback" not in said
    assert len(said.splitlines()) <= 2
    assert not left_of(folder)
