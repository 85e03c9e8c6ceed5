"""Keeps scenarios in the database beside their process, and takes changed files in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.definitions.findings import Finding, Severity, in_file
from broker_crm.definitions.lint import project_root
from broker_crm.scenarios.errors import ScenarioRejected
from broker_crm.scenarios.models import SavedScenario
from broker_crm.scenarios.reading import read, read_file

FOLDER = Path("bpmn") / "scenarios"
RULE = "scenario"


class ScenarioChanged(Exception):
    """Somebody else saved it meanwhile; nothing was overwritten.

    Args:
        name: of the scenario.
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The scenario “{name}” was changed by somebody else meanwhile. Open it anew, or save"
            " yours under another name."
        )
        self.name = name


def of_process(session: Session, process_key: str) -> list[SavedScenario]:
    """A process's scenarios by name."""
    statement = select(SavedScenario).where(SavedScenario.process_key == process_key)
    return list(session.scalars(statement.order_by(SavedScenario.name)))


def save(
    session: Session, told: Mapping[str, Any], *, by: str | None, row_version: int | None
) -> SavedScenario:
    """Save a scenario under its process and name.

    Args:
        session: the caller commits.
        told: as JSON holds it.
        by: login.
        row_version: of the scenario that was opened; None for a new one.

    Raises:
        ScenarioRejected: it can't be read.
        ScenarioChanged: there is one of this name, or a later one than was opened.
    """
    scenario = read(dict(told))
    known = session.scalar(
        select(SavedScenario.row_version).where(
            SavedScenario.process_key == scenario.process, SavedScenario.name == scenario.name
        )
    )
    if known != row_version:
        raise ScenarioChanged(scenario.name)
    written = written_as(told)
    if row_version is None:
        session.add(
            SavedScenario(
                process_key=scenario.process,
                name=scenario.name,
                content=written,
                author=by,
                changed_at=clock.now(),
            )
        )
        session.flush()
    else:
        changed = session.execute(
            update(SavedScenario)
            .where(
                SavedScenario.process_key == scenario.process,
                SavedScenario.name == scenario.name,
                SavedScenario.row_version == row_version,
            )
            .values(
                content=written,
                author=by,
                changed_at=clock.now(),
                row_version=SavedScenario.row_version + 1,
            )
            .returning(SavedScenario.id)
        ).first()
        if changed is None:
            raise ScenarioChanged(scenario.name)
    return session.scalars(
        select(SavedScenario)
        .where(SavedScenario.process_key == scenario.process, SavedScenario.name == scenario.name)
        .execution_options(populate_existing=True)
    ).one()


def remove(session: Session, scenario_id: int, row_version: int) -> None:
    """Take a scenario away.

    Raises:
        ScenarioChanged: there is a later one, or none any more.
    """
    gone = session.execute(
        delete(SavedScenario)
        .where(SavedScenario.id == scenario_id, SavedScenario.row_version == row_version)
        .returning(SavedScenario.id)
    ).first()
    if gone is None:
        raise ScenarioChanged(str(scenario_id))


def written_as(told: Mapping[str, Any]) -> str:
    """The text of a scenario's file: the same for the same content, readable, with a last line."""
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def files(root: Path) -> tuple[dict[str, dict[str, Any]], list[Finding]]:
    """Scenario files of a folder by `PROCESS-KEY/NAME`, and what is wrong with the others."""
    found: dict[str, dict[str, Any]] = {}
    findings: list[Finding] = []
    folder = project_root(root) / FOLDER
    for path in sorted(folder.glob("*/*.json")) if folder.is_dir() else []:
        place = f"{path.parent.name}/{path.name}"
        try:
            scenario = read_file(path)
            found[f"{scenario.process}/{scenario.name}"] = json.loads(path.read_bytes())
        except ScenarioRejected as rejected:
            findings += [
                in_file(f"scenarios/{place}", RULE, str(problem), "Mend the scenario.")
                for problem in rejected.problems
            ]
    return found, findings


def take_in(session: Session, root: Path) -> list[Finding]:
    """Bring changed files into the database; what was changed there, too, stays as it is.

    Args:
        session: the caller commits.
        root: the folder that holds `bpmn/`, or a path in it.

    Returns:
        Warnings about files that were not taken.
    """
    there, warnings = files(root)
    known = {f"{row.process_key}/{row.name}": row for row in session.scalars(select(SavedScenario))}
    for place, told in there.items():
        written = written_as(told)
        digest = hashlib.sha256(written.encode()).hexdigest()
        row = known.get(place)
        if row is None:
            process_key, name = place.split("/", 1)
            row = SavedScenario(process_key=process_key, name=name, content=written)
            session.add(row)
        elif row.file_hash == digest:
            continue
        elif _changed_here(row) and row.content != written:
            problem = "The scenario was changed in the browser and in the file."
            mend = "Put the better of the two into both, or give the file another name."
            warnings.append(
                in_file(f"scenarios/{place}.json", RULE, problem, mend, Severity.WARNING)
            )
            continue
        else:
            row.content, row.row_version = written, row.row_version + 1
        row.file_hash, row.changed_at = digest, clock.now()
    session.flush()
    return warnings


def _changed_here(row: SavedScenario) -> bool:
    return hashlib.sha256(row.content.encode()).hexdigest() != row.file_hash
