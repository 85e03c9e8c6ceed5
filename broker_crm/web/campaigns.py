"""Campaigns: the list, one campaign with its figures, and beginning one."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm import process
from broker_crm.crm import campaigns
from broker_crm.crm.models import Campaign, CampaignRecipient, Product
from broker_crm.definitions.forms import FormRejected
from broker_crm.process import Started, run_command
from broker_crm.process.transactions import Command
from broker_crm.web import cases, database, money, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import CAMPAIGN_STATUS, EXCLUSION, RECIPIENT_OUTCOME, word

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
    states = campaigns.by_state(session, campaign_id)
    started = sum(states.get(each, 0) for each in ("started", "responded", *campaigns.OVER))
    view = {
        **_row(session, campaign),
        "instance_id": campaign.instance_id,
        "goal": campaign.goal,
        "figures": [
            (_("To be written to"), states.get("waiting", 0)),
            (_("Written to"), started),
            (_("Asked to be contacted"), _count(session, campaign_id, "responded_at")),
            (_("Unsubscribed"), _count(session, campaign_id, "unsubscribed_at")),
            (_("Hold-out group"), states.get("held-out", 0)),
            (_("Left out"), states.get("excluded", 0)),
        ],
        "excluded": [
            (word(EXCLUSION, reason), number)
            for reason, number in _grouped(session, campaign_id, "reason")
        ],
        "outcomes": [
            (word(RECIPIENT_OUTCOME, outcome), number)
            for outcome, number in _grouped(session, campaign_id, "outcome")
        ],
        "variants": _variants(session, campaign_id),
        "money": [
            (_("Budget"), money.euros(campaign.budget)),
            (_("Cost of the material"), money.euros(campaign.material_cost)),
        ],
        "next_wave": times.day_and_hour(campaign.next_wave_at) if campaign.next_wave_at else "",
        "wave_size": campaign.wave_size,
        "stopped_reason": campaign.stopped_reason,
    }
    return render_template("campaign.html", view=view)


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


def _count(session: Session, campaign_id: int, column: str) -> int:
    moment = getattr(CampaignRecipient, column)
    statement = select(func.count()).where(
        CampaignRecipient.campaign_id == campaign_id, moment.is_not(None)
    )
    return session.scalar(statement) or 0


def _grouped(session: Session, campaign_id: int, column: str) -> list[tuple[str, int]]:
    key = getattr(CampaignRecipient, column)
    rows = session.execute(
        select(key, func.count())
        .where(CampaignRecipient.campaign_id == campaign_id, key.is_not(None))
        .group_by(key)
        .order_by(func.count().desc(), key)
    )
    return [(str(value), number) for value, number in rows]


def _variants(session: Session, campaign_id: int) -> list[tuple[str, int, int]]:
    """Variant, written to, asked to be contacted."""
    rows = session.execute(
        select(
            CampaignRecipient.variant,
            func.count(CampaignRecipient.started_at),
            func.count(CampaignRecipient.responded_at),
        )
        .where(
            CampaignRecipient.campaign_id == campaign_id,
            CampaignRecipient.started_at.is_not(None),
        )
        .group_by(CampaignRecipient.variant)
        .order_by(CampaignRecipient.variant)
    )
    return [(str(variant), written, answered) for variant, written, answered in rows]
