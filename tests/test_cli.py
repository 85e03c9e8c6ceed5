"""The commands of `broker-crm`, as an operator and a designer type them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from broker_crm.composition import compose
from broker_crm.crm.cases import start_case
from broker_crm.crm.models import Client, Product
from broker_crm.db import connect, sessions
from broker_crm.settings import load
from broker_crm.web import create_app

ROOT = Path(__file__).parents[1]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path) -> Run:
    """Types a command; gives its exit code and what it said."""

    def command(*words: str, url: str = sqlite_url) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "BROKER_CRM_DATA_DIR": str(tmp_path / "var"),
            "DATABASE_URL": url,
            "BROKER_CRM_DEMO": "1",
        }
        return subprocess.run(
            [sys.executable, "-m", "broker_crm.cli", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the designers' files, without the scenarios: those take their time."""
    without = shutil.ignore_patterns("scenarios")
    for name in ("bpmn", "forms"):
        shutil.copytree(ROOT / name, tmp_path / "office" / name, ignore=without)
    return tmp_path / "office"


def test_our_own_files_are_clean(run: Run) -> None:
    done = run("lint", str(ROOT))
    assert (done.returncode, done.stdout) == (0, "Nothing found.\n")
    assert json.loads(run("lint", "--json", str(ROOT)).stdout) == []


def test_lint_names_file_element_and_mend(run: Run, folder: Path) -> None:
    diagram = folder / "bpmn" / "new_client_sale.bpmn"
    diagram.write_text(diagram.read_text().replace('formId="first-call"', 'formId="gone"'))
    done = run("lint", str(folder))
    assert done.returncode == 1
    assert "new_client_sale.bpmn" in done.stdout and "2. Skambutis" in done.stdout
    found = json.loads(run("lint", "--json", str(folder)).stdout)
    assert any(each["severity"] == "error" and "gone" in each["problem"] for each in found)


def test_publishing_is_listed_and_repeating_it_changes_nothing(run: Run, folder: Path) -> None:
    assert "version 1" in run("publish", str(folder), "--note", "Pirmoji").stdout
    assert run("publish", str(folder)).stdout == "Nothing has changed.\n"
    form = folder / "forms" / "first-call.form"
    form.write_text(form.read_text().replace("Pastabos", "Pastabos iš pokalbio"))
    assert run("publish", str(folder)).stdout == "new-client-sale: version 2\n"
    listed = run("versions").stdout.splitlines()
    newest, oldest = [line for line in listed if line.startswith("new-client-sale")]
    assert newest.startswith("new-client-sale 2") and oldest.startswith("new-client-sale 1")
    assert oldest.endswith("Pirmoji")


def test_what_is_wrong_is_not_published(run: Run, folder: Path) -> None:
    run("publish", str(folder))
    (folder / "bpmn" / "new_client_sale.bpmn").write_text("<not a diagram")
    done = run("publish", str(folder))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "new_client_sale.bpmn" in done.stdout + done.stderr
    assert run("versions").stdout.count("new-client-sale") == 1


def test_seed_token_and_check(run: Run, folder: Path, sqlite_url: str) -> None:
    run("publish", str(folder))
    assert run("seed", "--no-history").stdout == "Sample data is loaded.\n"
    assert run("seed").stdout == "There are clients already; nothing done.\n"
    assert run("check").stdout == "All invariants hold.\n"
    nobody = run("token", "nobody")
    assert (nobody.returncode, nobody.stderr) == (1, "There is no active user “nobody”.\n")
    settings = {
        "DATABASE_URL": sqlite_url,
        "BROKER_CRM_DATA_DIR": str(folder),
        "BROKER_CRM_DEMO": "1",
    }
    token = run("token", "manager").stdout.strip()
    app = create_app(load(settings))
    asked = app.test_client().get("/api/tasks", headers={"Authorization": f"Bearer {token}"})
    assert asked.status_code == 200


