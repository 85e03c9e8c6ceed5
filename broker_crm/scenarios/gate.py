"""Before publishing: the scenarios of what has changed are lived through with what is to come."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import Bundle, BundledFile, bundles, scan
from broker_crm.definitions.findings import DiagramRejected, Finding, Severity
from broker_crm.definitions.lint import project_root
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import latest_versions, resources
from broker_crm.engine.definition import compile_process
from broker_crm.engine.errors import DiagramRefused
from broker_crm.engine.sentences import said
from broker_crm.scenarios.apart import perform_apart
from broker_crm.scenarios.errors import ScenarioRejected
from broker_crm.scenarios.models import SavedScenario
from broker_crm.scenarios.scenario import titled
from broker_crm.scenarios.storing import RULE, files

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trials:
    """What is to be lived through; read while a session is open, carried out after it is closed."""

    to_come: Sequence[Bundle]
    """Processes whose scenarios are lived through."""
    stage: Sequence[Bundle]
    """All processes of the stage, these among them."""
    scenarios: Sequence[Told]
    """Of all processes, as JSON holds them."""
    unread: Sequence[Finding] = field(default=())
    """What is wrong with files that can't be read."""


def of_folder(session: Session, root: Path) -> Trials:
    """Trials of every process of a folder that differs from its latest version.

    Args:
        session: for reading; on SQLite it holds up nobody who writes.
        root: the folder that holds `bpmn/` and `forms/`, or a path in it.
    """
    session.connection(execution_options={"read_only": True})
    told, unread = files(root)
    all_bundles = list(bundles(scan(project_root(root))))
    there = {**_saved(session), **told}
    return Trials(changed(session, all_bundles), all_bundles, list(there.values()), unread)


def of_drafts(session: Session, to_come: Sequence[Bundle]) -> Trials:
    """Trials of bundles that are to be published over what is published now."""
    keys = {bundle.process_key for bundle in to_come}
    others = [bundle for bundle in published_bundles(session) if bundle.process_key not in keys]
    saved = list(_saved(session).values())
    return Trials(changed(session, to_come), [*to_come, *others], saved)


def passed(trials: Trials) -> list[Finding]:
    """Carry trials out.

    Returns:
        Warnings.

    Raises:
        DiagramRejected: a scenario is not kept, or can't be read.
    """
    found = findings(trials)
    if any(finding.severity is Severity.ERROR for finding in found):
        raise DiagramRejected(found)
    return found


def findings(trials: Trials) -> list[Finding]:
    """Carry trials out; what they find, warnings among it."""
    found = list(trials.unread)
    ready = [bundle for bundle in trials.stage if _compiles(bundle)]
    for bundle in trials.to_come:
        if bundle not in ready:
            continue
        key = bundle.process_key
        own = [each for each in trials.scenarios if each.get("process") == key]
        if not own:
            problem = said("The process “%(name)s” has no scenario.", name=key)
            mend = said("Try it and save what you saw: the next change is held against it.")
            found.append(Finding(Severity.WARNING, _file(bundle), RULE, problem, mend, key))
        for each in own:
            found += _of_scenario(ready, each)
    return found


def changed(session: Session, all_bundles: Iterable[Bundle]) -> list[Bundle]:
    """Those whose content differs from their latest version."""
    latest = {version.process_key: version.content_hash for version in latest_versions(session)}
    return [
        bundle for bundle in all_bundles if latest.get(bundle.process_key) != bundle.content_hash
    ]


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


def _saved(session: Session) -> dict[str, Told]:
    rows = session.scalars(select(SavedScenario).order_by(SavedScenario.id))
    return {f"{row.process_key}/{row.name}": json.loads(row.content) for row in rows}


def _of_scenario(stage: Sequence[Bundle], told: Told) -> Iterator[Finding]:
    key = str(told.get("process"))
    place = f"scenarios/{key}/{told.get('name')}.json"

    def error(problem: str, mend: str) -> Finding:
        return Finding(Severity.ERROR, place, RULE, problem, mend, key)

    try:
        performed = perform_apart(stage, told)
    except ScenarioRejected as rejected:
        for wrong in rejected.problems:
            yield error(str(wrong), said("Mend the scenario."))
        return
    mend = said("Mend the diagram, or the scenario when the change is meant.")
    name = titled(told)
    if problem := performed["problem"]:
        why = (
            f"{problem['place']}: {problem['problem']}" if problem["place"] else problem["problem"]
        )
        yield error(said("The scenario “%(name)s” stopped. %(why)s", name=name, why=why), mend)
    for verdict in performed["verdicts"]:
        if not verdict["kept"]:
            yield error(
                said(
                    "The scenario “%(name)s” is not kept. %(place)s (%(subject)s): expected"
                    " %(expected)s, got %(actual)s.",
                    name=name,
                    **{key: verdict[key] for key in ("place", "subject", "expected", "actual")},
                ),
                mend,
            )


def _file(bundle: Bundle) -> str:
    return next(iter(sorted(bundle.of(ResourceKind.DIAGRAM))), bundle.process_key)


def _compiles(bundle: Bundle) -> bool:
    try:
        compile_process(bundle.source)
    except DiagramRefused:
        return False
    return True
