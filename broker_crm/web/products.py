"""Products: the list, one product with its dated standard terms, and changes of the terms."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.crm import product_register, terms_register
from broker_crm.crm.models import Insurer, Policy, PolicyStatus, Product, StandardTerms
from broker_crm.crm.policies import today
from broker_crm.crm.register_rights import may_change_product
from broker_crm.crm.standard_terms import in_force as in_force_on
from broker_crm.crm.terms_register import COVERS, NewTerms
from broker_crm.definitions.forms import FormRejected
from broker_crm.web import cases, database, money, paging, product_documents, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.product_editing import known
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import COVER, INSURANCE_GROUP, PRODUCT_CLASS, word

blueprint = Blueprint("products", __name__)


@blueprint.get("/products")
def listing() -> ResponseReturnValue:
    session = database.current()
    in_force = dict(
        session.execute(
            select(Policy.product_id, func.count())
            .where(Policy.status == PolicyStatus.ACTIVE)
            .group_by(Policy.product_id)
        ).all()
    )
    insurers = dict(
        session.execute(
            select(StandardTerms.product_id, func.count(StandardTerms.insurer_id.distinct()))
            .where(in_force_on(today()))
            .group_by(StandardTerms.product_id)
        ).all()
    )
    search = paging.search_text()
    rows = [
        {
            "id": product.id,
            "name": cases.product_name(product),
            "class": word(PRODUCT_CLASS, product.complexity),
            "group": word(INSURANCE_GROUP, product.insurance_group),
            "manager": staff.name(session, product.product_manager) or "–",
            "insurers": money.number(insurers.get(product.id, 0)),
            "policies": money.number(in_force.get(product.id, 0)),
        }
        for product in product_register.listed(session, search)
    ]
    return render_template("products.html", view={"rows": rows, "search": search})


@blueprint.get("/products/<int:product_id>")
def show(product_id: int) -> ResponseReturnValue:
    return _page(known(product_id), None, {})


@blueprint.post("/products/<int:product_id>/terms")
def add(product_id: int) -> ResponseReturnValue:
    product, user = known(product_id), person()
    sent = Sent()
    new = _read(sent)
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            product = session.get_one(Product, product_id, with_for_update=True)
            terms_register.add_terms(session, product, new, by=user)
    except FormRejected as refusal:
        database.reread()
        return _page(known(product_id), refusal, dict(request.form)), 422
    flash(_("The terms are added."), "good")
    return redirect(url_for("products.show", product_id=product_id, _anchor="terms"), 303)


@blueprint.post("/products/<int:product_id>/terms/<int:terms_id>/end")
def end(product_id: int, terms_id: int) -> ResponseReturnValue:
    known(product_id)
    sent, user = Sent(), person()
    last_day = sent.day("valid_to")
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            product = session.get_one(Product, product_id, with_for_update=True)
            terms = session.get(StandardTerms, terms_id)
            if terms is None or terms.product_id != product_id:
                raise NotFound
            terms_register.end_terms(session, terms, product, last_day, by=user)
    except FormRejected as refusal:
        flash(" ".join(message for found in told(refusal).values() for message in found), "bad")
        return redirect(url_for("products.show", product_id=product_id, _anchor="terms"), 303)
    flash(_("The terms end on %(day)s.", day=times.day(last_day)), "good")
    return redirect(url_for("products.show", product_id=product_id, _anchor="terms"), 303)


def terms_row(terms: StandardTerms, insurer: Insurer, product: Product) -> dict[str, object]:
    """One record of terms in a listing."""
    now = today()
    past = terms.valid_to is not None and terms.valid_to < now
    coming = terms.valid_from > now
    state = _("Ended terms") if past else _("Coming terms") if coming else _("Terms in force")
    limit = terms.sum_insured_limit
    covers = [word(COVER, cover) for cover in terms.covers.split(",") if cover]
    more = [
        ngettext("%(num)s instalment", "%(num)s instalments", terms.instalments),
        ngettext("%(num)s month", "%(num)s months", terms.term_months),
        _("sum insured to %(sum)s", sum=money.euros(limit)) if limit is not None else "",
        ", ".join(covers),
        terms.note,
    ]
    return {
        "id": terms.id,
        "insurer": insurer,
        "product": product,
        "product_name": cases.product_name(product),
        "from": times.day(terms.valid_from),
        "to": times.day(terms.valid_to) if terms.valid_to else "…",
        "state": state,
        "tone": "" if past else "info" if coming else "good",
        "past": past,
        "rate": money.percent(terms.premium_rate * 100),
        "minimum": money.euros(terms.minimum_premium),
        "deductible": money.euros(terms.deductible),
        "commission": money.percent(terms.commission_percent),
        "discount": money.percent(terms.maximum_discount_percent),
        "more": " · ".join(filter(None, more)),
        "first_end": max(now, terms.valid_from).isoformat(),
    }


def _page(product: Product, refusal: FormRejected | None, values: dict[str, str]) -> str:
    session = database.current()
    of_product = terms_register.terms_of(session, product_id=product.id)
    rows = [terms_row(*each) for each in of_product]
    rows.sort(key=lambda each: bool(each["past"]))
    view = {
        "id": product.id,
        "name": cases.product_name(product),
        "facts": _facts(session, product),
        "rows": rows,
        "target_market": product.target_market,
        "documents": product_documents.rows(session, product.id),
        "may_edit": may_change_product(person(), product),
        "may_change": terms_register.may_change_terms(person(), product),
        "errors": told(refusal),
        "values": values
        or {"valid_from": today().isoformat(), "instalments": "1", "term_months": "12"},
        "chosen_covers": request.form.getlist("covers"),
        "insurers": session.execute(
            select(Insurer.id, Insurer.name).where(Insurer.on_panel).order_by(Insurer.name)
        ).all(),
        "covers": [(cover, word(COVER, cover)) for cover in COVERS],
        "today": today().isoformat(),
    }
    return render_template("product.html", view=view)


def _facts(session: Session, product: Product) -> list[tuple[str, str]]:
    return [
        (_("Class"), word(PRODUCT_CLASS, product.complexity)),
        (_("Insurance group"), word(INSURANCE_GROUP, product.insurance_group)),
        (_("Product manager"), staff.name(session, product.product_manager) or "–"),
        (
            _("Terms are changed by"),
            staff.name(session, product.product_manager) or _("any product manager"),
        ),
    ]


def _read(sent: Sent) -> NewTerms:
    return NewTerms(
        insurer_id=sent.number("insurer_id"),
        valid_from=sent.day("valid_from"),
        valid_to=sent.optional_day("valid_to"),
        premium_rate_percent=sent.figure("premium_rate_percent"),
        minimum_premium=sent.amount("minimum_premium"),
        deductible=sent.amount("deductible"),
        commission_percent=sent.figure("commission_percent"),
        maximum_discount_percent=sent.figure("maximum_discount_percent"),
        instalments=sent.number("instalments"),
        term_months=sent.number("term_months"),
        sum_insured_limit=sent.amount("sum_insured_limit"),
        covers=tuple(request.form.getlist("covers")),
        note=sent.text("note", 300),
    )
