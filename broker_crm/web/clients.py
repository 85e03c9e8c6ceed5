"""Clients: the list, and one client with cases, conversations, letters and permissions."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import clients
from broker_crm.crm.models import (
    Client,
    ClientStatus,
    Complaint,
    Document,
    Interaction,
)
from broker_crm.outreach.models import Letter
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import visible_instances
from broker_crm.web import (
    cases,
    client_card,
    client_overview,
    client_protection,
    database,
    files,
    letters,
    notes,
    paging,
    staff,
    times,
)
from broker_crm.web.access import may_visit
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import (
    CLIENT_STATUS,
    COMPLAINT_STATUS,
    COMPLAINT_SUBJECT,
    word,
)

TONES = {ClientStatus.ACTIVE: "good", ClientStatus.BLOCKED: "late", ClientStatus.PROSPECT: "info"}
LATEST = 50

blueprint = Blueprint("clients", __name__)


@blueprint.get("/clients")
def listing() -> ResponseReturnValue:
    session = database.current()
    search, start = paging.search_text(), paging.offset()
    found = clients.search_clients(session, search, person(), start + paging.PAGE + 1)
    shown = found[start : start + paging.PAGE]
    view = {
        "search": search,
        "rows": [_row(session, client) for client in shown],
        **paging.pages(start, len(found) > start + paging.PAGE),
    }
    return render_template("clients.html", view=view)


@blueprint.get("/clients/<int:client_id>")
def show(client_id: int) -> ResponseReturnValue:
    session, user = database.current(), person()
    client = session.get(Client, client_id)
    if client is not None and client.merged_into is not None:
        return redirect(url_for("clients.show", client_id=client.merged_into))
    if client is None or not clients.may_see_client(session, user, client):
        raise NotFound
    of_client = (
        select(ProcessInstance)
        .where(ProcessInstance.client_id == client_id, visible_instances(user))
        .order_by(ProcessInstance.started_at.desc())
        .limit(LATEST)
    )
    written = (
        select(Interaction)
        .where(Interaction.client_id == client_id)
        .order_by(Interaction.at.desc())
        .limit(LATEST)
    )
    sent = (
        letters.visible_letters(user)
        .where(Letter.client_id == client_id)
        .order_by(Letter.created_at.desc())
        .limit(LATEST)
    )
    view = {
        "client": client_card.card(session, client) | {"contacts": []},
        "subtitle": client_card.kind(client),
        "cases": [cases.row(session, case, None) for case in session.scalars(of_client)],
        "notes": notes.lines(session, session.scalars(written)),
        "letters": [letters.row(letter, entry) for letter, entry in session.execute(sent)],
        **client_overview.view(session, user, client),
        "files": {"rows": files.rows(session, user, _files(session, user, client_id))},
        "complaints": _complaints(session, client_id, user.login),
        "may_open_complaints": may_visit(user, "complaints.show"),
        **client_protection.view(session, user, client),
    }
    return render_template("client.html", view=view)


def _files(session: Session, user: User, client_id: int) -> list[Document]:
    seen = select(ProcessInstance.id).where(visible_instances(user))
    found = (
        select(Document)
        .where(
            Document.client_id == client_id,
            Document.removed_at.is_(None),
            Document.instance_id.in_(seen),
        )
        .order_by(Document.created_at.desc(), Document.id)
        .limit(LATEST)
    )
    return list(session.scalars(found))


def _complaints(session: Session, client_id: int, reader: str) -> list[dict[str, object]]:
    found = session.scalars(
        select(Complaint)
        .where(Complaint.client_id == client_id, Complaint.employee.is_distinct_from(reader))
        .order_by(Complaint.id.desc())
        .limit(LATEST)
    )
    return [
        {
            "id": each.id,
            "number": each.register_number,
            "subject": word(COMPLAINT_SUBJECT, each.subject),
            "status": word(COMPLAINT_STATUS, each.status),
            "tone": "good" if each.closed_at else "late",
            "received": times.day(each.received_on),
        }
        for each in found
    ]


def _row(session: Session, client: Client) -> dict[str, object]:
    return {
        "id": client.id,
        "name": client.name,
        "vip": client.vip,
        "kind": client_card.kind(client),
        "region": client.region,
        "status": word(CLIENT_STATUS, client.status),
        "tone": TONES.get(ClientStatus(client.status), ""),
        "owner": staff.name(session, client.owner),
    }
