"""The history of a case, readable: who did what when, with what data, and why it went so."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Document
from broker_crm.crm.visibility import may_read_case
from broker_crm.definitions.published import compiled
from broker_crm.engine.transition import EventKind
from broker_crm.outreach.models import Letter
from broker_crm.people.models import User
from broker_crm.process.history import instance_history
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask
from broker_crm.process.recollection import recollect
from broker_crm.process.steering.undoing import UNDONE
from broker_crm.web import names, outcomes, staff, times
from broker_crm.web.case_choices import choice, is_choice
from broker_crm.web.case_values import Values
from broker_crm.web.steering import words
from broker_crm.web.wording import EVENT, RESOLUTION, word

QUIET = frozenset({EventKind.ELEMENT_PASSED, EventKind.TIMER_FIRED})
"""The diagram shows these, but for those that tell of a choice."""
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


class _History:
    """What the lines of one case's history are told by."""

    def __init__(self, session: Session, user: User, instance: ProcessInstance) -> None:
        self.session = session
        self.sees = may_read_case(session, user, instance.id)
        self.events = instance_history(session, instance.id)
        self.steps = recollect(self.events)
        of_case = select(UserTask).where(UserTask.instance_id == instance.id)
        self.tasks = {task.id: task for task in session.scalars(of_case)}
        letters = select(Letter.id).where(Letter.instance_id == instance.id)
        self.letters = {str(each) for each in session.scalars(letters)}
        files = select(Document.id).where(
            Document.instance_id == instance.id, Document.removed_at.is_(None)
        )
        self.files = {str(each) for each in session.scalars(files)} if self.sees else set()
        self._values: dict[int, Values] = {}

    def values(self, version_id: int) -> Values:
        if version_id not in self._values:
            self._values[version_id] = Values(self.session, version_id, self.sees)
        return self._values[version_id]

    def is_shown(self, event: ProcessEvent) -> bool:
        return event.kind not in QUIET or is_choice(compiled(self.session, event.version_id), event)


def timeline(session: Session, user: User, instance: ProcessInstance) -> list[dict[str, Any]]:
    """Events that people read, newest first, with what was known and why it went so.

    Args:
        session: for reading.
        user: the reader: personal data is shown to those who may read the case.
        instance: that the user may see.
    """
    history = _History(session, user, instance)
    shown = [event for event in history.events if history.is_shown(event)]
    return [_line(history, event) for event in reversed(shown)]


def _line(history: _History, event: ProcessEvent) -> dict[str, Any]:
    session = history.session
    task = history.tasks.get(event.task_id) if event.task_id else None
    name = event.element_name or (task.name if task else None)
    kind = EventKind(event.kind)
    if kind is EventKind.INSTANCE_STARTED:
        name = None
    elif kind in ABOUT_A_STEP and task is not None:
        name = task.name
    chosen = kind is EventKind.ELEMENT_PASSED
    return {
        "tone": "late" if event.late_days else TONES.get(kind, ""),
        "iso": event.at.isoformat(),
        "when": times.when(event.at),
        "title": _("Decided") if chosen else word(EVENT, event.kind),
        "name": names.name(session, event.version_id, name) if name else "",
        "detail": " · ".join(_details(history, event, task)),
        "said": _said(event) if history.sees else "",
        "letter": _letter(event, history.letters),
        "file": _file(event, history.files),
        "data": _data(history, event),
        "choice": choice(session, event, history.values(event.version_id)) if chosen else None,
    }


def _data(history: _History, event: ProcessEvent) -> dict[str, Any] | None:
    """Variables around a completed step, or those that the case was started with."""
    if event.kind == EventKind.INSTANCE_STARTED and isinstance(event.value, dict):
        values = history.values(event.version_id)
        return {"entered": [], "before": values.named(event.value), "started": True}
    step = history.steps.get(event.id)
    if step is None:
        return None
    values = history.values(event.version_id)
    entered = [
        (
            values.label(name),
            values.told(name, value),
            values.told(name, step.before[name]) if name in step.changed else "",
        )
        for name, value in step.entered.items()
    ]
    before = dict(sorted(step.before.items()))
    return {"entered": entered, "before": values.named(before), "started": False}


def _details(history: _History, event: ProcessEvent, task: UserTask | None) -> list[str]:
    session = history.session
    found = []
    if event.actor and event.kind not in FOLLOWS and event.kind != EventKind.ELEMENT_PASSED:
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
    elif event.kind == EventKind.VARIABLE_CORRECTED and not history.sees:
        found.append(_corrected(history, event))
    elif event.kind in STEERED:
        found.append(words.said(session, event.version_id, event.kind, event.value))
    elif event.kind == EventKind.INCIDENT_RAISED and isinstance(event.value, dict):
        found.append(str(event.value.get("message", "")))
    elif event.kind == EventKind.MEASURED and event.value not in (None, True):
        found.append(history.values(event.version_id).told(event.measure or "", event.value))
    elif event.kind == EventKind.EXPERIMENT_ASSIGNED and isinstance(event.value, dict):
        found.append(_("arm %(arm)s", arm=str(event.value.get("arm", "")).upper()))
    elif event.kind == EventKind.INCIDENT_RESOLVED and isinstance(event.value, dict):
        found.append(word(RESOLUTION, str(event.value.get("resolution", ""))))
    if event.reason:
        taken_back = event.reason == UNDONE
        form_key = task.form_key if task is not None else None
        told = outcomes.written(
            session, event.version_id, event.reason, form_key, reads=history.sees
        )
        found.append(_("taken back") if taken_back else told)
    return [part for part in found if part]


def _corrected(history: _History, event: ProcessEvent) -> str:
    """A corrected variable for those who may not read the case's data."""
    values, change = history.values(event.version_id), event.value or {}
    name = str(change.get("name", ""))
    before, after = (values.told(name, change.get(key)) for key in ("from", "to"))
    return f"{name}: {before} → {after}"


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


def _file(event: ProcessEvent, files: set[str]) -> str | None:
    """The address of the document that an event tells of."""
    found = event.value.get("file") if isinstance(event.value, dict) else None
    if event.kind == EventKind.DOCUMENT_MADE and isinstance(found, str) and found in files:
        return url_for("files.show", document_id=found)
    return None
