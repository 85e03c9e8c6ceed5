"""Tables of running processes: instances, user tasks, timers, subscriptions, events, incidents."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime, new_id


class InstanceStatus(StrEnum):
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class TaskStatus(StrEnum):
    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ProcessInstance(Base):
    __tablename__ = "process_instance"
    __table_args__ = (
        Index(None, "status", "process_key"),
        Index(None, "client_id"),
        Index(None, "owner", "started_at"),
        Index(None, "started_at"),
        Index(None, "ended_at"),
        Index(None, "product_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    """The version that it runs on now."""
    first_version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    """The version at the start of the case; never changes."""
    process_key: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(300))
    """For people: process name and client."""
    search_title: Mapped[str] = mapped_column(String(300), default="")
    """The title in lower case without diacritics."""
    search_text: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Words typed at its steps and subjects of its letters, without diacritics."""
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    owner: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """The salesperson whose case it is."""
    status: Mapped[str] = mapped_column(String(20), default=InstanceStatus.ACTIVE)
    outcome: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(500))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    segment: Mapped[str] = mapped_column(String(120), default="")
    """Snapshot taken at the start, such as 'legal/transport/small'; so the three below."""
    vip: Mapped[bool] = mapped_column(default=False)
    region: Mapped[str] = mapped_column(String(60), default="")
    complexity: Mapped[str] = mapped_column(String(10), default="")
    """Class of the product: A simple, B standard, C complex."""
    state: Mapped[bytes] = mapped_column(LargeBinary)
    """As the engine wrote it, with its format and checksum inside."""
    row_version: Mapped[int] = mapped_column(default=1)


