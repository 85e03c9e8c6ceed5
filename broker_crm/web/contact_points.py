"""Contact points on the insurer's page: adding, changing, removing."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.crm import contact_points, product_register
from broker_crm.crm.contact_points import PointEntry
from broker_crm.crm.models import Insurer, InsurerContact
from broker_crm.definitions.forms import FormRejected
from broker_crm.web import cases, client_card, database
from broker_crm.web.errors import NotFound
from broker_crm.web.insurer_editing import known
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import CONTACT_PURPOSE, word

LIMITS = {"name": 120, "email": 200, "phone": 40}

blueprint = Blueprint("contact_points", __name__)


@blueprint.get("/insurers/<int:insurer_id>/contacts/new")
def prepare(insurer_id: int) -> ResponseReturnValue:
    return _form(known(insurer_id), None, asdict(PointEntry(None, next(iter(CONTACT_PURPOSE)))))


@blueprint.post("/insurers/<int:insurer_id>/contacts/new")
def add(insurer_id: int) -> ResponseReturnValue:
    return _save(insurer_id, None)


@blueprint.get("/insurers/<int:insurer_id>/contacts/<int:point_id>")
def edit(insurer_id: int, point_id: int) -> ResponseReturnValue:
    insurer = known(insurer_id)
    point = _point(database.current(), insurer_id, point_id)
    values = {name: getattr(point, name) for name in (*LIMITS, "product_id", "purpose")}
    return _form(insurer, point_id, values)


@blueprint.post("/insurers/<int:insurer_id>/contacts/<int:point_id>")
def change(insurer_id: int, point_id: int) -> ResponseReturnValue:
    return _save(insurer_id, point_id)


@blueprint.post("/insurers/<int:insurer_id>/contacts/<int:point_id>/remove")
def remove(insurer_id: int, point_id: int) -> ResponseReturnValue:
    user = person()
    database.reread()
    with database.writing() as session:
        contact_points.remove(session, _point(session, insurer_id, point_id), by=user)
    flash(_("The contact point is removed."), "good")
    return _back(insurer_id)


def rows(session: Session, insurer_id: int) -> list[dict[str, object]]:
    """Contact points as the insurer's page lists them."""
    return [
        {
            "id": point.id,
            "product": cases.product_name(product) if product else _("All products"),
            "purpose": word(CONTACT_PURPOSE, point.purpose),
            "name": point.name,
            "email": point.email or "",
            "phone": client_card.phone(point.phone),
            "phone_address": point.phone or "",
        }
        for point, product in contact_points.of_insurer(session, insurer_id)
    ]


def _save(insurer_id: int, point_id: int | None) -> ResponseReturnValue:
    known(insurer_id)
    sent, user = Sent(), person()
    entry = PointEntry(
        product_id=sent.number("product_id"),
        purpose=sent.text("purpose", 20),
        **{name: sent.text(name, most) for name, most in LIMITS.items()},
    )
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            insurer = session.get_one(Insurer, insurer_id, with_for_update=True)
            point = _point(session, insurer_id, point_id) if point_id else None
            contact_points.save(session, insurer, entry, by=user, point=point)
    except FormRejected as refusal:
        database.reread()
        return _form(known(insurer_id), point_id, asdict(entry), refusal), 422
    flash(_("The contact point is saved."), "good")
    return _back(insurer_id)


def _back(insurer_id: int) -> ResponseReturnValue:
    return redirect(url_for("insurers.show", insurer_id=insurer_id, _anchor="contacts"), 303)


def _point(session: Session, insurer_id: int, point_id: int) -> InsurerContact:
    point = session.get(InsurerContact, point_id)
    if point is None or point.insurer_id != insurer_id:
        raise NotFound
    return point


def _form(
    insurer: Insurer,
    point_id: int | None,
    values: dict[str, object],
    refusal: FormRejected | None = None,
) -> str:
    products = product_register.listed(database.current())
    view = {
        "insurer": insurer,
        "point_id": point_id,
        "values": values,
        "errors": told(refusal),
        "limits": LIMITS,
        "purposes": [(key, word(CONTACT_PURPOSE, key)) for key in CONTACT_PURPOSE],
        "products": [(product.id, cases.product_name(product)) for product in products],
    }
    return render_template("insurer_contact.html", view=view)
