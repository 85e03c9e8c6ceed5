"""The complaint register: the list and its export, one complaint, and registering one."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import process
from broker_crm.crm import complaints
from broker_crm.crm.clients import may_see_client
from broker_crm.crm.complaint_steps import process_steps
from broker_crm.crm.models import Client, Complaint, Insurer
from broker_crm.crm.policies import active_policies, today
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.process import Started, run_command
from broker_crm.process.transactions import Command
from broker_crm.web import (
    commands,
    complaint_page,
    complaint_register,
    database,
    staff,
    tables,
    times,
)
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import (
    COMPLAINT_ABOUT,
    COMPLAINT_CHANNEL,
    COMPLAINT_DETAIL,
    COMPLAINT_SUBJECT,
    LANGUAGE,
)

blueprint = Blueprint("complaints", __name__)


@blueprint.get("/complaints")
def listing() -> ResponseReturnValue:
    asked = complaint_register.wanted()
    view = complaint_register.view(database.current(), asked, person().login)
    return render_template("complaints.html", view=view)


@blueprint.get("/complaints/register.<any(csv, xlsx):kind>")
def export(kind: str) -> ResponseReturnValue:
    headings, rows = complaint_register.table(
        database.current(), complaint_register.wanted(), person().login
    )
    name = f"skundu-registras-{times.today().isoformat()}"
    return tables.answer(kind, name, headings, rows)


@blueprint.get("/complaints/<int:complaint_id>")
def show(complaint_id: int) -> ResponseReturnValue:
    session = database.current()
    complaint = session.get(Complaint, complaint_id)
    if complaint is None or complaint.employee == person().login:
        raise NotFound
    return render_template("complaint.html", view=complaint_page.view(session, complaint, person()))


@blueprint.get("/complaints/new")
def prepare() -> ResponseReturnValue:
    process_steps(database.current())
    return _form(None)


@blueprint.post("/complaints/new")
def register() -> ResponseReturnValue:
    try:
        registration = _read()
    except FormRejected as refusal:
        return _form(refusal), 422
    login, once = person().login, request.form.get("once", "")[:60] or None

    def work(session: Session) -> Started:
        return process.start_once(
            session,
            once,
            {"complainant": registration.complainant, "description": registration.description},
            lambda: complaints.register(session, registration, by=login),
            by=login,
        )

    try:
        started = run_command(
            database.factory(),
            work,
            Command("start", None, None, login, {"process": complaints.COMPLAINT}),
        )
    except FormRejected as refusal:
        database.reread()
        return _form(refusal), 422
    commands.ring()
    flash(_("The complaint is registered."), "good")
    if person().roles & complaints.SEES_REGISTER:
        with database.factory()() as session:
            number = session.scalars(
                select(Complaint.id).where(Complaint.instance_id == started.instance.id)
            ).one()
        return redirect(url_for("complaints.show", complaint_id=number), 303)
    return redirect(url_for("inbox.tasks"), 303)


def _read() -> complaints.Registration:
    sent = Sent()
    received_on = sent.day("received_on")
    registration = complaints.Registration(
        received_on=received_on or today(),
        channel=sent.text("channel"),
        complainant=sent.text("complainant"),
        complainant_email=sent.text("complainant_email") or None,
        representation=sent.text("representation") or None,
        about=sent.text("about"),
        insurer_id=sent.number("insurer_id"),
        employee=sent.text("employee") or None,
        subject=sent.text("subject"),
        detail=sent.text("detail") or None,
        claimed_amount=sent.amount("claimed_amount"),
        description=sent.text("description", 4_000),
        client_id=sent.number("client_id"),
        policy_id=sent.number("policy_id"),
        language=sent.text("language"),
        consumer=request.form.get("consumer") == "yes",
    )
    address = registration.complainant_email
    if address and ("@" not in address[1:] or " " in address or address.endswith("@")):
        sent.wrong["complainant_email"] = [FieldError("email")]
    if registration.client_id is not None:
        client = database.current().get(Client, registration.client_id)
        if client is None or not may_see_client(database.current(), person(), client):
            sent.wrong["client_id"] = [FieldError("option")]
    sent.refuse_unread()
    return registration


def _form(refusal: FormRejected | None) -> str:
    session = database.current()
    client_id = request.form.get("client_id") or request.args.get("client", "")
    client = (
        session.get(Client, int(client_id))
        if client_id.isascii() and client_id.isdigit() and len(client_id) < 10
        else None
    )
    if client is not None and not may_see_client(session, person(), client):
        client = None
    values = dict(request.form) or {
        "received_on": today().isoformat(),
        "complainant": client.name if client else "",
        "complainant_email": (client.email or "") if client else "",
        "language": client.language if client else "lt",
        "consumer": "yes" if client is None or client.kind == "natural" else "",
    }
    view = {
        "values": values,
        "errors": told(refusal),
        "once": request.form.get("once") or str(uuid4()),
        "client": client,
        "policies": active_policies(session, client.id, None) if client else [],
        "today": today().isoformat(),
        "channels": COMPLAINT_CHANNEL,
        "abouts": COMPLAINT_ABOUT,
        "subjects": COMPLAINT_SUBJECT,
        "details": COMPLAINT_DETAIL,
        "languages": LANGUAGE,
        "insurers": list(session.scalars(select(Insurer).order_by(Insurer.name))),
        "people": staff.with_role(session, None),
    }
    return render_template("complaint_new.html", view=view)