class StartRequest(Base):
    """A caller's key for one start: the same key never starts a second instance."""

    __tablename__ = "start_request"

    login: Mapped[str] = mapped_column(ForeignKey("user_account.login"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was asked, so that a key is not taken for something else."""
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class UserTask(Base):
    """The inbox."""

    __tablename__ = "user_task"
    __table_args__ = (
        Index(None, "status", "assignee", "due_at"),
        Index(None, "status", "candidate_group", "due_at"),
        Index(None, "instance_id"),
        Index(None, "step", "status"),
        Index(None, "completed_by"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))
    element_id: Mapped[str] = mapped_column(String(120))
    step: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(300))
    search_name: Mapped[str] = mapped_column(String(300), default="")
    """The name in lower case without diacritics."""
    lane: Mapped[str | None] = mapped_column(String(120))
    form_key: Mapped[str | None] = mapped_column(String(120))
    candidate_group: Mapped[str | None] = mapped_column(String(40))
    assignee: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    status: Mapped[str] = mapped_column(String(20), default=TaskStatus.OPEN)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it became ready."""
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """First touch: opened by its assignee."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The due date at first; None while it has never moved."""
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    outcome: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(500))
    loop_number: Mapped[int] = mapped_column(default=1)
    standard_working_days: Mapped[float | None]
    standard_minutes: Mapped[float | None]
    standard_cost: Mapped[float | None]
    """EUR, as it was when the task was created; so the two above."""
    actual_minutes: Mapped[float | None]
    outcomes: Mapped[str] = mapped_column(String(500), default="")
    """The closed list, comma separated."""
    outcome_variable: Mapped[str] = mapped_column(String(60), default="outcome")
    help: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Kind of help to template key."""
    local_variables: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What the assignee typed and has not completed."""
    draft_saved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_reason: Mapped[str | None] = mapped_column(String(120))
    """Set while it is paused, one of `PauseReason`."""


class PauseReason(StrEnum):
    WAITING_FOR_CLIENT = "waiting-for-client"
    WAITING_FOR_INSURER = "waiting-for-insurer"
    CLIENT_ABSENT = "client-absent"
    OTHER = "other"


class TaskPause(Base):
    """A time in which a task could not be worked on: no reminders, and the due date moves later."""

    __tablename__ = "task_pause"
    __table_args__ = (Index(None, "task_id"), Index(None, "instance_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    task_id: Mapped[UUID] = mapped_column(ForeignKey("user_task.id"))
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"))
    reason: Mapped[str] = mapped_column(String(30))
    """One of `PauseReason`."""
    note: Mapped[str] = mapped_column(String(500), default="")
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """None while it is paused; a pause ends with its task too."""
    paused_by: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    resumed_by: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """None when the process took the task away."""


class DueWork:
    """Columns of rows that workers carry out by themselves, each under a lease."""

    attempts: Mapped[int] = mapped_column(default=0)
    """Counted when an attempt begins, so that one that kills its worker counts too."""
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Back-off after a failed attempt."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until then one worker has it; after that, others may."""
    parked: Mapped[bool] = mapped_column(default=False)
    """True after too many failed attempts: an incident waits for a manager."""


class Timer(DueWork, Base):
    __tablename__ = "timer"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """The engine's id of the waiting timer."""
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(300), default="")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    host_task_id: Mapped[UUID | None]


class EventSubscription(Base):
    __tablename__ = "event_subscription"
    __table_args__ = (Index(None, "kind", "name", "correlation_key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    """'message' or 'signal'."""
    name: Mapped[str] = mapped_column(String(200))
    correlation_key: Mapped[str | None] = mapped_column(String(200))


class PendingMessage(DueWork, Base):
    """A message or signal thrown by an instance, delivered to those that wait after the commit."""

    __tablename__ = "pending_message"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))
    """'message', 'signal', or 'start' for a process that a signal starts."""
    name: Mapped[str] = mapped_column(String(200))
    correlation_key: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    subscription_id: Mapped[UUID | None]
    """Set when it is for one waiting event only: a signal is split into one row for each."""
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), index=True)


class ProcessEvent(Base):
    """Append-only history of an instance; the ground of every answer."""

    __tablename__ = "process_event"
    __table_args__ = (
        Index(None, "instance_id", "id"),
        Index(None, "kind", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(String(60))
    """Login; None for the product itself."""
    element_id: Mapped[str | None] = mapped_column(String(120))
    element_name: Mapped[str | None] = mapped_column(String(300))
    element_type: Mapped[str | None] = mapped_column(String(40))
    task_id: Mapped[UUID | None]
    measure: Mapped[str | None] = mapped_column(String(120))
    value: Mapped[Any | None] = mapped_column(JSON)
    """Measured value, flow taken, form data entered, letter id …: depends on the kind."""
    outcome: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(500))
    loop_number: Mapped[int] = mapped_column(default=1)
    first_reach: Mapped[bool] = mapped_column(default=False)
    """True the first time that this kind of event happens at this element in the instance."""
    wait_seconds: Mapped[int | None]
    """Working seconds from created to started; written with task-completed."""
    work_seconds: Mapped[int | None]
    """Working seconds from started to completed; written with task-completed."""
    late_days: Mapped[int | None]
    """Working days after the due day; 0 when in time; written with task-completed."""
    standard_working_days: Mapped[float | None]
    standard_cost: Mapped[float | None]


class Incident(Base):
    """A command that failed and waits for a manager: see, mend, retry or dismiss."""

    __tablename__ = "incident"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    """What failed: 'complete', 'fire-timer', 'deliver', 'send-message', 'start', 'letter'."""
    task_id: Mapped[UUID | None]
    element_id: Mapped[str | None] = mapped_column(String(120))
    element_name: Mapped[str | None] = mapped_column(String(300))
    message: Mapped[str] = mapped_column(Text)
    command: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What is needed to run the command again."""
    actor: Mapped[str | None] = mapped_column(String(60))
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by: Mapped[str | None] = mapped_column(String(60))
    resolution: Mapped[str | None] = mapped_column(String(40))
    """'retried', 'dismissed', or 'overtaken' when the process went on without it."""


class WorkingDayException(Base):
    """Days that differ from Monday-to-Friday on the company calendar."""

    __tablename__ = "working_calendar"

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    """'closed' or 'short'."""
    name: Mapped[str] = mapped_column(String(200), default="")
    source: Mapped[str] = mapped_column(String(20), default="library")
    """'library' when seeded from the public holidays, 'company' when set by people."""
