"""Jobs that service tasks name, and what else happens when a step is completed.

Handlers only write rows: the effect itself, such as sending a letter, happens after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from broker_crm.engine.transition import EventKind, HappenedEvent, Job


@dataclass(slots=True)
class Case:
    """The process instance as a job sees it; outcome and reason may be set, words be added."""

    id: UUID
    version_id: int
    process_key: str
    title: str
    client_id: int | None
    product_id: int | None
    owner: str | None
    outcome: str | None = None
    reason: str | None = None
    words: list[str] = field(default_factory=list)
    """Texts by which the case is to be found, such as the subject of a letter."""


@dataclass(slots=True)
class JobCall:
    """One job to be carried out.

    Attributes:
        session: of the running transaction.
        case: the process instance.
        job: what the diagram asks for.
        actor: login of the person whose command led here; None for a timer.
    """

    session: Session
    case: Case
    job: Job
    actor: str | None
    events: list[HappenedEvent] = field(default_factory=list)

    def note(self, kind: EventKind, value: object = None, task_id: UUID | None = None) -> None:
        """Write a process event."""
        self.events.append(
            HappenedEvent(
                kind,
                element_id=self.job.element_id,
                element_name=self.job.element_name,
                task_id=task_id,
                value=value,
            )
        )


@dataclass(frozen=True, slots=True)
class CompletedStep:
    """A user task that was just completed, inside the same transaction."""

    session: Session
    case: Case
    task_id: UUID
    step: str
    element_id: str
    outcome: str | None
    reason: str | None
    values: Mapping[str, object]
    by: str


Handler = Callable[[JobCall], Mapping[str, object]]
Listener = Callable[[CompletedStep], None]

_handlers: dict[str, Handler] = {}
_listeners: list[Listener] = []
_checks: list[Listener] = []


class UnknownJob(Exception):
    """No handler is registered for a job type."""


def register(job_type: str, handler: Handler) -> None:
    """Let a handler carry out all jobs of a type."""
    _handlers[job_type] = handler


def after_completion(listener: Listener) -> None:
    """Call a listener for every completed user task."""
    if listener not in _listeners:
        _listeners.append(listener)


def before_completion(check: Listener) -> None:
    """Let a check refuse what a form can't judge, by raising `FormRejected`."""
    if check not in _checks:
        _checks.append(check)


def run(call: JobCall) -> Mapping[str, object]:
    """Carry out a job.

    Raises:
        UnknownJob: naming the types that are known.
    """
    handler = _handlers.get(call.job.type)
    if handler is None:
        known = ", ".join(sorted(_handlers)) or "none"
        raise UnknownJob(f"There is no job “{call.job.type}”. Known: {known}.")
    return handler(call)


def checked(step: CompletedStep) -> None:
    """Ask all checks; one that refuses raises, and nothing has changed."""
    for check in _checks:
        check(step)


def completed(step: CompletedStep) -> None:
    """Tell all listeners."""
    for listener in _listeners:
        listener(step)
