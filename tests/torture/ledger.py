"""What people were told, and whether the database agrees: nothing lost, nothing done twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.integrity import broken
from broker_crm.outreach.models import Letter, OutboxEntry, OutboxState
from broker_crm.process.models import (
    Incident,
    InstanceStatus,
    PendingMessage,
    ProcessEvent,
    ProcessInstance,
    StartRequest,
    TaskStatus,
    UserTask,
)

ONCE_PER_CASE = ("instance-started", "instance-completed", "instance-cancelled")
REMINDERS = {"Reminder": 3, "Late": 1}
"""How often the timers of a step fire when nobody acts."""


@dataclass
class Ledger:
    """Answers that people got.

    Args:
        noted: the mail server's file of accepted Message-IDs.
    """

    noted: Path
    answers: list[dict[str, str]] = field(default_factory=list)

    def wrong(self, session: Session) -> Iterator[str]:
        """Each disagreement, as a sentence; nothing when all is well.

        To be called when everything due has been done and a month has passed since the last act.
        """
        yield from (str(each) for each in broken(session))
        yield from self._answers_are_kept(session)
        yield from _nothing_happened_twice(session)
        yield from _reminders_are_complete(session)
        yield from self._letters_left_once(session)

    def _answers_are_kept(self, session: Session) -> Iterator[str]:
        tasks = {str(task.id): task for task in session.scalars(select(UserTask))}
        events = Counter(
            str(task_id)
            for task_id in session.scalars(
                select(ProcessEvent.task_id).where(ProcessEvent.kind == "task-completed")
            )
        )
        status = {
            str(key): value
            for key, value in session.execute(select(ProcessInstance.id, ProcessInstance.status))
        }
        requests = {
            request.key: str(request.instance_id)
            for request in session.scalars(select(StartRequest))
        }
        received = Counter(
            str(instance_id)
            for instance_id in session.scalars(
                select(ProcessEvent.instance_id).where(
                    ProcessEvent.kind == "message-received", ProcessEvent.element_id == "wait"
                )
            )
        )
        migrated = Counter(
            str(instance_id)
            for instance_id in session.scalars(
                select(ProcessEvent.instance_id).where(ProcessEvent.kind == "instance-migrated")
            )
        )
        told = Counter(each["instance"] for each in self.answers if each["what"] == "migrated")
        for instance, times in told.items():
            if migrated[instance] < times:
                yield f"{times - migrated[instance]} migrations of {instance} are lost"
        resolutions = {
            str(key): value
            for key, value in session.execute(select(Incident.id, Incident.resolution))
        }
        for answer in self.answers:
            if answer["what"] == "completed":
                task = tasks.get(answer["task"])
                kept = task and (task.status, task.completed_by, task.outcome)
                if kept != (TaskStatus.COMPLETED, answer["by"], answer["outcome"]):
                    yield f"lost completion of {answer['task']}: {kept}"
                elif events[answer["task"]] != 1:
                    yield f"{events[answer['task']]} events of completion {answer['task']}"
            elif answer["what"] == "started" and requests.get(answer["key"]) != answer["instance"]:
                yield f"lost start {answer['instance']}"
            elif (
                answer["what"] == "cancelled"
                and status[answer["instance"]] != InstanceStatus.CANCELLED
            ):
                yield f"lost cancellation of {answer['instance']}"
            elif answer["what"] == "answered" and received[answer["instance"]] != 1:
                yield f"{received[answer['instance']]} answers came to {answer['instance']}"
            elif answer["what"] == "retried" and resolutions.get(answer["incident"]) != "retried":
                yield f"lost retry of {answer['incident']}"

    def _letters_left_once(self, session: Session) -> Iterator[str]:
        accepted = Counter(self.noted.read_text().split())
        for message_id, times in accepted.items():
            if times > 1:
                yield f"{message_id} was sent {times} times"
        rows = session.execute(
            select(OutboxEntry.message_id, OutboxEntry.state, Letter.instance_id).join(Letter)
        ).all()
        states = {row.message_id: row.state for row in rows}
        for message_id, state in states.items():
            if state == OutboxState.SENT and message_id not in accepted:
                yield f"{message_id} counts as sent, but the server never had it"
            if state in (OutboxState.QUEUED, OutboxState.SENDING):
                yield f"{message_id} is still {state}"
        for message_id in accepted:
            if states.get(message_id) not in (OutboxState.SENT, OutboxState.IN_DOUBT):
                yield f"{message_id} was sent, but is {states.get(message_id)}"
        letters = Counter(row.instance_id for row in rows)
        behind = select(UserTask.instance_id).where(UserTask.element_id == "left")
        for instance_id in session.scalars(behind):
            if letters[instance_id] != 1:
                yield f"{letters[instance_id]} letters of {instance_id}"


def _nothing_happened_twice(session: Session) -> Iterator[str]:
    per_case = (
        select(ProcessEvent.instance_id, ProcessEvent.kind, func.count())
        .where(ProcessEvent.kind.in_(ONCE_PER_CASE))
        .group_by(ProcessEvent.instance_id, ProcessEvent.kind)
        .having(func.count() > 1)
    )
    for instance_id, kind, times in session.execute(per_case):
        yield f"{times} × {kind} of {instance_id}"
    per_step = (
        select(UserTask.instance_id, UserTask.element_id, func.count())
        .group_by(UserTask.instance_id, UserTask.element_id)
        .having(func.count() > 1)
    )
    for instance_id, element_id, times in session.execute(per_step):
        yield f"{times} tasks {element_id} of {instance_id}"
    if session.scalar(select(func.count()).select_from(PendingMessage)):
        yield "signals were not delivered"
    for incident in session.scalars(select(Incident).where(Incident.resolved_at.is_(None))):
        if incident.kind != "letter":
            yield f"incident of {incident.instance_id}: {incident.message}"


def _reminders_are_complete(session: Session) -> Iterator[str]:
    """Each timer fires as often as planned for a step that stays open, and never more often."""
    fired: Counter[tuple[UUID, str | None]] = Counter(
        (instance_id, element_id)
        for instance_id, element_id in session.execute(
            select(ProcessEvent.instance_id, ProcessEvent.element_id).where(
                ProcessEvent.kind == "timer-fired"
            )
        )
    )
    for task in session.scalars(select(UserTask)):
        for suffix, planned in REMINDERS.items():
            times = fired[task.instance_id, f"{task.element_id}{suffix}"]
            if times > planned or (task.status == TaskStatus.OPEN and times < planned):
                yield f"{task.element_id}{suffix} of {task.instance_id} fired {times} times"
