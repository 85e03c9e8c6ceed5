"""Foreign event logs: bringing in, saying what the columns hold, looking in, throwing away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from broker_crm.analysis.estimates import SMALL
from broker_crm.analysis.eventlogs import keeping
from broker_crm.analysis.eventlogs.fields import FIELDS, FORMATS, REQUIRED, Reading
from broker_crm.analysis.eventlogs.keeping import BY_PAGE, MappingRefused
from broker_crm.analysis.eventlogs.models import EventLog
from broker_crm.analysis.eventlogs.overview import overview
from broker_crm.analysis.eventlogs.scratch import scratch_ledger
from broker_crm.analysis.eventlogs.staging import LogRefused
from broker_crm.analysis.slices import Slice
from broker_crm.people.models import Role, User
from broker_crm.web import access, database, staff, times
from broker_crm.web.analyse import log_words
from broker_crm.web.analyse.pages import TOOLS
from broker_crm.web.answers import figures
from broker_crm.web.errors import NotFound, NotPermitted
from broker_crm.web.sign_in import person

LARGEST = 30_000_000
"""Bytes of an uploaded file, packed or not."""
TIDIES = frozenset({Role.SALES_MANAGER, Role.ADMINISTRATOR})
"""May throw away what others brought in."""

blueprint = Blueprint("logs", __name__)


def set_up(app: Flask) -> None:
    """Logs may be larger than other requests; to be called before forms are checked."""

    @app.before_request
    def _allow_a_log() -> None:
        if request.endpoint == "logs.receive":
            request.max_content_length = LARGEST


@blueprint.get("/analysis/logs")
def listing() -> ResponseReturnValue:
    return _listing(None)


@blueprint.post("/analysis/logs")
def receive() -> ResponseReturnValue:
    file = request.files.get("file")
    if file is None or not file.filename:
        return _listing(_("Choose a file.")), 422
    name = request.form.get("name", "")
    try:
        with database.writing() as session:
            log = keeping.receive(
                session, file.stream, file.filename, by=person().login, name=name, limits=BY_PAGE
            )
            log_id = log.id
    except LogRefused as error:
        return _listing(log_words.refused(error)), 422
    return redirect(url_for("logs.show", log_id=log_id), 303)


@blueprint.get("/analysis/logs/<uuid:log_id>")
def show(log_id: UUID) -> ResponseReturnValue:
    return _page(log_id, None)


@blueprint.post("/analysis/logs/<uuid:log_id>/mapping")
def confirm(log_id: UUID) -> ResponseReturnValue:
    log = _known(database.current(), log_id)
    reading = keeping.reading_of(
        request.form, request.form.get("time", ""), skip=request.form.get("skip") == "yes"
    )
    around = request.form.get("clock") == "round"
    try:
        found = keeping.tried(log, reading, round_the_clock=around)
    except MappingRefused as error:
        return _page(log_id, error, reading, around), 422
    database.reread()
    with database.writing() as session:
        keeping.confirm(session, log_id, reading, round_the_clock=around, found=found)
    flash(ngettext("%(num)s step was read.", "%(num)s steps were read.", found.steps), "good")
    return redirect(url_for("logs.show", log_id=log_id), 303)


@blueprint.post("/analysis/logs/<uuid:log_id>/delete")
def delete(log_id: UUID) -> ResponseReturnValue:
    log = _known(database.current(), log_id)
    if not _may_delete(person(), log):
        raise NotPermitted
    database.reread()
    with database.writing() as session:
        keeping.throw_away(session, log_id, by=person().login)
    flash(_("The log was thrown away."), "good")
    return redirect(url_for("logs.listing"), 303)


def _known(session: Session, log_id: UUID) -> EventLog:
    log = session.get(EventLog, log_id)
    if log is None:
        raise NotFound
    return log


def _may_delete(user: User, log: EventLog) -> bool:
    return log.by == user.login or bool(user.roles & TIDIES)


def _listing(wrong: str | None) -> str:
    session = database.current()
    rows = [_row(session, each) for each in keeping.logs(session)]
    most = {"megabytes": LARGEST // 1_000_000, "rows": figures.number(BY_PAGE.rows)}
    return render_template("analyse/logs.html", rows=rows, wrong=wrong, most=most)


def _row(session: Session, log: EventLog) -> dict[str, Any]:
    return {
        "id": log.id,
        "name": log.name,
        "file": log.file_name,
        "kind": log.kind.upper(),
        "by": staff.name(session, log.by) if log.by else _("The command line"),
        "at": times.when(log.at),
        "rows": log.rows,
        "cases": log.cases,
        "steps": log.steps,
        "read": log.read,
    }


def _page(
    log_id: UUID,
    refused: MappingRefused | None,
    given: Reading | None = None,
    around: bool | None = None,
) -> str:
    session = database.current()
    log = _known(session, log_id)
    reading = given or Reading.of(log.mapping)
    view = {
        **_row(session, log),
        "columns": [(place, each["name"]) for place, each in enumerate(log.columns)],
        "fields": [_field(log, reading, field) for field in FIELDS],
        "times": [(each, log_words.time(each)) for each in FORMATS],
        "time": reading.time,
        "skip": reading.skip,
        "round": log.round_the_clock if around is None else around,
        "refused": log_words.not_mapped(refused) if refused else None,
        "problems": log_words.problems(refused),
        "may_skip": refused is not None and refused.code == "faulty",
        "may_delete": _may_delete(person(), log),
    }
    if log.read and refused is None:
        view |= {"found": _found(session, log_id), "tools": _tools(log_id)}
    return render_template("analyse/log.html", view=view)


def _field(log: EventLog, reading: Reading, field: str) -> dict[str, Any]:
    place = reading.columns.get(field)
    examples = log.columns[place]["examples"] if place is not None else []
    return {
        "key": field,
        "name": log_words.field(field),
        "required": field in REQUIRED,
        "column": place,
        "examples": ", ".join(examples) or "–",
    }


def _found(session: Session, log_id: UUID) -> dict[str, Any]:
    with scratch_ledger(session, log_id) as found:
        told = overview(found, Slice())
    number = figures.number
    return {
        "facts": [
            (_("Cases"), number(told.cases)),
            (_("Ended"), number(told.ended)),
            (_("People"), number(told.people)),
            (_("First day"), times.day(told.first) if told.first else "–"),
            (_("Last day"), times.day(told.last) if told.last else "–"),
            (_("Ways through the process"), number(told.variant_count)),
        ],
        "steps": [
            {
                "step": each["step"],
                "n": number(each["n"]),
                "cases": number(each["cases"]),
                **{key: log_words.hours(each[key]) for key in ("hours", "ninth", "work")},
                "few": each["n"] < SMALL,
            }
            for each in told.steps
        ],
        "variants": [
            {"way": " → ".join(each["way"]), "n": number(each["n"])} for each in told.variants
        ],
        "few": told.cases < SMALL,
    }


def _tools(log_id: UUID) -> list[dict[str, Any]]:
    user = person()
    return [
        {"name": each.name, "at": url_for(each.endpoint, log=log_id.hex)}
        for each in TOOLS
        if each.reads_logs and access.may_visit(user, each.endpoint)
    ]
