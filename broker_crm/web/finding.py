"""Search in one place: clients, policies, offers, contracts and complaints."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from broker_crm.crm import finding
from broker_crm.web import (
    client_card,
    contract_register,
    database,
    offer_register,
    paging,
    policies,
    times,
)
from broker_crm.web.sign_in import person
from broker_crm.web.wording import CLIENT_STATUS, COMPLAINT_STATUS, word

blueprint = Blueprint("finding", __name__)


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    session, text = database.current(), paging.search_text()
    found = finding.find(session, text, person())
    view = {
        "search": text,
        "count": len(found),
        "short": len("".join(text.split())) < finding.SHORTEST,
        "each": finding.EACH,
        "clients": [
            {
                "id": client.id,
                "name": client.name,
                "kind": client_card.kind(client),
                "code": client.code or "",
                "status": word(CLIENT_STATUS, client.status),
            }
            for client in found.clients
        ],
        "policies": [policies.row(*each) for each in found.policies],
        "offers": [offer_register.row(session, offer, client) for offer, client in found.offers],
        "contracts": [contract_register.row(each, client) for each, client in found.contracts],
        "complaints": [
            {
                "id": each.id,
                "number": each.register_number,
                "complainant": each.complainant,
                "received": times.day(each.received_on),
                "status": word(COMPLAINT_STATUS, each.status),
            }
            for each in found.complaints
        ],
    }
    return render_template("search.html", view=view)
