"""“What if” in the browser: the form, asking, the stored runs and their figures."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm.analysis.models import SimulationRun
from broker_crm.analysis.simulation import stored
from broker_crm.analysis.simulation.scenarios import ChangeRefused
from broker_crm.analysis.simulation.settings import Settings, read_settings
from broker_crm.analysis.simulation.versions import published_model, version_of
from broker_crm.definitions.published import NotPublished
from broker_crm.engine.errors import DiagramRefused
from broker_crm.web import commands, database, tables
from broker_crm.web.analyse.what_if import asking, telling, words
from broker_crm.web.answers import steps
from broker_crm.web.errors import NotFound, NotPermitted
from broker_crm.web.sign_in import person

USUAL_PROCESS = "new-client-sale"
blueprint = Blueprint("what_if", __name__)


@blueprint.get("/analysis/what-if")
def form() -> ResponseReturnValue:
    session, user = database.current(), person()
    pairs = list(request.args.items(multi=True))
    wrong, told = "", Settings(request.args.get("process", ""))
    try:
        told = read_settings(pairs)
    except ChangeRefused as refused:
        wrong = f"{words.refused(refused.code)} {refused.text}"
    latest = steps.latest(session)
    process = told.process or (USUAL_PROCESS if USUAL_PROCESS in latest else "")
    process = process or next(iter(sorted(latest)), "")
    try:
        version = version_of(session, process, told.version)
    except NotPublished as error:
        raise NotFound from error
    known = asking.naming(session, version, published_model(session, version))
    view = {
        "process": process,
        "version": version.number,
        "processes": asking.processes(session),
        "versions": [
            each.number for each in steps.versions(session) if each.process_key == process
        ],
        "form": asking.form(session, version, told.changes),
        "changes": [words.change(each, known) for each in told.changes],
        "check": telling.last_check(session, process, version.number),
        "replications": told.replications,
        "runs": [telling.line(session, user, each) for each in stored.runs(session, process)],
        "wrong": wrong,
    }
    return render_template("analyse/what_if/form.html", view=view), 422 if wrong else 200


@blueprint.post("/analysis/what-if")
def ask() -> ResponseReturnValue:
    fields = request.form
    pairs = [(name, fields.get(name, "")) for name in ("process", "version", "replications")]
    pairs += [("change", each) for each in asking.changes_in(fields.items(multi=True))]
    try:
        settings = read_settings(pairs)
        with database.writing() as session:
            run_id = stored.ask(session, settings, by=person().login).id
    except ChangeRefused as refused:
        flash(f"{words.refused(refused.code)} {refused.text}", "bad")
        return redirect(_again(pairs), 303)
    except stored.TooManyWaiting:
        flash(_("You have asked for enough already: wait until one of them has ended."), "bad")
        return redirect(_again(pairs), 303)
    except DiagramRefused:
        flash(_("The draft can't run yet; the workshop tells why."), "bad")
        return redirect(_again(pairs), 303)
    except NotPublished as error:
        raise NotFound from error
    commands.ring()
    return redirect(url_for("what_if.show", run_id=run_id), 303)


@blueprint.post("/analysis/what-if/check")
def check() -> ResponseReturnValue:
    process, number = request.form.get("process", ""), request.form.get("version", "")
    if not (number.isascii() and number.isdigit() and len(number) < 8):
        raise NotFound
    try:
        with database.writing() as session:
            stored.ask_check(session, process, int(number), by=person().login)
    except NotPublished as error:
        raise NotFound from error
    commands.ring()
    flash(_("The model is being checked; look again in a minute."), "good")
    return redirect(url_for("what_if.form", process=process, version=number), 303)


@blueprint.get("/analysis/what-if/<int:run_id>")
def show(run_id: int) -> ResponseReturnValue:
    session = database.current()
    view = telling.run(session, person(), _run(run_id))
    return render_template("analyse/what_if/run.html", view=view)


@blueprint.get("/analysis/what-if/<int:run_id>/progress")
def progress(run_id: int) -> ResponseReturnValue:
    """A piece of the run's page; when the run is over, the browser is sent to the whole."""
    found = _run(run_id)
    view = telling.line(database.current(), person(), found)
    over = found.status in (stored.DONE, stored.FAILED)
    headers = {"HX-Redirect": view["address"]} if over else {}
    return render_template("analyse/what_if/progress.html", view=view), 200, headers


@blueprint.get("/analysis/what-if/<int:run_id>/figures.<any(csv, xlsx):kind>")
def export(run_id: int, kind: str) -> ResponseReturnValue:
    session, found = database.current(), _run(run_id)
    version = version_of(session, found.process_key, found.version)
    known = asking.naming(session, version, published_model(session, version))
    rows = telling.exported(person(), found, known)
    headings = [_("Figure"), _("Unit")]
    for side in (_("Today"), _("Changed"), _("Difference")):
        headings += [side, f"{side}, {_('from')}", f"{side}, {_('to')}"]
    return tables.answer(kind, f"kas-jei-{run_id}", headings, rows)


@blueprint.post("/analysis/what-if/<int:run_id>/delete")
def delete(run_id: int) -> ResponseReturnValue:
    user = person()
    with database.writing() as session:
        found = stored.run_of(session, run_id)
        if found is None:
            raise NotFound
        if not telling.may_delete(user, found):
            raise NotPermitted
        process = found.process_key
        stored.delete(session, found)
    flash(_("The simulation is deleted."), "good")
    return redirect(url_for("what_if.form", process=process), 303)


def _run(run_id: int) -> SimulationRun:
    found = stored.run_of(database.current(), run_id)
    if found is None or found.kind != stored.WHAT_IF:
        raise NotFound
    return found


def _again(pairs: list[tuple[str, str]]) -> str:
    """The address of the form with what was typed."""
    return f"{url_for('what_if.form')}?{urlencode([pair for pair in pairs if pair[1]])}"
