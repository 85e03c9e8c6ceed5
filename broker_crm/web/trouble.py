"""What managers have to know at once: stopped processes, doubtful letters, a silent worker."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from broker_crm.heartbeat import seconds_since_beat
from broker_crm.outreach.models import OutboxEntry, OutboxState
from broker_crm.process.models import Incident, ProcessInstance
from broker_crm.web.health import PATIENCE

STOPPED = "stopped"
"""Filter of the list of cases: those with an incident that nobody has resolved."""


def is_stopped() -> ColumnElement[bool]:
    """The case has an unresolved incident."""
    return exists().where(
        Incident.instance_id == ProcessInstance.id, Incident.resolved_at.is_(None)
    )


def lines(session: Session) -> list[tuple[str, str]]:
    """Sentences, each with the address where it can be mended."""
    found: list[tuple[str, str]] = []
    stopped = session.scalar(select(func.count()).select_from(ProcessInstance).where(is_stopped()))
    if stopped:
        text = ngettext(
            "%(num)s process has stopped and waits for you.",
            "%(num)s processes have stopped and wait for you.",
            stopped,
        )
        found.append((text, url_for("instances.listing", status=STOPPED)))
    failed = _letters(session, OutboxState.FAILED)
    if failed:
        text = ngettext(
            "%(num)s letter could not be delivered.",
            "%(num)s letters could not be delivered.",
            failed,
        )
        found.append((text, url_for("letters.listing", state=OutboxState.FAILED)))
    doubtful = _letters(session, OutboxState.IN_DOUBT)
    if doubtful:
        text = ngettext(
            "Of %(num)s letter it is not known whether it arrived.",
            "Of %(num)s letters it is not known whether they arrived.",
            doubtful,
        )
        found.append((text, url_for("letters.listing", state=OutboxState.IN_DOUBT)))
    silence = seconds_since_beat(session)
    if silence is None or silence > PATIENCE.total_seconds():
        text = _("The worker is silent: reminders and letters wait until it runs again.")
        found.append((text, url_for("health.health")))
    return found


def _letters(session: Session, state: OutboxState) -> int:
    waiting = select(func.count()).select_from(OutboxEntry).where(OutboxEntry.state == state)
    return session.scalar(waiting) or 0
