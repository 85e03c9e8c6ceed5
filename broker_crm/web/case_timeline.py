"""The history of a case, readable: who did what and when, letters, reminders, measures."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.engine.transition import EventKind
from broker_crm.outreach.models import Letter
from broker_crm.process.history import instance_history
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask
from broker_crm.process.steering.undoing import UNDONE
from broker_crm.web import names, outcomes, staff, task_schema, times
from broker_crm.web.steering import words
from broker_crm.web.wording import EVENT, word

QUIET = frozenset({EventKind.ELEMENT_PASSED, EventKind.TIMER_FIRED})
"""The diagram shows these."""
FOLLOWS = frozenset({EventKind.TASK_CREATED, EventKind.TASK_CANCELLED, EventKind.MEASURED})
"""These follow from what somebody did; who did it stands there."""
STEERED = frozenset(
    {
        EventKind.TASK_REASSIGNED,
        EventKind.TASK_DUE_CHANGED,
        EventKind.TASK_PAUSED,
        EventKind.TASK_RESUMED,
        EventKind.VARIABLE_CORRECTED,
        EventKind.TOKEN_MOVED,
    }
)
ABOUT_A_STEP = frozenset({EventKind.REMINDED, EventKind.ESCALATED})
TONES = {
    EventKind.TASK_COMPLETED: "good",
    EventKind.INSTANCE_COMPLETED: "good",
    EventKind.ESCALATED: "late",
    EventKind.LETTER_FAILED: "late",
    EventKind.INCIDENT_RAISED: "late",
    EventKind.LETTER_QUEUED: "info",
    EventKind.LETTER_SENT: "info",
    EventKind.OFFER_OPENED: "good",
    EventKind.MEASURED: "info",
}
SAID = ("comment", "notes", "reasontext", "request", "corrections", "summary")
"""Values whose names end so are sentences that people wrote."""


def timeline(session: Session, instance: ProcessInstance) -> list[dict[str, Any]]:
    """Events that people read, newest first."""
    tasks = {
        task.id: task
        for task in session.scalars(select(UserTask).where(UserTask.instance_id == instance.id))
    }
    letters = {
        str(letter_id)
        for letter_id in session.scalars(select(Letter.id).where(Letter.instance_id == instance.id))
    }
    events = [event for event in instance_history(session, instance.id) if event.kind not in QUIET]
    return [_line(session, event, tasks, letters) for event in reversed(events)]


def _line(
    session: Session,
    event: ProcessEvent,
    tasks: dict[Any, UserTask],
    letters: set[str],
) -> dict[str, Any]:
    task = tasks.get(event.task_id)
    name = event.element_name or (task.name if task else None)
    kind = EventKind(event.kind)
    if kind is EventKind.INSTANCE_STARTED:
        name = None
    elif kind in ABOUT_A_STEP and task is not None:
        name = task.name
    return {
        "tone": "late" if event.late_days else TONES.get(kind, ""),
        "iso": event.at.isoformat(),
        "when": times.when(event.at),
        "title": word(EVENT, event.kind),
        "name": names.name(session, event.version_id, name) if name else "",
        "detail": " · ".join(_details(session, event, task)),
        "said": _said(event),
        "letter": _letter(event, letters),
    }


def _details(session: Session, event: ProcessEvent, task: UserTask | None) -> list[str]:
    found = []
    if event.actor and event.kind not in FOLLOWS:
        found.append(staff.name(session, event.actor))
    if event.kind == EventKind.TASK_COMPLETED:
        if task is not None and event.outcome:
            found.append(outcomes.of_task(session, task))
        if event.work_seconds is not None:
            found.append(_("worked %(time)s", time=times.working_time(event.work_seconds)))
        if event.late_days:
            found.append(times.late_by(event.late_days))
    elif event.kind == EventKind.TASK_CREATED and task is not None:
        if task.due_at is not None:
            found.append(_("due %(time)s", time=times.when(task.due_at)))
        if task.loop_number > 1:
            found.append(_("time %(number)s", number=task.loop_number))
    elif event.kind in STEERED:
        found.append(words.said(session, event.version_id, event.kind, event.value))
    elif event.kind == EventKind.INCIDENT_RAISED and isinstance(event.value, dict):
        found.append(str(event.value.get("message", "")))
    elif event.kind == EventKind.MEASURED and event.value not in (None, True):
        found.append(_short(event.value))
    if event.reason:
        label = _("taken back") if event.reason == UNDONE else event.reason
        found.append(task_schema.labels(session, event.version_id).get(event.reason, label))
    return [part for part in found if part]


def _said(event: ProcessEvent) -> str:
    if event.kind != EventKind.TASK_COMPLETED or not isinstance(event.value, dict):
        return ""
    written = [
        value.strip()
        for key, value in event.value.items()
        if isinstance(value, str) and value.strip() and key.lower().endswith(SAID)
    ]
    return "\n".join(written)


def _letter(event: ProcessEvent, letters: set[str]) -> str | None:
    """The address of the letter that an event tells of."""
    value = event.value
    found = value.get("letter") if isinstance(value, dict) else value
    if isinstance(found, str) and found in letters:
        return url_for("letters.show", letter_id=found)
    return None


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
