"""Writing a client: a new one, or changes to one that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from broker_crm.crm import client_records, clients
from broker_crm.crm.client_records import ClientEntry, LooksAlike
from broker_crm.crm.models import Client, ClientKind
from broker_crm.crm.stale_edits import ChangedMeanwhile, mark
from broker_crm.definitions.forms import FormRejected
from broker_crm.people.models import User
from broker_crm.web import database, stale_forms
from broker_crm.web.access import LEADING
from broker_crm.web.errors import NotFound
from broker_crm.web.language import LANGUAGES
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import CLIENT_FIELD, CLIENT_KIND, word

TEXTS = {
    "name": 200,
    "code": 20,
    "vat_code": 20,
    "email": 200,
    "phone": 40,
    "address": 200,
    "region": 60,
    "bank_account": 40,
    "contact_first_name": 80,
    "contact_surname": 80,
    "contact_email": 200,
    "contact_phone": 40,
}
"""Longest texts."""

blueprint = Blueprint("client_editing", __name__)


@blueprint.get("/clients/new")
def prepare() -> ResponseReturnValue:
    return _form(None, {"kind": ClientKind.LEGAL, "language": "lt"})


@blueprint.post("/clients/new")
def create() -> ResponseReturnValue:
    return _save(None)


@blueprint.get("/clients/<int:client_id>/edit")
def edit(client_id: int) -> ResponseReturnValue:
    client = _known(client_id)
    entry = client_records.entry_of(client)
    return _form(client, {**asdict(entry), "seen": mark(entry)})


@blueprint.post("/clients/<int:client_id>/edit")
def change(client_id: int) -> ResponseReturnValue:
    _known(client_id)
    return _save(client_id)


def _save(client_id: int | None) -> ResponseReturnValue:
    sent, login = Sent(), person().login
    entry = _entry(sent, client_id)
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            client = session.get_one(Client, client_id, with_for_update=True) if client_id else None
            written = client_records.save(
                session,
                entry,
                by=login,
                client=client,
                seen=request.form.get("seen"),
                anyway=request.form.get("anyway") == "yes",
                label=lambda name: word(CLIENT_FIELD, name),
            )
            written_id = written.id
    except FormRejected as refusal:
        return _again(client_id, refusal=refusal), 422
    except LooksAlike as found:
        return _again(client_id, alike=found.client_ids), 409
    except ChangedMeanwhile:
        return _again(client_id, stale=True), 409
    flash(_("The client is saved."), "good")
    return redirect(url_for("clients.show", client_id=written_id), 303)


def _entry(sent: Sent, client_id: int | None) -> ClientEntry:
    values: dict[str, Any] = {name: sent.text(name, most) or None for name, most in TEXTS.items()}
    owner = sent.text("owner", 60) or None
    if not _may_choose_owner():
        owner = _known(client_id).owner if client_id else person().login
    return ClientEntry(
        kind=sent.text("kind", 20),
        language=sent.text("language", 2),
        staff=sent.number("staff"),
        vip=request.form.get("vip") == "yes",
        owner=owner,
        **values,
    )


def _may_choose_owner() -> bool:
    return bool(LEADING & person().roles)


def _known(client_id: int) -> Client:
    session = database.current()
    client = session.get(Client, client_id)
    if client is None or not clients.may_see_client(session, person(), client):
        raise NotFound
    if client.merged_into is not None or client.erased_at is not None:
        raise NotFound
    return client


def _again(
    client_id: int | None,
    *,
    refusal: FormRejected | None = None,
    alike: Sequence[int] = (),
    stale: bool = False,
) -> str:
    database.reread()
    client = _known(client_id) if client_id else None
    values: dict[str, object] = {**request.form, "vip": request.form.get("vip") == "yes"}
    theirs: list[tuple[str, str]] = []
    if client is not None and stale:
        now = client_records.entry_of(client)
        values["seen"] = mark(now)
        theirs = stale_forms.theirs(asdict(now), values, CLIENT_FIELD)
    return _form(client, values, refusal=refusal, alike=alike, stale=stale, theirs=theirs)


def _form(
    client: Client | None,
    values: dict[str, Any],
    *,
    refusal: FormRejected | None = None,
    alike: Sequence[int] = (),
    stale: bool = False,
    theirs: list[tuple[str, str]] | None = None,
) -> str:
    session = database.current()
    people = session.scalars(select(User).where(User.active.is_(True)).order_by(User.name)).unique()
    similar = session.scalars(select(Client).where(Client.id.in_(alike)))
    view = {
        "client": client,
        "values": values,
        "errors": told(refusal),
        "alike": [
            {
                "id": each.id,
                "name": each.name,
                "code": each.code or each.email or each.phone or "",
                "may_open": clients.may_see_client(session, person(), each),
            }
            for each in similar
        ],
        "stale": stale,
        "theirs": theirs or [],
        "kinds": CLIENT_KIND,
        "languages": LANGUAGES,
        "fields": CLIENT_FIELD,
        "limits": TEXTS,
        "people": [(each.login, each.name) for each in people] if _may_choose_owner() else [],
    }
    return render_template("client_edit.html", view=view)
