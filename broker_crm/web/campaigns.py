"""Campaigns: the list, one campaign with its figures and recipients, and beginning one."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import process
from broker_crm.crm import campaigns
from broker_crm.crm.models import Campaign, CampaignRecipient, Product
from broker_crm.definitions.forms import FormRejected
from broker_crm.process import Started, run_command
from broker_crm.process.rights import may_steer
from broker_crm.process.transactions import Command
from broker_crm.web import campaign_page, cases, commands, database, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import CAMPAIGN_STATUS, word

SHOWN = 200
TONES = {"running": "good", "paused": "late", "stopped": "late", "finished": "good"}

blueprint = Blueprint("campaigns", __name__)


@blueprint.get("/campaigns")
def listing() -> ResponseReturnValue:
    session = database.current()
    found = session.scalars(select(Campaign).order_by(Campaign.id.desc()).limit(SHOWN))
    return render_template("campaigns.html", rows=[_row(session, each) for each in found])


@blueprint.get("/campaigns/<int:campaign_id>")
def show(campaign_id: int) -> ResponseReturnValue:
    session = database.current()
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound
    view = {**_row(session, campaign), **campaign_page.view(session, campaign)}
    return render_template("campaign.html", view=view)


@blueprint.get("/campaigns/<int:campaign_id>/recipients")
def recipients(campaign_id: int) -> ResponseReturnValue:
    session = database.current()
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound
    view = {
        **_row(session, campaign),
        **campaign_page.recipients(session, campaign),
        "leads": may_steer(person()),
    }
    return render_template("campaign_recipients.html", view=view)


@blueprint.post("/campaigns/recipients/<int:recipient_id>/answered")
def note_answer(recipient_id: int) -> ResponseReturnValue:
    with database.factory().begin() as session:
        recipient = session.get(CampaignRecipient, recipient_id, with_for_update=True)
        if recipient is None or recipient.unsubscribe_token is None:
            raise NotFound
        campaign_id = recipient.campaign_id
        campaigns.answered(session, recipient.unsubscribe_token, campaigns.CALLED_BACK)
    commands.ring()
    flash(_("The answer is noted; a salesperson gets the call."), "good")
    return redirect(url_for("campaigns.recipients", campaign_id=campaign_id), 303)


@blueprint.get("/campaigns/new")
def prepare() -> ResponseReturnValue:
    return _form(None)


@blueprint.post("/campaigns/new")
def create() -> ResponseReturnValue:
    sent, login = Sent(), person().login
    name, product_id = sent.text("name"), sent.number("product_id")
    once = sent.text("once", 60) or None

    def work(session: Session) -> Started:
        return process.start_once(
            session,
            once,
            {"campaign": name, "product": product_id},
            lambda: campaigns.create(session, name, product_id, by=login),
            by=login,
        )

    try:
        sent.refuse_unread()
        started = run_command(
            database.factory(),
            work,
            Command("start", None, None, login, {"process": campaigns.CAMPAIGN}),
        )
    except FormRejected as refusal:
        database.reread()
        return _form(refusal), 422
    flash(_("The campaign has begun."), "good")
    with database.factory()() as session:
        found = session.scalars(
            select(Campaign.id).where(Campaign.instance_id == started.instance.id)
        ).one()
    return redirect(url_for("campaigns.show", campaign_id=found), 303)


def _form(refusal: FormRejected | None) -> str:
    session = database.current()
    products = session.scalars(select(Product).order_by(Product.name))
    view = {
        "values": request.form,
        "errors": told(refusal),
        "products": [(each.id, cases.product_name(each)) for each in products],
        "once": request.form.get("once") or str(uuid4()),
    }
    return render_template("campaign_new.html", view=view)


def _row(session: Session, campaign: Campaign) -> dict[str, object]:
    product = session.get_one(Product, campaign.product_id)
    return {
        "id": campaign.id,
        "name": campaign.name,
        "product": cases.product_name(product),
        "status": word(CAMPAIGN_STATUS, campaign.status),
        "tone": TONES.get(campaign.status, "info"),
        "owner": staff.name(session, campaign.owner),
        "created": times.day(campaign.created_at),
    }
