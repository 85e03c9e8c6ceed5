"""Publishing lives the scenarios through first; what is saved is never overwritten unseen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.cli import commands
from broker_crm.db import connect, sessions
from broker_crm.definitions.bundle import read_folder
from broker_crm.definitions.findings import DiagramRejected, Severity
from broker_crm.definitions.models import ProcessVersion
from broker_crm.scenarios import gate, storing
from broker_crm.scenarios.models import SavedScenario

from .conftest import INTRO, ROOT, sale

SALE = "bpmn/new_client_sale.bpmn"
SCENARIO = "bpmn/scenarios/new-client-sale/no-permission.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the shipped files, one scenario of the sale and one of the complaint."""
    root = tmp_path / "office"
    shutil.copytree(ROOT / "forms", root / "forms")
    shutil.copytree(ROOT / "bpmn", root / "bpmn", ignore=shutil.ignore_patterns("scenarios"))
    place = root / SCENARIO
    place.parent.mkdir(parents=True)
    shutil.copyfile(ROOT / SCENARIO, place)
    return root


def change(folder: Path, before: str, after: str) -> None:
    """Change the diagram of the sale."""
    file = folder / SALE
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def versions(url: str) -> int:
    engine = connect(url)
    with sessions(engine)() as session:
        found = len(session.scalars(select(ProcessVersion.id)).all())
    engine.dispose()
    return found


def test_the_command_refuses_what_breaks_a_scenario_and_publishes_what_keeps_it(
    furnished_sqlite_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", furnished_sqlite_url)
    monkeypatch.setenv("BROKER_CRM_DATA_DIR", str(tmp_path))
    before = versions(furnished_sqlite_url)
    change(folder, 'key="outcome" value="not-permitted"', 'key="outcome" value="forbidden"')
    refused = CliRunner().invoke(commands, ["publish", str(folder)])
    assert isinstance(refused.exception, DiagramRejected)
    (finding,) = [each for each in refused.exception.findings if each.severity is Severity.ERROR]
    assert finding.rule == "scenario" and finding.file.endswith("no-permission.json")
    assert "expected not-permitted, got forbidden" in finding.problem
    assert versions(furnished_sqlite_url) == before
    change(folder, 'value="forbidden"', 'value="not-permitted"')
    change(folder, 'name="Leidimas kreiptis', 'name="Leidimas kreiptis į klientą')
    published = CliRunner().invoke(commands, ["publish", str(folder), "--note", "Vardas"])
    assert published.exit_code == 0, published.output
    assert "new-client-sale: version 2" in published.output
    assert versions(furnished_sqlite_url) == before + 1


def test_a_process_without_scenarios_is_published_with_a_warning(
    furnished_sqlite_url: str, folder: Path
) -> None:
    (folder / SCENARIO).unlink()
    change(folder, 'name="Leidimas kreiptis', 'name="Leidimas kreiptis į klientą')
    engine = connect(furnished_sqlite_url)
    with sessions(engine)() as session:
        (warning,) = gate.passed(gate.of_folder(session, folder))
    engine.dispose()
    assert (warning.rule, warning.severity) == ("scenario", Severity.WARNING)
    assert "new-client-sale" in warning.problem


def test_drafts_are_held_against_the_saved_scenarios(
    furnished_sqlite_url: str, folder: Path
) -> None:
    engine = connect(furnished_sqlite_url)
    with sessions(engine).begin() as session:
        assert gate.passed(gate.of_drafts(session, [])) == []
        storing.take_in(session, folder)
        change(folder, 'key="outcome" value="not-permitted"', 'key="outcome" value="forbidden"')
        drafts = [each for each in read_folder(folder) if each.process_key == "new-client-sale"]
        with pytest.raises(DiagramRejected, match="no-permission"):
            gate.passed(gate.of_drafts(session, drafts))
    engine.dispose()


def test_an_unreadable_scenario_refuses_by_its_place(session: Session, folder: Path) -> None:
    (folder / SCENARIO).write_text('{"process": "new-client-sale"}')
    with pytest.raises(DiagramRejected, match=r"no-permission\.json.*begins"):
        gate.passed(gate.of_folder(session, folder))


def test_try_tells_verdicts_coverage_and_fails(folder: Path) -> None:
    kept = CliRunner().invoke(commands, ["try", str(folder)])
    assert kept.exit_code == 0, kept.output
    assert "no-permission “Klientas nesutiko, kad su juo susisiektume”: kept" in kept.output
    assert "% of the diagram passed" in kept.output
    told = json.loads((folder / SCENARIO).read_text())
    told["expect"]["outcome"] = "signed"
    (folder / SCENARIO).write_text(json.dumps(told))
    broken = CliRunner().invoke(commands, ["try", str(folder / SCENARIO), "--json"])
    assert broken.exit_code == 1
    (performed,) = json.loads(broken.stdout)
    assert performed["kept"] is False and performed["coverage"]["percent"] >= 1
    (folder / SCENARIO).write_text("{")
    unread = CliRunner().invoke(commands, ["try", str(folder)])
    assert unread.exit_code == 1 and "This is not JSON" in unread.output


def test_a_stale_save_overwrites_nothing(session: Session) -> None:
    saved = storing.save(session, sale(), by=None, row_version=None)
    with pytest.raises(storing.ScenarioChanged):
        storing.save(session, sale(INTRO), by=None, row_version=None)
    later = storing.save(session, sale(INTRO), by=None, row_version=1)
    assert (later.row_version, len(json.loads(later.content)["steps"])) == (2, 1)
    with pytest.raises(storing.ScenarioChanged):
        storing.save(session, sale(), by=None, row_version=1)
    with pytest.raises(storing.ScenarioChanged):
        storing.remove(session, saved.id, 1)
    assert len(json.loads(session.scalars(select(SavedScenario.content)).one())["steps"]) == 1
    storing.remove(session, saved.id, 2)
    assert storing.of_process(session, "new-client-sale") == []


def test_files_are_taken_in_once_and_never_over_a_change_of_the_browser(
    session: Session, folder: Path
) -> None:
    assert storing.take_in(session, folder) == []
    (row,) = storing.of_process(session, "new-client-sale")
    told = json.loads(row.content)
    assert storing.take_in(session, folder) == [] and row.row_version == 1
    (folder / SCENARIO).write_text(json.dumps({**told, "product": "cyber"}))
    assert storing.take_in(session, folder) == []
    assert json.loads(row.content)["product"] == "cyber" and row.row_version == 2
    storing.save(session, {**told, "product": "casco"}, by=None, row_version=2)
    assert storing.take_in(session, folder) == []
    (folder / SCENARIO).write_text(json.dumps({**told, "product": "property"}))
    (warning,) = storing.take_in(session, folder)
    assert "both" in warning.mend or "browser" in warning.problem
    session.refresh(row)
    assert json.loads(row.content)["product"] == "casco"
