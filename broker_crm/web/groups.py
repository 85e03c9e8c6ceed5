"""The household or group of companies of a client, on its page."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.crm import clients, groups
from broker_crm.crm.models import Client, ClientGroup
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.people.models import User
from broker_crm.web import database, money
from broker_crm.web.client_records import back, refused, to_change
from broker_crm.web.register_forms import Sent

ANCHOR = "group"
blueprint = Blueprint("groups", __name__)


@blueprint.post("/clients/<int:client_id>/group")
def join(client_id: int) -> ResponseReturnValue:
    sent = Sent()
    group_id, name = sent.number("group_id"), sent.text("name")
    try:
        sent.refuse_unread()
        with database.writing() as session:
            client = to_change(session, client_id)
            if group_id is not None:
                groups.join(session, client, group_id)
            elif name:
                groups.create(session, client, name)
            else:
                raise FormRejected({"name": [FieldError("required")]})
    except FormRejected as refusal:
        return refused(client_id, ANCHOR, refusal)
    return back(client_id, ANCHOR, _("The client belongs to the group."))


@blueprint.post("/clients/<int:client_id>/group/leave")
def leave(client_id: int) -> ResponseReturnValue:
    with database.writing() as session:
        groups.leave(session, to_change(session, client_id))
    return back(client_id, ANCHOR, _("The client no longer belongs to the group."))


def view(session: Session, user: User, client: Client) -> dict[str, object]:
    """The group's card: members with premiums, or the groups to choose from."""
    household = groups.kind_for(client) == groups.HOUSEHOLD
    title = _("Household") if household else _("Group of companies")
    group = session.get(ClientGroup, client.group_id) if client.group_id else None
    if group is None:
        choices = groups.of_kind(session, groups.kind_for(client))
        return {"title": title, "name": None, "choices": [(each.id, each.name) for each in choices]}
    members = groups.members(session, group.id)
    return {
        "title": title,
        "name": group.name,
        "members": [
            {
                "id": each.client.id,
                "name": each.client.name,
                "premium": money.euros(each.premium),
                "may_open": clients.may_see_client(session, user, each.client),
            }
            for each in members
        ],
        "total": money.euros(sum(each.premium for each in members)),
    }
