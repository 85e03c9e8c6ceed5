"""The command `try`: lives scenarios through from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

EXISTING = click.Path(exists=True, path_type=Path)


@click.command("try")
@click.argument("paths", nargs=-1, required=True, type=EXISTING)
@click.option("--json", "as_json", is_flag=True, help="All that happened as one JSON list.")
def try_(paths: tuple[Path, ...], as_json: bool) -> None:
    """Live scenarios through on the files of their folder; exit 1 when one is not kept.

    PATH is a scenario's file, a folder of scenarios, or the folder that holds bpmn/.
    """
    performed, problems = _performed(paths)
    if as_json:
        click.echo(json.dumps([*problems, *performed], ensure_ascii=False, default=str))
    else:
        for problem in problems:
            click.echo(f"{problem['file']}: {problem['problem']}")
        for told in performed:
            _tell(told)
        _tell_coverage(performed)
        if not performed and not problems:
            click.echo("There are no scenarios.")
    if problems or not all(told["kept"] for told in performed):
        sys.exit(1)


def _performed(paths: tuple[Path, ...]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    from broker_crm.definitions.bundle import read_folder
    from broker_crm.scenarios.apart import perform_apart
    from broker_crm.scenarios.errors import ScenarioRejected
    from broker_crm.scenarios.reading import read_file
    from broker_crm.scenarios.scenario import titled
    from broker_crm.scenarios.storing import FOLDER

    performed: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for path in paths:
        root = _root(path.absolute())
        bundles = read_folder(root)
        for file in _scenario_files(path.absolute(), root / FOLDER):
            try:
                read_file(file)
                told = json.loads(file.read_bytes())
                performed.append({**perform_apart(bundles, told), "title": titled(told)})
            except ScenarioRejected as rejected:
                problems += [
                    {"file": str(file), "kept": False, "problem": str(each)}
                    for each in rejected.problems
                ]
    return performed, problems


def _root(path: Path) -> Path:
    """The folder above that holds `bpmn/`."""
    for folder in (path, *path.parents):
        if (folder / "bpmn").is_dir():
            return folder
    return path


def _scenario_files(path: Path, folder: Path) -> list[Path]:
    """Scenarios named by a file or a folder; all of the project for a folder above them."""
    if path.is_file():
        return [path] if path.suffix == ".json" else sorted(folder.glob("*/*.json"))
    if path == folder or folder in path.parents:
        return sorted(path.rglob("*.json"))
    return sorted(folder.glob("*/*.json"))


def _tell(told: dict[str, Any]) -> None:
    verdict = "kept" if told["kept"] else "NOT KEPT"
    title = f" “{told['title']}”" if told["title"] != told["name"] else ""
    click.echo(f"{told['process']}/{told['name']}{title}: {verdict} ({told['seconds']:.1f} s)")
    if told["problem"]:
        place = told["problem"]["place"]
        click.echo(f"  {place + ': ' if place else ''}{told['problem']['problem']}")
    for each in told["verdicts"]:
        if not each["kept"]:
            click.echo(
                f"  {each['place']} ({each['subject']}): expected {each['expected']},"
                f" got {each['actual']}"
            )


def _tell_coverage(performed: list[dict[str, Any]]) -> None:
    from broker_crm.scenarios.coverage import coverage_from, together

    for key in sorted({told["process"] for told in performed}):
        parts = [
            part
            for told in performed
            if told["process"] == key and (part := coverage_from(told["coverage"]))
        ]
        whole = together(parts)
        if whole is not None:
            passed, drawn = len(whole.elements), len(whole.all_elements)
            click.echo(
                f"{key}: {whole.percent} % of the diagram passed, {passed} of {drawn} elements,"
                f" {len(whole.flows)} of {len(whole.all_flows)} flows"
            )
