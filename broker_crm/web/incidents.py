"""Incidents: what stopped, where and why; run again or dismissed, alone or many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from broker_crm import process
from broker_crm.process.incidents import RUNS_AGAIN, Settled
from broker_crm.process.models import Incident
from broker_crm.web import cases, commands, database, names, staff, times
from broker_crm.web.errors import Unreadable, answer_for
from broker_crm.web.sign_in import person
from broker_crm.web.wording import INCIDENT_KIND, word

SHOWN = 200
"""Incidents on the page, oldest first; the rest follows when these are settled."""

blueprint = Blueprint("incidents", __name__)


@blueprint.get("/incidents")
def listing() -> ResponseReturnValue:
    session = database.current()
    waiting = process.open_incidents(session)
    shown = waiting[:SHOWN]
    stopped = [incident.instance_id for incident in shown]
    titles, versions = cases.titles(session, stopped), cases.versions(session, stopped)
    view = {
        "count": len(waiting),
        "rows": [
            row(session, incident, versions.get(incident.instance_id))
            | {"case": titles.get(incident.instance_id)}
            for incident in shown
        ],
    }
    return render_template("incidents.html", view=view)


@blueprint.post("/incidents/retry")
def retry() -> ResponseReturnValue:
    settled = process.retry_incidents(database.factory(), _chosen(), by=person().login)
    commands.ring()
    _tell(
        settled,
        lambda count: ngettext("%(num)s process goes on.", "%(num)s processes go on.", count),
    )
    return _back()


@blueprint.post("/incidents/dismiss")
def dismiss() -> ResponseReturnValue:
    settled = process.dismiss_incidents(database.factory(), _chosen(), by=person().login)
    _tell(
        settled,
        lambda count: ngettext(
            "%(num)s incident is dismissed.", "%(num)s incidents are dismissed.", count
        ),
    )
    return _back()


def row(session: Session, incident: Incident, version_id: int | None) -> dict[str, object]:
    """One incident as it is shown, its step named in the visitor's language."""
    is_letter = incident.kind == "letter"
    step = incident.element_name or incident.element_id or "–"
    return {
        "id": incident.id,
        "step": names.name(session, version_id, step) if version_id else step,
        "what": word(INCIDENT_KIND, incident.kind),
        "message": incident.message,
        "who": staff.name(session, incident.actor) if incident.actor else "",
        "when": times.when(incident.raised_at),
        "instance_id": incident.instance_id,
        "letter_id": incident.command.get("letter") if is_letter else None,
        "may_retry": incident.kind in RUNS_AGAIN,
        "may_dismiss": not is_letter,
    }


def _chosen() -> list[UUID]:
    """The incidents whose boxes were ticked.

    Raises:
        Unreadable: when none is, or one is no identifier.
    """
    try:
        chosen = [UUID(text) for text in request.form.getlist("incident")]
    except ValueError as error:
        raise Unreadable(_("An incident can't be recognised. Reload the page.")) from error
    if not chosen:
        raise Unreadable(_("Choose at least one incident."))
    return chosen


def _tell(settled: Iterable[Settled], sentence: Callable[[int], str]) -> None:
    well = [each for each in settled if each.error is None]
    if well:
        flash(sentence(len(well)), "good")
    reasons = [answer_for(each.error).message for each in settled if each.error is not None]
    for reason in dict.fromkeys(reasons):
        flash(f"{reasons.count(reason)} × {reason}", "bad")


def _back() -> ResponseReturnValue:
    instance_id = request.form.get("case")
    database.reread()
    if instance_id:
        try:
            return redirect(url_for("instances.show", instance_id=UUID(instance_id)), 303)
        except ValueError:
            pass
    return redirect(url_for("incidents.listing"), 303)
