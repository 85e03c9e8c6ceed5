"""What managers have to know at once: held mail, stopped processes, doubtful letters, silence."""

from __future__ import annotations

from datetime import timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.heartbeat import seconds_since_beat
from broker_crm.outreach import hold
from broker_crm.outreach.models import Letter, OutboxEntry, OutboxState
from broker_crm.process.models import Incident, ProcessInstance
from broker_crm.readings import PATIENCE

STOPPED = "stopped"
"""Filter of the list of cases: those with an incident that nobody has resolved."""
LETTERS_LEAVE_WITHIN = timedelta(hours=1)


def is_stopped() -> ColumnElement[bool]:
    """The case has an unresolved incident."""
    return exists().where(
        Incident.instance_id == ProcessInstance.id, Incident.resolved_at.is_(None)
    )


def lines(session: Session) -> list[tuple[str, str]]:
    """Sentences, each with the address where it can be mended."""
    found: list[tuple[str, str]] = []
    if hold.open_hold(session) is not None:
        text = _("Outgoing mail is held: letters wait until an administrator releases them.")
        found.append((text, url_for("mail_hold.show")))
    waiting = session.scalar(select(func.count()).select_from(Incident).where(_not_of_a_letter()))
    if waiting:
        text = ngettext(
            "%(num)s step has failed and waits for you.",
            "%(num)s steps have failed and wait for you.",
            waiting,
        )
        found.append((text, url_for("incidents.listing")))
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
    turned_away = _turned_away(session)
    if turned_away:
        text = ngettext(
            "The mail server has not taken %(num)s letter for more than an hour.",
            "The mail server has not taken %(num)s letters for more than an hour.",
            turned_away,
        )
        found.append((text, url_for("letters.listing", state=OutboxState.QUEUED)))
    silence = seconds_since_beat(session)
    if silence is None or silence > PATIENCE.total_seconds():
        text = _("The worker is silent: reminders and letters wait until it runs again.")
        found.append((text, url_for("health.health")))
    return found


def _not_of_a_letter() -> ColumnElement[bool]:
    return and_(Incident.resolved_at.is_(None), Incident.kind != "letter")


def _letters(session: Session, state: OutboxState) -> int:
    waiting = select(func.count()).select_from(OutboxEntry).where(OutboxEntry.state == state)
    return session.scalar(waiting) or 0


def _turned_away(session: Session) -> int:
    waiting = (
        select(func.count())
        .select_from(OutboxEntry)
        .join(Letter)
        .where(
            OutboxEntry.state == OutboxState.QUEUED,
            OutboxEntry.last_error.is_not(None),
            Letter.created_at < clock.now() - LETTERS_LEAVE_WITHIN,
        )
    )
    return session.scalar(waiting) or 0
