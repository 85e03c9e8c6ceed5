"""The versions of a process, two of them compared, and an old one published again."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions import published
from broker_crm.definitions.comparison import compare_versions
from broker_crm.definitions.findings import DiagramRejected
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.republish import publish_again
from broker_crm.process.experiments import Experiment, State, in_force
from broker_crm.process.migration.counting import running_by_version
from broker_crm.process.migration.models import Migration
from broker_crm.web import database, names, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.versions import comparison
from broker_crm.web.versions.words import PHASE
from broker_crm.web.wording import word

LONGEST_NOTE = 1000
LATEST = 20

blueprint = Blueprint("versions", __name__)


@blueprint.get("/design/versions")
def processes() -> ResponseReturnValue:
    session = database.current()
    rows = [
        {
            "key": latest.process_key,
            "name": names.name(session, latest.id, latest.name),
            "number": latest.number,
            "published": times.when(latest.published_at),
            "author": staff.name(session, latest.author),
            "running": sum(running_by_version(session, latest.process_key).values()),
        }
        for latest in published.latest_versions(session)
    ]
    return render_template("versions/processes.html", rows=rows)


@blueprint.get("/design/versions/<process_key>")
def listing(process_key: str) -> ResponseReturnValue:
    session = database.current()
    versions = _versions(session, process_key)
    running = running_by_version(session, process_key)
    newest = versions[0]
    trial = in_force(session, process_key)
    view = {
        "key": process_key,
        "name": names.name(session, newest.id, newest.name),
        "rows": [
            {
                "id": version.id,
                "number": version.number,
                "published": times.when(version.published_at),
                "author": staff.name(session, version.author),
                "note": version.note,
                "hash": version.content_hash[:12],
                "running": running.get(version.id, 0),
                "same": version.content_hash == newest.content_hash,
                "before": version.number - 1 if version.number > 1 else None,
            }
            for version in versions
        ],
        "in_force": trial.version_a_id if trial is not None else newest.id,
        "experiment": _experiment(trial, versions) if trial is not None else None,
        "migrations": _migrations(session, process_key, versions),
    }
    return render_template("versions/listing.html", view=view)


@blueprint.get("/design/versions/<process_key>/compare")
def compare(process_key: str) -> ResponseReturnValue:
    session = database.current()
    versions = {version.number: version for version in _versions(session, process_key)}
    before, after = _asked(versions, "before"), _asked(versions, "after")
    found = compare_versions(session, before.id, after.id)
    view = {
        "key": process_key,
        "name": names.name(session, after.id, after.name),
        "numbers": sorted(versions, reverse=True),
        "before": before.number,
        "after": after.number,
        **comparison.view(session, found, before, after),
    }
    return render_template("versions/compare.html", view=view)


@blueprint.get("/design/versions/<process_key>/<int:number>/diagram")
def diagram(process_key: str, number: int) -> ResponseReturnValue:
    session = database.current()
    version = _version(session, process_key, number)
    file = published.compiled(session, version.id).file
    xml = published.resource(session, version.id, ResourceKind.DIAGRAM, file)
    return Response(xml, mimetype="application/xml")


@blueprint.post("/design/versions/<process_key>/<int:number>/again")
def again(process_key: str, number: int) -> ResponseReturnValue:
    version_id = _version(database.current(), process_key, number).id
    back = redirect(url_for("versions.listing", process_key=process_key), 303)
    note = request.form.get("note", "").strip()[:LONGEST_NOTE]
    database.reread()
    try:
        with database.writing() as session:
            made = publish_again(
                session,
                version_id,
                author=person().login,
                note=note or _("Version %(number)s again", number=number),
            )
            told = made.number if made is not None else None
            waits = in_force(session, process_key) is not None
    except DiagramRejected as error:
        first = str(error).splitlines()[0]
        flash(_("Today's rules refuse this version: %(why)s", why=first), "bad")
        return back
    if told is None:
        flash(_("The latest version says the same already."), "good")
    elif waits:
        flash(
            _(
                "Version %(number)s is published; it waits until the experiment is decided.",
                number=told,
            ),
            "good",
        )
    else:
        flash(_("Version %(number)s is published; new cases run on it.", number=told), "good")
    return back


def _versions(session: Session, process_key: str) -> list[ProcessVersion]:
    found = list(
        session.scalars(
            select(ProcessVersion)
            .where(ProcessVersion.process_key == process_key)
            .order_by(ProcessVersion.number.desc())
        )
    )
    if not found:
        raise NotFound
    return found


def _version(session: Session, process_key: str, number: int) -> ProcessVersion:
    for version in _versions(session, process_key):
        if version.number == number:
            return version
    raise NotFound


def _asked(versions: dict[int, ProcessVersion], which: str) -> ProcessVersion:
    text = request.args.get(which, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    if number not in versions:
        raise NotFound
    return versions[number]


def _experiment(trial: Experiment, versions: list[ProcessVersion]) -> dict[str, object]:
    numbers = {version.id: version.number for version in versions}
    return {
        "id": trial.id,
        "name": trial.name,
        "shares": trial.state == State.RUNNING,
        "a": numbers[trial.version_a_id],
        "b": numbers[trial.version_b_id],
    }


def _migrations(
    session: Session, process_key: str, versions: list[ProcessVersion]
) -> list[dict[str, object]]:
    numbers = {version.id: version.number for version in versions}
    found = session.scalars(
        select(Migration)
        .where(Migration.process_key == process_key)
        .order_by(Migration.created_at.desc())
        .limit(LATEST)
    )
    return [
        {
            "id": each.id,
            "before": numbers[each.from_version_id],
            "after": numbers[each.to_version_id],
            "phase": word(PHASE, each.phase),
            "who": staff.name(session, each.ordered_by or each.created_by),
            "when": times.when(each.ordered_at or each.created_at),
            "note": each.note,
        }
        for each in found
    ]
