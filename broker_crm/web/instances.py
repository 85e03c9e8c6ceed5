"""Cases: the list, and one case on its diagram with its history."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from broker_crm import process
from broker_crm.crm.models import Client
from broker_crm.definitions import published
from broker_crm.definitions.models import ResourceKind
from broker_crm.process.models import (
    InstanceStatus,
    ProcessInstance,
)
from broker_crm.process.plain_text import plain
from broker_crm.process.rights import visible_instances
from broker_crm.web import (
    case_view,
    cases,
    commands,
    database,
    outcomes,
    paging,
    staff,
    standing,
    trouble,
)
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import INSTANCE_STATUS, word

blueprint = Blueprint("instances", __name__)


@blueprint.get("/instances")
def listing() -> ResponseReturnValue:
    session = database.current()
    search, start = paging.search_text(), paging.offset()
    status = request.args.get("status", InstanceStatus.ACTIVE)
    wanted = (
        select(ProcessInstance, Client.name)
        .outerjoin(Client, Client.id == ProcessInstance.client_id)
        .where(visible_instances(person()))
        .order_by(ProcessInstance.started_at.desc(), ProcessInstance.id)
    )
    for part in search.split()[:6]:
        title = ProcessInstance.search_title
        wanted = wanted.where(title.contains(plain(part), autoescape=True))
    if status == trouble.STOPPED:
        wanted = wanted.where(trouble.is_stopped())
    elif status in set(InstanceStatus):
        wanted = wanted.where(ProcessInstance.status == status)
    found = session.execute(wanted.offset(start).limit(paging.PAGE + 1)).all()
    shown = found[: paging.PAGE]
    stands = standing.steps(session, [instance.id for instance, _name in shown])
    view = {
        "search": search,
        "status": status,
        "status_choices": [
            *((key, word(INSTANCE_STATUS, key)) for key in InstanceStatus),
            (trouble.STOPPED, _("Stopped by an incident")),
            ("all", _("All")),
        ],
        "rows": [
            cases.row(session, instance, client)
            | {
                "owner": staff.name(session, instance.owner),
                "stands_at": outcomes.of_case(instance.outcome)
                if instance.outcome and instance.ended_at
                else ", ".join(stands.get(instance.id, [])),
            }
            for instance, client in shown
        ],
        **paging.pages(start, len(found) > paging.PAGE),
    }
    return render_template("instances.html", view=view)


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
