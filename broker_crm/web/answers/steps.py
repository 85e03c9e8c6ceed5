"""Names of steps and outcomes, read from the published diagrams and forms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask import g
from flask_babel import get_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import resources
from broker_crm.engine.diagram import read_diagram
from broker_crm.web import names

_read: dict[tuple[str, str], Mapping[str, str]] = {}
"""By content hash and language; versions never change."""


def versions(session: Session) -> list[ProcessVersion]:
    """All published versions, the newest first; read once per request."""
    found: list[ProcessVersion] | None = g.get("question_versions")
    if found is None:
        statement = select(ProcessVersion).order_by(ProcessVersion.number.desc(), ProcessVersion.id)
        found = g.question_versions = list(session.scalars(statement))
    return found


def latest(session: Session) -> dict[str, ProcessVersion]:
    """The newest version of each process."""
    found: dict[str, ProcessVersion] = {}
    for version in versions(session):
        found.setdefault(version.process_key, version)
    return found


def of_version(session: Session, version: ProcessVersion) -> Mapping[str, str]:
    """Key of a step to its name in the visitor's language."""
    kept = (version.content_hash, str(get_locale()))
    if kept not in _read:
        _read[kept] = {
            element.step: names.name(session, version.id, element.name)
            for file, content in resources(session, version.id, ResourceKind.DIAGRAM).items()
            for element in read_diagram(content, file).elements.values()
            if element.type == "userTask"
        }
    return _read[kept]


def known(session: Session, process: str | None = None) -> dict[str, str]:
    """Steps of the newest versions, of one process or of all."""
    found: dict[str, str] = {}
    for key, version in latest(session).items():
        if process in (None, key):
            found = {**of_version(session, version), **found}
    return found


def name(session: Session, step: str, process: str | None = None) -> str:
    """A step's name: in its process where that is told, else where it is found first."""
    for version in versions(session):
        if process in (None, version.process_key):
            told = of_version(session, version).get(step)
            if told:
                return told
    return step if process is None else name(session, step)


def name_of_element(session: Session, process: str | None, element: str) -> str:
    """The name of a step by its id in the diagram, in the newest version that has it."""
    for version in versions(session):
        if process in (None, version.process_key):
            for file, content in resources(session, version.id, ResourceKind.DIAGRAM).items():
                found = read_diagram(content, file).elements.get(element)
                if found is not None:
                    return names.name(session, version.id, found.name)
    return element


def outcomes(session: Session) -> Mapping[str, str]:
    """Codes of outcomes to words, over the fields of all processes' forms that ask for one."""
    return _words(session, "outcome")


def reasons(session: Session) -> Mapping[str, str]:
    """Codes of reasons to words, over the fields of all processes' forms that ask for a reason."""
    return _words(session, "reason")


def _words(session: Session, asked: str) -> Mapping[str, str]:
    kept: dict[str, dict[str, str]] = g.setdefault("question_words", {})
    if asked not in kept:
        found = kept[asked] = {}
        for version in latest(session).values():
            texts = names.catalogue(session, version.id)
            for content in resources(session, version.id, ResourceKind.FORM).values():
                for code, told in _offered(json.loads(content), asked):
                    found.setdefault(code, texts.get(told, told))
    return kept[asked]


def _offered(part: Mapping[str, Any], asked: str) -> Iterator[tuple[str, str]]:
    for component in part.get("components", []):
        if str(component.get("key", "")).lower().endswith(asked):
            for choice in component.get("values", []):
                yield str(choice.get("value")), str(choice.get("label", ""))
        yield from _offered(component, asked)
