"""What both pages share: filters, processes to choose from, the diagram, cases behind a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Place
from broker_crm.analysis.slices import Slice
from broker_crm.definitions.models import ProcessVersion
from broker_crm.people.models import User
from broker_crm.web.answers import addresses, figures, filters, labels, places, scope, steps
from broker_crm.web.answers.asked import Asked

SHOWN = 20


def head(session: Session, user: User, told: Asked, endpoint: str, part: Slice) -> dict[str, Any]:
    """Filters and the processes that the page can be about."""
    place = {"endpoint": endpoint, "arguments": {}}
    return {
        "filters": filters.view(session, user, told, part, place),
        "query": dict(told.query),
        "processes": [
            (name, made(endpoint, told.query, process=key, step=None, version=None), key)
            for key, name in labels.processes(session).items()
        ],
        "people": not scope.own_only(user),
    }


def made(endpoint: str, query: Mapping[str, str], **changed: str | None) -> str:
    """An address of the page with some parameters changed; None takes one away."""
    kept = {**query, **changed}
    return addresses.made(endpoint, {name: text for name, text in kept.items() if text})


def version_of(session: Session, told: Asked, part: Slice | None) -> ProcessVersion | None:
    """The version whose diagram is shown: the one asked about, or the newest; a log has none."""
    if told.log is not None or part is None:
        return None
    for each in steps.versions(session):
        if each.process_key == part.process and part.version in (None, each.number):
            return each
    return None


def diagram(version: ProcessVersion) -> str:
    """Where the diagram of a version is read from."""
    return url_for("bottlenecks.diagram", process_key=version.process_key, number=version.number)


def cases(
    session: Session, user: User, told: Asked, found: Sequence[Place], total: int
) -> dict[str, Any] | None:
    """Cases behind a figure, of which the reader may know; those of a log have only their ids."""
    if not found:
        return None
    if told.log is not None:
        rows = [
            {"client": each.case_id, "value": figures.figure(each.value, "days")}
            for each in found[:SHOWN]
        ]
        return {"rows": rows, "total": figures.number(total), "hidden": 0}
    listed = places.shown(session, user, found)
    return {
        "rows": [places.row(each, figures.figure(each.value, "days")) for each in listed[:SHOWN]],
        "total": figures.number(total),
        "hidden": len(found) - len(listed),
    }
