"""Cases: the list, and one case on its diagram with its history."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from broker_crm import process
from broker_crm.crm import case_search
from broker_crm.definitions import published
from broker_crm.definitions.models import ResourceKind
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import visible_instances
from broker_crm.web import (
    case_filters,
    case_table,
    case_view,
    cases,
    commands,
    database,
    outcomes,
    paging,
    saved_views,
    staff,
    standing,
    tables,
    times,
)
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person

blueprint = Blueprint("instances", __name__)


@blueprint.get("/instances")
def listing() -> ResponseReturnValue:
    session, user = database.current(), person()
    asked, start = case_filters.asked(session), paging.offset()
    total = case_search.count(session, user, asked.wanted)
    found = case_search.cases(session, user, asked.wanted, start=start, limit=paging.PAGE)
    stands = standing.steps(session, [instance.id for instance, _name in found])
    view = {
        "filters": case_filters.form(session, asked),
        "chips": case_filters.chips(session, asked),
        "total": total,
        "files": paging.files("instances.download"),
        "first_row": start + 1,
        "last_row": start + len(found),
        "rows": [
            cases.row(session, instance, client)
            | {
                "owner": staff.name(session, instance.owner),
                "stands_at": outcomes.of_case(instance.outcome)
                if instance.outcome and instance.ended_at
                else ", ".join(stands.get(instance.id, [])),
            }
            for instance, client in found
        ],
        **paging.pages(start, start + len(found) < total),
    }
    saved = saved_views.view(session, user, "instances")
    return render_template("instances.html", view=view, saved=saved)


@blueprint.get("/instances/download.<any(csv, xlsx):kind>")
def download(kind: str) -> ResponseReturnValue:
    session = database.current()
    wanted = case_filters.asked(session).wanted
    headings, rows = case_table.table(session, person(), wanted)
    return tables.answer(kind, f"processes-{times.today()}", headings, rows)


@blueprint.get("/instances/<uuid:instance_id>")
def show(instance_id: UUID) -> ResponseReturnValue:
    session, user = database.current(), person()
    view = case_view.view(session, user, _visible(instance_id))
    return render_template("instance.html", view=view)


@blueprint.get("/instances/<uuid:instance_id>/diagram")
def diagram(instance_id: UUID) -> ResponseReturnValue:
    instance = _visible(instance_id)
    session = database.current()
    file = published.compiled(session, instance.version_id).file
    xml = published.resource(session, instance.version_id, ResourceKind.DIAGRAM, file)
    return Response(xml, mimetype="application/xml")


@blueprint.post("/instances/<uuid:instance_id>/cancel")
def cancel(instance_id: UUID) -> ResponseReturnValue:
    _visible(instance_id)
    reason = request.form.get("reason", "").strip()
    with database.writing() as session:
        process.cancel(session, instance_id, reason or "–", by=person().login)
    flash(_("The process is cancelled."), "good")
    return redirect(url_for("instances.show", instance_id=instance_id), 303)


@blueprint.post("/instances/<uuid:instance_id>/happened/<element_id>")
def report(instance_id: UUID, element_id: str) -> ResponseReturnValue:
    _visible(instance_id)
    if commands.report(instance_id, element_id, by=person().login):
        flash(_("The case knows of it now."), "good")
    else:
        flash(_("The case no longer waits for this; nothing has changed."), "bad")
    return redirect(url_for("instances.show", instance_id=instance_id), 303)


def _visible(instance_id: UUID) -> ProcessInstance:
    instance = database.current().scalar(
        select(ProcessInstance).where(
            ProcessInstance.id == instance_id, visible_instances(person())
        )
    )
    if instance is None:
        raise NotFound
    return instance
