"""Exports of event logs: choosing, ordering, taking the file away."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from broker_crm.analysis.eventlogs import ordering
from broker_crm.analysis.eventlogs.choosing import Chosen
from broker_crm.analysis.eventlogs.models import LogExport
from broker_crm.analysis.eventlogs.ordering import FORMS, TooManyOrders
from broker_crm.bell import Bell
from broker_crm.crm.clients import SEES_EVERY_CLIENT
from broker_crm.people.models import User
from broker_crm.web import commands, database, times
from broker_crm.web.answers import labels
from broker_crm.web.errors import NotFound, NotPermitted
from broker_crm.web.sign_in import person
from broker_crm.web.wording import Words, word

FORM: Words = {
    "xes": _l("XES (IEEE 1849): every change of every step"),
    "ocel-json": _l("OCEL 2.0 as JSON: steps with clients, offers, contracts, policies"),
    "ocel-sqlite": _l("OCEL 2.0 as SQLite: the same as a database"),
    "csv-disco": _l("CSV with the columns of Disco"),
    "csv-celonis": _l("CSV with the columns of Celonis"),
    "parquet": _l("Parquet in a ZIP: cases, steps, all events"),
}
STATE: Words = {
    "ordered": _l("Being made"),
    "made": _l("Ready"),
    "failed": _l("Could not be made"),
}
TONES = {"ordered": "today", "made": "good", "failed": "late"}

blueprint = Blueprint("exports", __name__)


@blueprint.get("/analysis/exports")
def listing() -> ResponseReturnValue:
    return _listing({})


@blueprint.get("/analysis/exports/orders")
def orders() -> ResponseReturnValue:
    """The person's files alone, for a page that waits."""
    return render_template("analyse/orders.html", rows=_rows(database.current(), person()))


@blueprint.post("/analysis/exports")
def order() -> ResponseReturnValue:
    user, given = person(), request.form
    masked = given.get("names") != "yes"
    if not masked and not sees_names(user):
        raise NotPermitted
    errors: dict[str, str] = {}
    first, last = (_day(given.get(name, ""), name, errors) for name in ("from", "to"))
    if first is not None and last is not None and first > last:
        errors["from"] = _("The period begins after its end.")
    process = given.get("process") or None
    if process is not None and process not in labels.processes(database.current()):
        errors["process"] = _("There is no such process.")
    if given.get("form") not in FORMS:
        errors["form"] = _("Choose what the file is to be.")
    if errors:
        return _listing(errors), 422
    chosen = Chosen(process, first, last)
    database.reread()
    try:
        with database.writing() as session:
            ordering.order(session, given["form"], chosen, masked=masked, by=user.login)
    except TooManyOrders:
        told = _("Several files are being made for you already: wait until they are ready.")
        return _listing({"form": told}), 409
    bell: Bell = current_app.extensions[commands.BELL]
    bell.ring()
    flash(_("The file is being made."), "good")
    return redirect(url_for("exports.listing"), 303)


@blueprint.get("/analysis/exports/<uuid:export_id>")
def download(export_id: UUID) -> ResponseReturnValue:
    session = database.current()
    found = ordering.made(session, export_id, person().login)
    if found is None or (not found.masked and not sees_names(person())):
        raise NotFound
    return Response(
        ordering.content(database.factory(), found.id),
        mimetype=FORMS[found.form].media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{ordering.name_of(found)}"',
            "Content-Length": str(found.size),
        },
    )


@blueprint.post("/analysis/exports/<uuid:export_id>/delete")
def delete(export_id: UUID) -> ResponseReturnValue:
    with database.writing() as session:
        ordering.throw_away(session, export_id, person().login)
    return redirect(url_for("exports.listing"), 303)


def sees_names(user: User) -> bool:
    """May the user take files away in which clients and people are named?"""
    return bool(user.roles & SEES_EVERY_CLIENT)


def _day(text: str, name: str, errors: dict[str, str]) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        errors[name] = _("This is not a date; write it like 2026-11-23.")
        return None


def _listing(errors: dict[str, str]) -> str:
    session, user = database.current(), person()
    view = {
        "forms": [(key, word(FORM, key)) for key in FORMS],
        "processes": [*labels.processes(session).items()],
        "given": request.form,
        "errors": errors,
        "names": sees_names(user),
        "days": ordering.KEPT.days,
    }
    return render_template("analyse/exports.html", view=view, rows=_rows(session, user))


def _rows(session: Session, user: User) -> list[dict[str, object]]:
    known = labels.processes(session)
    return [_row(each, known) for each in ordering.orders(session, user.login)]


def _row(export: LogExport, known: dict[str, str]) -> dict[str, object]:
    days = [times.day(day) if day else "…" for day in (export.first_day, export.last_day)]
    return {
        "id": export.id,
        "form": word(FORM, export.form),
        "process": known.get(export.process, export.process)
        if export.process
        else _("All processes"),
        "period": " – ".join(days) if export.first_day or export.last_day else _("All time"),
        "masked": export.masked,
        "state": word(STATE, export.state),
        "tone": TONES[export.state],
        "ready": export.state == "made",
        "waits": export.state == "ordered",
        "at": times.when(export.at),
        "events": export.events,
        "size": max(1, round(export.size / 1000)),
    }
