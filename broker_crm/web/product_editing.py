"""The form of a product: a new one, and a change of what is known of it."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm.crm import product_register
from broker_crm.crm.models import Product
from broker_crm.crm.product_register import ProductEntry
from broker_crm.crm.register_rights import require_change
from broker_crm.crm.stale_edits import ChangedMeanwhile, mark, refuse_stale
from broker_crm.definitions.forms import FormRejected
from broker_crm.web import cases, database, staff, stale_forms
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import INSURANCE_GROUP, PRODUCT_CLASS, PRODUCT_FIELD, word

LIMITS = {"name": 120, "name_en": 120, "target_market": 4_000}

blueprint = Blueprint("product_editing", __name__)


@blueprint.get("/products/new")
def prepare() -> ResponseReturnValue:
    return _form(None, asdict(ProductEntry("", "", "B", "")))


@blueprint.post("/products/new")
def create() -> ResponseReturnValue:
    return _save(None)


@blueprint.get("/products/<int:product_id>/edit")
def edit(product_id: int) -> ResponseReturnValue:
    product = known(product_id)
    require_change(person(), product)
    entry = product_register.entry_of(product)
    return _form(product, {**asdict(entry), "seen": mark(entry)})


@blueprint.post("/products/<int:product_id>/edit")
def change(product_id: int) -> ResponseReturnValue:
    require_change(person(), known(product_id))
    return _save(product_id)


def known(product_id: int) -> Product:
    """The product of the address.

    Raises:
        NotFound: there is none.
    """
    product = database.current().get(Product, product_id)
    if product is None:
        raise NotFound
    return product


def _save(product_id: int | None) -> ResponseReturnValue:
    sent, user = Sent(), person()
    entry = ProductEntry(
        **{name: sent.text(name, most) for name, most in LIMITS.items()},
        complexity=sent.text("complexity", 1),
        insurance_group=sent.text("insurance_group", 40),
        product_manager=sent.text("product_manager", 60) or None,
    )
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            product = (
                session.get_one(Product, product_id, with_for_update=True) if product_id else None
            )
            if product is not None:
                refuse_stale(product_register.entry_of(product), request.form.get("seen"))
            saved = product_register.save(session, entry, by=user, product=product).id
    except FormRejected as refusal:
        database.reread()
        values = {**asdict(entry), "seen": request.form.get("seen")}
        return _form(known(product_id) if product_id else None, values, refusal), 422
    except ChangedMeanwhile:
        database.reread()
        return _stale(known(product_id or 0), entry), 409
    flash(_("The product is saved."), "good")
    return redirect(url_for("products.show", product_id=saved), 303)


def _stale(product: Product, written: ProductEntry) -> str:
    now = product_register.entry_of(product)
    theirs = stale_forms.theirs(asdict(now), asdict(written), PRODUCT_FIELD)
    return _form(product, {**asdict(written), "seen": mark(now)}, theirs=theirs)


def _form(
    product: Product | None,
    values: dict[str, object],
    refusal: FormRejected | None = None,
    theirs: list[tuple[str, str]] | None = None,
) -> str:
    session = database.current()
    managers = {each.login: each.name for each in product_register.managers(session)}
    if product is not None and product.product_manager:
        managers.setdefault(product.product_manager, staff.name(session, product.product_manager))
    view = {
        "stale": theirs is not None,
        "theirs": theirs or [],
        "product": product,
        "name": cases.product_name(product) if product else "",
        "values": values,
        "errors": told(refusal),
        "limits": LIMITS,
        "classes": [(key, word(PRODUCT_CLASS, key)) for key in PRODUCT_CLASS],
        "groups": [(key, word(INSURANCE_GROUP, key)) for key in INSURANCE_GROUP],
        "managers": managers.items(),
    }
    return render_template("product_edit.html", view=view)
