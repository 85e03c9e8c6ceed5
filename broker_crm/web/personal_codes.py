"""The personal code of a client: shown masked, opened for few, each look noted."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm.crm import personal_codes
from broker_crm.crm.models import Client, ClientKind
from broker_crm.definitions.forms import FormRejected
from broker_crm.people.models import User
from broker_crm.web import database
from broker_crm.web.client_records import back, known, refused, to_change
from broker_crm.web.errors import NotPermitted
from broker_crm.web.sign_in import person

ANCHOR = "personal-code"
LONGEST = 20
blueprint = Blueprint("personal_codes", __name__)


@blueprint.post("/clients/<int:client_id>/personal-code")
def write(client_id: int) -> ResponseReturnValue:
    _require(known(client_id))
    code, login = request.form.get("personal_code", "").strip()[:LONGEST], person().login
    try:
        with database.writing() as session:
            client = to_change(session, client_id)
            personal_codes.write(session, client, code or None, by=login)
    except FormRejected as refusal:
        return refused(client_id, ANCHOR, refusal)
    return back(
        client_id, ANCHOR, _("The personal code is kept sealed.") if code else _("Removed.")
    )


@blueprint.post("/clients/<int:client_id>/personal-code/look")
def look(client_id: int) -> ResponseReturnValue:
    _require(known(client_id))
    login = person().login
    try:
        with database.writing() as session:
            client = to_change(session, client_id)
            code, name = personal_codes.look(session, client, by=login), client.name
    except personal_codes.CannotOpen:
        flash(_("The code was sealed with another key; this system can't open it."), "bad")
        return back(client_id, ANCHOR)
    view = {"client_id": client_id, "name": name, "code": code or "–"}
    return render_template("personal_code.html", view=view)


def view(user: User, client: Client) -> dict[str, object] | None:
    """The card; None for companies."""
    if client.kind == ClientKind.LEGAL:
        return None
    return {
        "masked": personal_codes.MASK if client.personal_code_sealed else "",
        "may_see": personal_codes.may_see(user, client),
    }


def _require(client: Client) -> None:
    if not personal_codes.may_see(person(), client):
        raise NotPermitted
