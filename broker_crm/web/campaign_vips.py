"""VIP clients who wait for their salesperson's word on a campaign."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm.crm import campaign_vips
from broker_crm.crm.models import CampaignRecipient, Product
from broker_crm.web import cases, database
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person

blueprint = Blueprint("campaign_vips", __name__)


@blueprint.get("/campaigns/vip-clients")
def listing() -> ResponseReturnValue:
    session = database.current()
    rows = [
        {
            "id": recipient.id,
            "client_id": client.id,
            "client": client.name,
            "campaign": campaign.name,
            "product": cases.product_name(session.get_one(Product, campaign.product_id)),
            "goal": campaign.goal,
        }
        for recipient, campaign, client in campaign_vips.undecided(session, person())
    ]
    return render_template("campaign_vips.html", rows=rows)


@blueprint.post("/campaigns/recipients/<int:recipient_id>/allow")
def allow(recipient_id: int) -> ResponseReturnValue:
    user = person()
    database.reread()
    with database.writing() as session:
        recipient = session.get(CampaignRecipient, recipient_id, with_for_update=True)
        if recipient is None:
            raise NotFound
        allowed = campaign_vips.allow(session, recipient, by=user)
    if allowed:
        flash(_("The client will be written to."), "good")
    else:
        flash(_("This client can't be written to any more."), "bad")
    return redirect(url_for("campaign_vips.listing"), 303)
