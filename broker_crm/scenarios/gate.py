"""Before publishing: the scenarios of what has changed are lived through with what is to come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import Bundle, BundledFile, bundles, scan
from broker_crm.definitions.findings import DiagramRejected, Finding, Severity, in_file
from broker_crm.definitions.lint import project_root
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import latest_versions, resources
from broker_crm.engine.definition import compile_process
from broker_crm.engine.errors import DiagramRefused
from broker_crm.scenarios.apart import perform_apart
from broker_crm.scenarios.errors import ScenarioRejected
from broker_crm.scenarios.models import SavedScenario
from broker_crm.scenarios.storing import RULE, files

Told = Mapping[str, Any]


def pass_folder(session: Session, root: Path) -> list[Finding]:
    """Live through the scenarios of every process of a folder that differs from its latest version.

    Args:
        session: for reading; on SQLite it holds up nobody who writes.
        root: the folder that holds `bpmn/` and `forms/`, or a path in it.

    Returns:
        Warnings.

    Raises:
        DiagramRejected: a scenario is not kept, or can't be read.
    """
    session.connection(execution_options={"read_only": True})
    told, found = files(root)
    all_bundles = list(bundles(scan(project_root(root))))
    saved = {f"{row.process_key}/{row.name}": json.loads(row.content)
             for row in session.scalars(select(SavedScenario))}  # fmt: skip
    found += findings(changed(session, all_bundles), all_bundles, {**saved, **told}.values())
    return refuse(found)


def pass_drafts(session: Session, to_come: Sequence[Bundle]) -> list[Finding]:
    """The same for bundles that are to be published over what is published now.

    Raises:
        DiagramRejected: a scenario is not kept.
    """
    if not to_come:
        return []
    keys = {bundle.process_key for bundle in to_come}
    others = [bundle for bundle in published_bundles(session) if bundle.process_key not in keys]
    saved = [json.loads(row.content) for row in session.scalars(select(SavedScenario))]
    there = changed(session, to_come)
    return refuse(findings(there, [*to_come, *others], saved))


def changed(session: Session, all_bundles: Sequence[Bundle]) -> list[Bundle]:
    """Those whose content differs from their latest version."""
    latest = {version.process_key: version.content_hash for version in latest_versions(session)}
    return [
        bundle for bundle in all_bundles if latest.get(bundle.process_key) != bundle.content_hash
    ]


def refuse(found: list[Finding]) -> list[Finding]:
    """The findings, when none is an error.

    Raises:
        DiagramRejected: when one is.
    """
    if any(finding.severity is Severity.ERROR for finding in found):
        raise DiagramRejected(found)
    return found


def findings(
    to_come: Sequence[Bundle], stage: Sequence[Bundle], scenarios: Sequence[Told] | Any
) -> list[Finding]:
    """What the scenarios of some processes find.

    Args:
        to_come: the processes whose scenarios are lived through.
        stage: all processes that are published on the stage, these among them.
        scenarios: of all processes, as JSON holds them.
    """
    ready = [bundle for bundle in stage if _compiles(bundle)]
    told = list(scenarios)
    found: list[Finding] = []
    for bundle in to_come:
        if bundle not in ready:
            continue
        own = [each for each in told if each.get("process") == bundle.process_key]
        if not own:
            problem = f"The process “{bundle.process_key}” has no scenario."
            mend = "Try it and save what you saw, so that the next change is held against it."
            found.append(in_file(_file(bundle), RULE, problem, mend, Severity.WARNING))
        for each in own:
            found += _of_scenario(ready, each)
    return found


def published_bundles(session: Session, chosen: ProcessVersion | None = None) -> list[Bundle]:
    """The latest version of every process as bundles; of one process a chosen version."""
    versions = [
        chosen if chosen is not None and version.process_key == chosen.process_key else version
        for version in latest_versions(session)
    ]
    return [
        Bundle(
            version.process_key,
            version.name,
            tuple(
                BundledFile(kind, name, content)
                for kind in ResourceKind
                for name, content in resources(session, version.id, kind).items()
            ),
        )
        for version in versions
    ]


def _of_scenario(stage: Sequence[Bundle], told: Told) -> Iterator[Finding]:
    place = f"scenarios/{told.get('process')}/{told.get('name')}.json"
    try:
        performed = perform_apart(stage, told)
    except ScenarioRejected as rejected:
        for wrong in rejected.problems:
            yield in_file(place, RULE, str(wrong), "Mend the scenario.")
        return
    problem = performed["problem"]
    mend = "Mend the diagram, or the scenario when the change is meant."
    if problem:
        where = f"{problem['place']}: " if problem["place"] else ""
        text = f"The scenario “{told['name']}” stopped. {where}{problem['problem']}"
        yield in_file(place, RULE, text, mend)
    for verdict in performed["verdicts"]:
        if not verdict["kept"]:
            text = (
                f"The scenario “{told['name']}” is not kept. {verdict['place']}"
                f" ({verdict['subject']}): expected {verdict['expected']}, got {verdict['actual']}."
            )
            yield in_file(place, RULE, text, mend)


def _file(bundle: Bundle) -> str:
    return next(iter(sorted(bundle.of(ResourceKind.DIAGRAM))), bundle.process_key)


def _compiles(bundle: Bundle) -> bool:
    try:
        compile_process(bundle.source)
    except DiagramRefused:
        return False
    return True
