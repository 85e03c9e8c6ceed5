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
from sqlalchemy import create_engine, text

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
    """A copy of the designers' files."""
    for name in ("bpmn", "forms"):
        shutil.copytree(ROOT / name, tmp_path / "office" / name)
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
    done = run("publish", str(folder))
    assert done.returncode in (0, 1)
    listed = run("versions").stdout
    assert "new-client-sale 1" in listed and "Pirmoji" in listed


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
    made = run("token", "manager")
    assert made.returncode == 0 and len(made.stdout.strip()) >= 40
    assert run("check").stdout == "All invariants hold.\n"
    nobody = run("token", "nobody")
    assert nobody.returncode == 1 and "nobody" in nobody.stderr
    with create_engine(sqlite_url).begin() as connection:
        connection.execute(text("UPDATE process_version SET content_hash = 'x'"))
    broken = run("check")
    assert broken.returncode == 1 and "hash" in broken.stdout


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
