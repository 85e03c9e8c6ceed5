"""The link in a letter with an offer: a page with a button, and the offer behind it; no login.

Opening the link only shows the page: mail scanners that follow links open no offer. What a
colleague opens counts as nothing, either.
"""

from __future__ import annotations

import hashlib

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy.orm import Session

from broker_crm.crm.models import Offer, Product
from broker_crm.outreach import offer_links
from broker_crm.outreach.values import day_in_words
from broker_crm.people import guessing
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.web import cases, database, files
from broker_crm.web.sign_in import signed_in

PAGE = "offer_opening.html"

blueprint = Blueprint("offer_opening", __name__)


@blueprint.get("/offer/<secret>")
def show(secret: str) -> ResponseReturnValue:
    session = database.current()
    offer = _standing(session, secret)
    if not isinstance(offer, Offer):
        return offer
    return render_template(PAGE, step="offer", secret=secret, **_facts(session, offer))


@blueprint.post("/offer/<secret>")
def read(secret: str) -> ResponseReturnValue:
    session = database.current()
    offer = _standing(session, secret)
    if not isinstance(offer, Offer):
        return offer
    made = offer_links.document(session, offer)
    if made is None:
        return _over()
    if signed_in() is None:
        offer_id = offer.id
        database.reread()
        with database.writing() as session:
            offer_links.opened(session, session.get_one(Offer, offer_id))
    return files.download(made.file_name, made.media_type, made.content)


def _standing(session: Session, secret: str) -> Offer | ResponseReturnValue:
    """The offer, or the page that says why there is none: the same for all that don't stand."""
    visitor = _visitor()
    if minutes := guessing.minutes_to_wait(session, visitor):
        return render_template(PAGE, step="wait", minutes=minutes), 429
    offer = offer_links.by_secret(session, secret)
    if offer is None:
        database.reread()
        with database.writing() as session:
            guessing.failed(session, visitor)
        return _over()
    return offer if offer_links.stands(session, offer) else _over()


def _over() -> ResponseReturnValue:
    return render_template(PAGE, step="over"), 404


def _visitor() -> str:
    """What stands for the visitor's address, which is kept nowhere."""
    key = current_app.secret_key
    mark = hashlib.sha256(f"{key!r}:{request.remote_addr}".encode()).hexdigest()
    return f"{guessing.LINK}{mark[:40]}"


def _facts(session: Session, offer: Offer) -> dict[str, object]:
    line = offer.lines[0] if offer.lines else None
    product = session.get(Product, line.product_id) if line else None
    instance = session.get_one(ProcessInstance, offer.instance_id)
    broker = session.get(User, instance.owner) if instance.owner else None
    return {
        "product": cases.product_name(product) if product else "",
        "until": day_in_words(offer.valid_until, str(get_locale())) if offer.valid_until else "",
        "broker": broker,
        "colleague": signed_in() is not None,
    }
