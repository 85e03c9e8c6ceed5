"""Where a case stands on its diagram, and its time by step against the standard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.process.history import Path, StepTime
from broker_crm.process.models import ProcessInstance, TaskStatus
from broker_crm.web import cases, names, outcomes, staff, times


def progress(
    session: Session, instance: ProcessInstance, steps: Iterable[StepTime], path: Path
) -> dict[str, Any]:
    """What the browser needs to draw the case: markers, flows, a note on each step."""
    visits: dict[str, list[StepTime]] = defaultdict(list)
    for step in steps:
        visits[step.task.element_id].append(step)
    return {
        "names": dict(names.catalogue(session, instance.version_id)),
        "active": list(path.active),
        "late": list(path.late),
        "passed": list(path.visited),
        "flows": list(path.flows),
        "notes": {element: _notes(found) for element, found in visits.items()},
    }


def table(session: Session, steps: Iterable[StepTime]) -> list[dict[str, str]]:
    """Time by step; a step that was done again has a line for each time."""
    lines = []
    for step in steps:
        task = step.task
        late = step.late_days > 0
        lines.append(
            {
                "name": cases.task_name(session, task),
                "times": str(task.loop_number),
                "waited": days(step.waiting_days),
                "worked": days(step.working_days),
                "standard": days(task.standard_working_days),
                "due": times.when(task.due_at),
                "late": times.late_by(step.late_days) if late else "",
                "who": staff.name(session, task.completed_by or task.assignee) or "–",
                "outcome": _("not completed yet")
                if task.status == TaskStatus.OPEN
                else outcomes.of_task(session, task),
            }
        )
    return lines


def days(number: float | None) -> str:
    """Working days, short, such as “1.5 w. d.”."""
    if number is None:
        return "–"
    if 0 < number < 0.05:
        return _("< 0.1 w. d.")
    return _("%(number)s w. d.", number=format_decimal(round(number, 1)))


def _notes(visits: list[StepTime]) -> list[dict[str, str]]:
    total = sum(step.total_days for step in visits)
    standard = visits[-1].task.standard_working_days
    late = any(step.over_standard for step in visits)
    is_open = any(step.task.status == TaskStatus.OPEN for step in visits)
    text = (
        days(total) if standard is None else f"{format_decimal(round(total, 1))} / {days(standard)}"
    )
    found = [
        {
            "text": text,
            "tone": "late" if late else "now" if is_open else "good",
            "title": _("Time used against the time standard"),
        }
    ]
    if len(visits) > 1:
        found.append(
            {
                "text": f"×{len(visits)}",
                "tone": "loop",
                "title": _("How many times this step has been reached in the case"),
            }
        )
    return found
