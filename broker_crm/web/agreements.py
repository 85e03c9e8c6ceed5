"""Commission agreements on the insurer's page: adding and ending."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.crm import commission_agreements, product_register
from broker_crm.crm.commission_agreements import NewAgreement
from broker_crm.crm.models import CommissionAgreement, Insurer
from broker_crm.crm.policies import today
from broker_crm.definitions.forms import FormRejected
from broker_crm.web import cases, database, money, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.insurer_editing import known
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person

blueprint = Blueprint("agreements", __name__)


@blueprint.get("/insurers/<int:insurer_id>/commissions/new")
def prepare(insurer_id: int) -> ResponseReturnValue:
    return _form(known(insurer_id), {"valid_from": today().isoformat()})


@blueprint.post("/insurers/<int:insurer_id>/commissions/new")
def add(insurer_id: int) -> ResponseReturnValue:
    known(insurer_id)
    sent, user = Sent(), person()
    new = NewAgreement(
        product_id=sent.number("product_id"),
        percent=sent.figure("percent"),
        valid_from=sent.day("valid_from"),
        valid_to=sent.optional_day("valid_to"),
        note=sent.text("note", 300),
    )
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            insurer = session.get_one(Insurer, insurer_id, with_for_update=True)
            commission_agreements.add(session, insurer, new, by=user)
    except FormRejected as refusal:
        database.reread()
        return _form(known(insurer_id), dict(request.form), refusal), 422
    flash(_("The agreement is added."), "good")
    return _back(insurer_id)


@blueprint.post("/insurers/<int:insurer_id>/commissions/<int:agreement_id>/end")
def end(insurer_id: int, agreement_id: int) -> ResponseReturnValue:
    known(insurer_id)
    sent, user = Sent(), person()
    last_day = sent.day("valid_to")
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            session.get_one(Insurer, insurer_id, with_for_update=True)
            agreement = session.get(CommissionAgreement, agreement_id)
            if agreement is None or agreement.insurer_id != insurer_id:
                raise NotFound
            commission_agreements.end(session, agreement, last_day, by=user)
    except FormRejected as refusal:
        reasons = " ".join(message for found in told(refusal).values() for message in found)
        flash(f"{_('Last day')}: {reasons}", "bad")
        return _back(insurer_id)
    flash(_("The agreement ends on %(day)s.", day=times.day(last_day)), "good")
    return _back(insurer_id)


def rows(session: Session, insurer_id: int) -> list[dict[str, object]]:
    """Agreements as the insurer's page lists them, those that are over at the end."""
    now, found = today(), commission_agreements.of_insurer(session, insurer_id)
    listed = []
    for agreement, product in found:
        past = agreement.valid_to is not None and agreement.valid_to < now
        coming = agreement.valid_from > now
        listed.append(
            {
                "id": agreement.id,
                "product": cases.product_name(product) if product else _("All products"),
                "percent": money.percent(agreement.percent),
                "from": times.day(agreement.valid_from),
                "to": times.day(agreement.valid_to) if agreement.valid_to else "…",
                "note": agreement.note,
                "by": staff.name(session, agreement.created_by),
                "past": past,
                "state": _("Ended terms") if past else _("Coming terms") if coming else "",
                "least": agreement.valid_from.isoformat(),
                "last": max(now, agreement.valid_from).isoformat(),
                "most": agreement.valid_to.isoformat() if agreement.valid_to else "",
            }
        )
    return sorted(listed, key=lambda row: bool(row["past"]))


def _back(insurer_id: int) -> ResponseReturnValue:
    return redirect(url_for("insurers.show", insurer_id=insurer_id, _anchor="commissions"), 303)


def _form(insurer: Insurer, values: dict[str, str], refusal: FormRejected | None = None) -> str:
    products = product_register.listed(database.current())
    view = {
        "insurer": insurer,
        "values": values,
        "errors": told(refusal),
        "products": [(str(product.id), cases.product_name(product)) for product in products],
    }
    return render_template("insurer_agreement.html", view=view)
