"""Starting a process: choose it, the client and the product."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import cases as crm_cases
from broker_crm.crm import clients as crm_clients
from broker_crm.crm.cases import CaseRejected
from broker_crm.crm.models import Client, Product
from broker_crm.definitions import published
from broker_crm.definitions.models import ProcessVersion
from broker_crm.process.errors import NotAllowed
from broker_crm.process.rights import may_start
from broker_crm.web import (
    cases,
    client_card,
    commands,
    database,
    names,
    paging,
    times,
)
from broker_crm.web.access import may_visit
from broker_crm.web.sign_in import person

SHOWN_CLIENTS = 12
OWN_PAGES: Mapping[str, str | None] = {
    "complaint": "complaints.prepare",
    "campaign": "campaigns.prepare",
    "recipient": None,
}
"""Where processes begin that are about more than a client and a product."""

blueprint = Blueprint("start", __name__)


@blueprint.get("/start")
def choose() -> ResponseReturnValue:
    _require_starting()
    session = database.current()
    processes = [
        {
            "address": _address(version, request.args.get("client")),
            "key": version.process_key,
            "name": names.name(session, version.id, version.name),
            "version": version.number,
            "published": times.day(version.published_at),
        }
        for version in published.latest_versions(session)
        if _begins_by_hand(version)
    ]
    client = request.args.get("client")
    if len(processes) == 1:
        only = processes[0]["key"]
        return redirect(url_for("start.prepare", process_key=only, client=client))
    return render_template("start.html", processes=processes, client=client)


def _begins_by_hand(version: ProcessVersion) -> bool:
    endpoint = OWN_PAGES.get(crm_cases.needs(database.current(), version) or "", "start.prepare")
    return endpoint is not None and may_visit(person(), endpoint)


def _address(version: ProcessVersion, client: str | None) -> str:
    endpoint = OWN_PAGES.get(crm_cases.needs(database.current(), version) or "")
    if endpoint:
        return url_for(endpoint, client=client)
    return url_for("start.prepare", process_key=version.process_key, client=client)


@blueprint.get("/start/<process_key>")
def prepare(process_key: str) -> ResponseReturnValue:
    _require_starting()
    return render_template("start_process.html", view=_view(process_key, {}))


@blueprint.post("/start/<process_key>")
def begin(process_key: str) -> ResponseReturnValue:
    _require_starting()
    variables = {
        name: int(text)
        for name in ("clientId", "productId")
        if (text := request.form.get(name, "")).isascii() and text.isdigit() and len(text) < 10
    }
    try:
        started = commands.start(process_key, variables, by=person().login, key=_key(variables))
    except CaseRejected as refusal:
        database.reread()
        view = _view(process_key, _told(refusal))
        return render_template("start_process.html", view=view), 422
    flash(_("The process has started."), "good")
    mine = [task for task in started.tasks if task.assignee == person().login]
    if mine:
        return redirect(url_for("tasks.show", task_id=mine[0].id), 303)
    return redirect(url_for("instances.show", instance_id=started.instance.id), 303)


def _require_starting() -> None:
    if not may_start(person()):
        raise NotAllowed


def _key(variables: dict[str, int]) -> str | None:
    """One start for each opened page and choice, however often its button is pressed."""
    once = request.form.get("once", "")
    chosen = ".".join(str(number) for _name, number in sorted(variables.items()))
    return f"{once[:60]}.{chosen}" if once.isascii() and once else None


def _view(process_key: str, errors: dict[str, list[str]]) -> dict[str, object]:
    session = database.current()
    version = published.latest_version(session, process_key)
    search = paging.search_text()
    chosen = _number("clientId") or _number("client")
    found = list(crm_clients.search_clients(session, search, person(), SHOWN_CLIENTS))
    if chosen and not search and all(client.id != chosen for client in found):
        client = session.get(Client, chosen)
        if client is not None and crm_clients.may_see_client(session, person(), client):
            found = [client, *found]
    fields = {"clientId", "productId"}
    return {
        "key": process_key,
        "once": str(uuid4()),
        "name": names.name(session, version.id, version.name),
        "search": search,
        "clients": [_client(client) for client in found],
        "client_id": chosen or (found[0].id if len(found) == 1 else None),
        "products": _products(session),
        "product_id": _number("productId"),
        "errors": errors,
        "other_errors": [
            message for key, told in errors.items() if key not in fields for message in told
        ],
    }


def _told(refusal: CaseRejected) -> dict[str, list[str]]:
    known = {
        "clientId": _("Choose one of the clients."),
        "productId": _("Choose a product that can be sold today."),
        "policyId": _("The client has no policy of this product that this can be started for."),
        "process": _("This process begins on a page of its own, or by itself."),
        "owner": _("The client's salesperson no longer works here; the client needs a new one."),
    }
    return {key: [known[key]] if key in known else told for key, told in refusal.errors.items()}


def _client(client: Client) -> dict[str, object]:
    detail = " · ".join(filter(None, (client.code, client.region, client_card.kind(client))))
    return {"id": client.id, "name": client.name, "detail": detail}


def _products(session: Session) -> list[dict[str, object]]:
    found = [
        {"id": product.id, "name": cases.product_name(product)}
        for product in session.scalars(select(Product))
    ]
    return sorted(found, key=lambda product: str(product["name"]))


def _number(name: str) -> int | None:
    text = request.values.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
