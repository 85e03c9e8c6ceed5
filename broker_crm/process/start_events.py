"""Processes that begin with a message or a signal: whom one starts, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from broker_crm.definitions.published import compiled
from broker_crm.process.experiments.drawing import versions_in_force
from broker_crm.process.starting import Started, start

Starter = Callable[[Session, str, Mapping[str, object], str | None], Started]


def _plainly(
    session: Session, process_key: str, variables: Mapping[str, object], by: str | None
) -> Started:
    return start(session, process_key, variables, by=by)


_starters: list[Starter] = [_plainly]


def start_with(starter: Starter) -> None:
    """Let an area start the instances, so that it can add the facts of its records.

    Args:
        starter: takes the session, the process, the event's payload and who sent it.
    """
    _starters[0] = starter


def begin(
    session: Session, process_key: str, payload: Mapping[str, object], *, by: str | None = None
) -> Started:
    """Start an instance of a process whose start event happened; the caller commits."""
    return _starters[0](session, process_key, payload, by)


def started_by(session: Session, kind: str, name: str) -> list[str]:
    """Keys of the processes whose version in force starts with an event.

    Args:
        session: for reading.
        kind: 'message' or 'signal'.
        name: of the message or signal.
    """
    found = []
    for version in versions_in_force(session):
        event = compiled(session, version.id).start_event
        if event.event == kind and event.event_name == name:
            found.append(version.process_key)
    return found