@pytest.mark.damages
@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        (
            "UPDATE process_version SET content_hash = 'x'",
            "A version is as it was published: new-client-sale 1: its content has another hash",
        ),
        ("DELETE FROM timer", "Rows and state agree on timers: instance"),
        (
            "UPDATE user_task SET status = 'completed', completed_at = created_at",
            "A completed task has one event: task",
        ),
        (
            "UPDATE process_instance SET status = 'completed', ended_at = started_at",
            "An open task has a running instance: task",
        ),
        ("UPDATE process_instance SET state = 'x'", "A state can be read: instance"),
    ],
)
def test_check_names_what_was_tampered_with(
    run: Run, furnished_url: str, tampering: str, told: str
) -> None:
    engine = connect(furnished_url)
    compose()
    with sessions(engine).begin() as session:
        client = session.scalars(select(Client).where(Client.owner.is_not(None))).first()
        product = session.scalars(select(Product)).first()
        assert client is not None and client.owner is not None and product is not None
        about = {"clientId": client.id, "productId": product.id}
        start_case(session, "new-client-sale", about, by=client.owner)
    with engine.begin() as connection:
        connection.execute(text(tampering))
    engine.dispose()
    done = run("check", url=furnished_url)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert any(line.startswith(told) for line in done.stdout.splitlines()), done.stdout


@pytest.mark.parametrize(
    "words",
    [("check",), ("seed",), ("token", "manager"), ("publish", "."), ("serve",), ("worker",)],
)
def test_a_database_without_tables_asks_to_be_prepared(
    run: Run, database_url: str, words: tuple[str, ...]
) -> None:
    with create_engine(database_url).begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    done = run(*words, url=database_url)
    assert done.returncode == 1
    assert done.stderr.endswith("Run: broker-crm prepare\n") and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("program", [["-m", "broker_crm.cli", "worker"], [str(ROOT / "worker.py")]])
def test_a_worker_with_a_wrong_setting_says_which(program: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *program],
        env={**os.environ, "BROKER_CRM_PORT": "abc"},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("BROKER_CRM_PORT: ") and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [("seed", "--scale", "0"), ("seed", "--scale", "x"), ("lint",), ("lint", "/nowhere")]
)
def test_wrong_words_are_explained(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 2 and "Usage:" in done.stderr


@pytest.mark.parametrize("command", ["check", "versions", "seed"])
def test_a_database_that_is_away_is_told_in_one_line(run: Run, command: str) -> None:
    done = run(command, url="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert "can't be reached" in done.stderr and "Traceback" not in done.stderr


def test_the_work_is_exported_and_a_log_is_brought_in(
    run: Run, furnished_sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "log.csv"
    done = run("export", "csv", str(file), "--masked", url=furnished_sqlite_url)
    assert done.returncode == 0 and done.stdout.startswith(f"{file}: 0 events")
    heading = file.read_text(encoding="utf-8")
    again = run("export", "csv", str(file), url=furnished_sqlite_url)
    assert again.returncode == 1 and "--force" in again.stderr
    assert file.read_text(encoding="utf-8") == heading
    for words, said in (
        (("export", "csv", str(tmp_path / "log.xes")), "csv is written to .csv"),
        (("export", "xes", str(tmp_path / "no/log.xes")), "can't be written"),
        (("export", "xes", str(tmp_path / "a.xes"), "--process", "x"), "Known: campaign"),
    ):
        refused = run(*words, url=furnished_sqlite_url)
        assert refused.returncode == 1 and said in refused.stderr, refused.stderr
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("order,what,when\n1,Call,16.11.2026 10:00\n1,Sign,17.11.2026 10:00\n")
    refused = run("import-log", str(foreign), url=furnished_sqlite_url)
    assert refused.returncode == 1 and "No column is chosen for: case" in refused.stderr
    columns = [f"--column={field}" for field in ("case=order", "activity=what", "complete=when")]
    brought = run(
        "import-log", str(foreign), *columns, "--time=%d.%m.%Y %H:%M", url=furnished_sqlite_url
    )
    assert brought.returncode == 0 and "foreign: 1 cases, 2 steps." in brought.stdout
    log_id = brought.stdout.split()[0]
    assert run("logs", url=furnished_sqlite_url).stdout.startswith(log_id)
    assert run("delete-log", log_id, url=furnished_sqlite_url).returncode == 0
    assert run("delete-log", log_id, url=furnished_sqlite_url).returncode == 1
    assert run("logs", url=furnished_sqlite_url).stdout == ""
