"""Contact persons on the client's page: adding, changing, ending."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.crm import contact_persons
from broker_crm.crm.contact_persons import ContactEntry
from broker_crm.crm.models import Client, ContactPerson
from broker_crm.crm.vocative import vocative
from broker_crm.definitions.forms import FormRejected
from broker_crm.web import client_card, database, times
from broker_crm.web.client_records import back, known, to_change
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import CONTACT_ROLE, word

ANCHOR = "people"
TEXTS = {"first_name": 80, "surname": 80, "vocative": 80, "email": 200, "phone": 40}
AUTHORITY = 120
blueprint = Blueprint("contact_persons", __name__)


@blueprint.get("/clients/<int:client_id>/contacts/new")
def prepare(client_id: int) -> ResponseReturnValue:
    return _form(known(client_id), None, {"role": contact_persons.ROLES[0]})


@blueprint.post("/clients/<int:client_id>/contacts/new")
def add(client_id: int) -> ResponseReturnValue:
    return _save(client_id, None)


@blueprint.get("/clients/<int:client_id>/contacts/<int:contact_id>")
def edit(client_id: int, contact_id: int) -> ResponseReturnValue:
    client = known(client_id)
    contact = _contact(database.current(), client, contact_id)
    values = {name: getattr(contact, name) for name in (*TEXTS, "role", "authority")}
    return _form(client, contact, {**values, "bounced": contact.bounced_at is not None})


@blueprint.post("/clients/<int:client_id>/contacts/<int:contact_id>")
def change(client_id: int, contact_id: int) -> ResponseReturnValue:
    return _save(client_id, contact_id)


@blueprint.post("/clients/<int:client_id>/contacts/<int:contact_id>/end")
def end(client_id: int, contact_id: int) -> ResponseReturnValue:
    login = person().login
    with database.writing() as session:
        client = to_change(session, client_id)
        contact_persons.end(session, client, _contact(session, client, contact_id), by=login)
    return back(client_id, ANCHOR, _("The contact person is ended; letters go to others."))


def rows(client: Client) -> list[dict[str, object]]:
    """Contact persons as the client's page lists them."""
    return [
        {
            "id": contact.id,
            "name": f"{contact.first_name} {contact.surname}",
            "role": word(CONTACT_ROLE, contact.role),
            "email": contact.email or "",
            "phone": client_card.phone(contact.phone),
            "phone_address": contact.phone or "",
            "authority": contact.authority or "",
            "greeting": contact.vocative or vocative(contact.first_name),
            "bounced": times.day(contact.bounced_at) if contact.bounced_at else "",
        }
        for contact in client.contacts
    ]


def _save(client_id: int, contact_id: int | None) -> ResponseReturnValue:
    sent, login = Sent(), person().login
    texts = {name: sent.text(name, most) or None for name, most in TEXTS.items()}
    entry = ContactEntry(
        role=sent.text("role", 40),
        authority=sent.text("authority", AUTHORITY) or None,
        bounced=request.form.get("bounced") == "yes",
        **texts,
    )
    try:
        sent.refuse_unread()
        with database.writing() as session:
            client = to_change(session, client_id)
            contact = _contact(session, client, contact_id) if contact_id else None
            contact_persons.save(session, client, entry, by=login, contact=contact)
    except FormRejected as refusal:
        database.reread()
        client = known(client_id)
        known_contact = _contact(database.current(), client, contact_id) if contact_id else None
        return _form(client, known_contact, asdict(entry), refusal), 422
    return back(client_id, ANCHOR, _("The contact person is saved."))


def _contact(session: Session, client: Client, contact_id: int) -> ContactPerson:
    contact = contact_persons.of_client(session, client, contact_id)
    if contact is None:
        raise NotFound
    return contact


def _form(
    client: Client,
    contact: ContactPerson | None,
    values: dict[str, object],
    refusal: FormRejected | None = None,
) -> str:
    view = {
        "client_id": client.id,
        "client": client.name,
        "contact_id": contact.id if contact else None,
        "values": values,
        "errors": told(refusal),
        "roles": [(key, word(CONTACT_ROLE, key)) for key in contact_persons.ROLES],
        "limits": {**TEXTS, "authority": AUTHORITY},
    }
    return render_template("contact_person.html", view=view)
