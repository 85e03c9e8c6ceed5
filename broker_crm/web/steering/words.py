"""What steering did or would do, in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from broker_crm.definitions import published
from broker_crm.engine.transition import EventKind
from broker_crm.web import names, staff, times
from broker_crm.web.wording import PAUSE_REASON, word

LONGEST = 80
"""Letters of a value of a variable."""


def said(session: Session, version_id: int, kind: str, value: Any) -> str:
    """What an event of steering tells; '' for any other event.

    Args:
        session: for reading.
        version_id: of the case, for the names of steps.
        kind: of the event.
        value: of the event.
    """
    if kind == EventKind.INSTANCE_CANCELLED:
        return _("The case ends, with all its open steps and reminders.")
    if not isinstance(value, dict):
        return ""
    if kind == EventKind.TASK_REASSIGNED:
        to = staff.name(session, value.get("to")) or _("the queue")
        before = staff.name(session, value.get("from"))
        return f"{before} → {to}" if before else f"→ {to}"
    if kind == EventKind.TASK_DUE_CHANGED:
        return _(
            "due %(before)s → %(after)s", before=_when(value["from"]), after=_when(value["to"])
        )
    if kind == EventKind.TASK_PAUSED:
        return word(PAUSE_REASON, value.get("why"))
    if kind == EventKind.TASK_RESUMED:
        return _resumed(value)
    if kind == EventKind.VARIABLE_CORRECTED:
        return f"{value['name']}: {short(value['from'])} → {short(value['to'])}"
    if kind == EventKind.TOKEN_MOVED:
        steps = (_step(session, version_id, value[key]) for key in ("from", "to"))
        way = " → ".join(steps)
        skipped = approvals(session, version_id, value)
        if not skipped:
            return way
        told = ngettext(
            "skips the approval %(names)s",
            "skips the approvals %(names)s",
            len(skipped),
            names=", ".join(f"“{name}”" for name in skipped),
        )
        return f"{way}; {told}"
    return ""


def approvals(session: Session, version_id: int, value: dict[str, Any]) -> list[str]:
    """Names of the approvals that a move skipped or would skip."""
    return [_step(session, version_id, each) for each in value.get("skipped") or ()]


def _resumed(value: dict[str, Any]) -> str:
    paused = _("paused for %(time)s", time=times.working_time(value["seconds"]))
    if value["from"] == value["to"]:
        return _("%(paused)s; the due date stays", paused=paused)
    return f"{paused}; {_moved(value)}"


def _moved(value: dict[str, Any]) -> str:
    before, after = _when(value["from"]), _when(value["to"])
    return _("due %(before)s → %(after)s", before=before, after=after)


def _when(text: str | None) -> str:
    return times.when(datetime.fromisoformat(text)) if text else "–"


def _step(session: Session, version_id: int, element_id: str) -> str:
    element = published.compiled(session, version_id).elements.get(element_id)
    name = (element and element.name) or element_id
    return names.name(session, version_id, name)


def short(value: object) -> str:
    """A value on one line."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
