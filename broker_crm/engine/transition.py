"""What the engine returns: pure data that tells what one command did to a process instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class EventKind(StrEnum):
    """Kinds of process events: the first group comes from the engine, the second from people."""

    INSTANCE_STARTED = "instance-started"
    INSTANCE_COMPLETED = "instance-completed"
    INSTANCE_CANCELLED = "instance-cancelled"
    INSTANCE_MIGRATED = "instance-migrated"
    ELEMENT_PASSED = "element-passed"
    MEASURED = "measured"
    TIMER_FIRED = "timer-fired"
    MESSAGE_RECEIVED = "message-received"
    TASK_CREATED = "task-created"
    TASK_COMPLETED = "task-completed"
    TASK_CANCELLED = "task-cancelled"

    TASK_STARTED = "task-started"
    TASK_CLAIMED = "task-claimed"
    TASK_RELEASED = "task-released"
    TASK_REASSIGNED = "task-reassigned"
    TASK_DUE_CHANGED = "task-due-changed"
    TASK_PAUSED = "task-paused"
    TASK_RESUMED = "task-resumed"
    VARIABLE_CORRECTED = "variable-corrected"
    TOKEN_MOVED = "token-moved"  # noqa: S105
    REMINDED = "reminded"
    ESCALATED = "escalated"
    LETTER_QUEUED = "letter-queued"
    LETTER_SENT = "letter-sent"
    LETTER_FAILED = "letter-failed"
    OFFER_OPENED = "offer-opened"
    DOCUMENT_MADE = "document-made"
    INCIDENT_RAISED = "incident-raised"
    INCIDENT_RESOLVED = "incident-resolved"
    EXPERIMENT_ASSIGNED = "experiment-assigned"
    DATA_ERASED = "data-erased"


@dataclass(frozen=True, slots=True)
class Standards:
    """The standards of one user task as they were when it was created."""

    working_days: float | None = None
    minutes: float | None = None
    cost: float | None = None
    """EUR."""


@dataclass(frozen=True, slots=True)
class CreatedTask:
    """A user task that became ready."""

    id: UUID
    element_id: str
    name: str
    step: str
    """Step key for standards and metrics; the element id where the designer gave none."""
    lane: str | None
    form_key: str | None
    assignee: str | None
    """Login, or None."""
    candidate_group: str | None
    """Role key, or None."""
    due_at: datetime | None
    """Aware UTC."""
    standards: Standards
    outcomes: tuple[str, ...]
    outcome_variable: str
    loop_number: int
    """1 for the first time this element is reached in the instance."""
    help: Mapping[str, str]
    """Kind of help to template key; kinds are 'script', 'letter', 'presentation', 'offer',
    'contract', 'history' and 'notes'."""
    local_variables: Mapping[str, object]
    """Mapped inputs and multi-instance items; the rest is read from the instance's variables."""


@dataclass(frozen=True, slots=True)
class CompletedTask:
    """The user task that this command completed."""

    id: UUID
    element_id: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer that now waits."""

    id: UUID
    """Stable for the waiting timer; one row per id."""
    element_id: str
    name: str
    due_at: datetime
    """Aware UTC."""
    host_task_id: UUID | None
    """The user task whose boundary carries the timer, where that is a user task."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A wait for a message or a signal."""

    id: UUID
    element_id: str
    kind: str
    """'message' or 'signal'."""
    name: str
    correlation_key: str | None


@dataclass(frozen=True, slots=True)
class HappenedEvent:
    """Something that happened, in order, to be written to the process history."""

    kind: EventKind
    element_id: str | None = None
    element_name: str | None = None
    element_type: str | None = None
    """BPMN local name such as 'userTask', 'exclusiveGateway'."""
    task_id: UUID | None = None
    measure: str | None = None
    value: object = None
    """The measured FEEL value, the flow taken, or the outcome."""
    loop_number: int = 1


@dataclass(frozen=True, slots=True)
class Thrown:
    """A message or signal thrown by the instance for others."""

    kind: str
    name: str
    correlation_key: str | None
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Transition:
    """All that one command did. Lists are in the order in which things happened."""

    created: tuple[CreatedTask, ...] = ()
    completed: tuple[CompletedTask, ...] = ()
    cancelled: tuple[UUID, ...] = ()
    """User tasks that an interrupting event or the end of the process took away."""
    timers: tuple[DueTimer, ...] = ()
    """New or changed timers."""
    timers_moved: tuple[UUID, ...] = ()
    """Those among the timers that waited before, at another instant."""
    timers_gone: tuple[UUID, ...] = ()
    """Timers that fired for the last time or were cancelled."""
    subscriptions: tuple[Subscription, ...] = ()
    subscriptions_gone: tuple[UUID, ...] = ()
    events: tuple[HappenedEvent, ...] = ()
    thrown: tuple[Thrown, ...] = ()
    variables: Mapping[str, object] = field(default_factory=dict)
    """The instance's variables after the command."""
    finished: bool = False
    end_element_id: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One service, send or throwing task that the product must carry out inside the transaction."""

    type: str
    element_id: str
    element_name: str
    headers: Mapping[str, object]
    """FEEL values are already evaluated."""
    variables: Mapping[str, object]
    """The instance's variables, or only the mapped inputs where the designer maps inputs."""
    host_task_id: UUID | None
    """For a boundary timer's path: the user task that the path hangs on."""
    host_instances: tuple[UUID, ...] = ()
    """Its open user tasks, where the path hangs on a multi-instance one."""
