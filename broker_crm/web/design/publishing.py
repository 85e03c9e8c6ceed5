"""Publishing from the workshop: which processes, why, and what the linter says to it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from broker_crm.definitions.bundle import arrange
from broker_crm.definitions.checking import check
from broker_crm.definitions.findings import DiagramRejected, Finding, Severity
from broker_crm.definitions.places import FileKey, place_of
from broker_crm.definitions.workspace import files, publishing
from broker_crm.definitions.workspace.errors import WorkspaceError
from broker_crm.scenarios import gate
from broker_crm.web import database
from broker_crm.web.design import words
from broker_crm.web.design.blueprint import WAIT, blueprint
from broker_crm.web.sign_in import person

LONGEST_NOTE = 1000


@blueprint.get("/publish")
def prepare() -> ResponseReturnValue:
    return _page("", [])


@blueprint.post("/publish")
def publish() -> ResponseReturnValue:
    """Check, then publish the chosen processes in one transaction."""
    chosen, login = request.form.getlist("process"), person().login
    note = request.form.get("note", "").strip()[:LONGEST_NOTE]
    if not chosen:
        return _page(_("Choose what to publish."), []), 422
    if not note:
        return _page(_("Write what has changed, for those who read the versions."), chosen), 422
    contents = files.workspace_files(database.current())
    there = publishing.processes(database.current(), arrange(contents))
    checked = {each.key: each.bundle.content_hash for each in there}
    bundles = [each.bundle for each in there if each.key in chosen]
    trials = gate.of_drafts(database.current(), bundles)
    database.reread()
    findings = check(contents, wait=WAIT)
    if not any(finding.severity is Severity.ERROR for finding in findings):
        findings += gate.findings(trials)
    try:
        with database.writing() as session:
            made = publishing.publish(session, chosen, checked, findings, author=login, note=note)
            told = ", ".join(f"{each.name} {each.number}" for each in made)
    except WorkspaceError as error:
        return _page(words.told(database.current(), error), chosen), 409
    except DiagramRejected:
        refused = _("Nothing was published: mend the errors first.")
        return _page(refused, chosen, findings), 422
    flash(
        ngettext(
            "Published: %(versions)s. New cases run on it; running cases stay on theirs.",
            "Published: %(versions)s. New cases run on them; running cases stay on theirs.",
            len(made),
            versions=told,
        ),
        "good",
    )
    return redirect(url_for("design.listing"), 303)


def _page(refused: str, chosen: list[str], findings: list[Finding] | None = None) -> str:
    session = database.current()
    contents = files.workspace_files(session)
    in_force = files.published(session)
    changed = [each for each in publishing.processes(session, arrange(contents)) if each.changed]
    called = {each.key: words.process_name(session, each) for each in changed}
    database.reread()
    found = check(contents, wait=WAIT) if findings is None else findings
    places = words.addresses(contents)
    rows = []
    for each in changed:
        own = publishing.findings_of(each.bundle, found)
        errors = [one for one in own if one.severity is Severity.ERROR]
        rows.append(
            {
                "key": each.key,
                "name": called[each.key],
                "next": (each.latest.number if each.latest else 0) + 1,
                "files": [_name(key) for key in each.changed_files(in_force)],
                "errors": [words.finding(one, places) for one in errors],
                "warnings": len(own) - len(errors),
                "chosen": each.key in chosen or (not chosen and not errors),
            }
        )
    note = request.form.get("note", "")
    return render_template("design/publish.html", rows=rows, refused=refused, note=note)


def _name(key: FileKey) -> str:
    return place_of(*key).name
