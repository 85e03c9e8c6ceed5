"""Dated documents on the product's page: bringing, downloading, removing."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import files, product_documents
from broker_crm.crm.models import Document, Insurer, Product, ProductDocument
from broker_crm.crm.policies import today
from broker_crm.crm.product_documents import NewDocument
from broker_crm.crm.register_rights import require_change
from broker_crm.definitions.forms import FormRejected
from broker_crm.web import cases, database, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.files import LARGEST_REQUEST, download, why
from broker_crm.web.product_editing import known
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import PRODUCT_DOCUMENT, word

blueprint = Blueprint("product_documents", __name__)


def set_up(app: Flask) -> None:
    """Files may be larger than other requests; to be called before forms are checked."""

    @app.before_request
    def _allow_a_file() -> None:
        if request.endpoint == "product_documents.add":
            request.max_content_length = LARGEST_REQUEST


@blueprint.get("/products/<int:product_id>/documents/new")
def prepare(product_id: int) -> ResponseReturnValue:
    product = known(product_id)
    require_change(person(), product)
    return _form(product, {"valid_from": today().isoformat()}, {})


@blueprint.post("/products/<int:product_id>/documents/new")
def add(product_id: int) -> ResponseReturnValue:
    known(product_id)
    sent, user, file = Sent(), person(), request.files.get("file")
    upload = (
        files.Upload(file.filename, file.stream.read(files.LARGEST + 1))
        if file is not None and file.filename
        else None
    )
    new = NewDocument(
        kind=sent.text("kind", 10),
        insurer_id=sent.number("insurer_id"),
        valid_from=sent.day("valid_from"),
        upload=upload,
    )
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            product = session.get_one(Product, product_id, with_for_update=True)
            product_documents.add(session, product, new, by=user)
    except FormRejected as refusal:
        database.reread()
        return _form(known(product_id), dict(request.form), dict(told(refusal))), 422
    except files.FileRefused as refused:
        database.reread()
        name = files.safe_name(upload.name if upload else "")
        errors = {"file": [why(refused.code, name)]}
        return _form(known(product_id), dict(request.form), errors), 422
    flash(_("The document is kept with the product."), "good")
    return _back(product_id)


@blueprint.get("/products/<int:product_id>/documents/<int:record_id>")
def show(product_id: int, record_id: int) -> ResponseReturnValue:
    session = database.current()
    file = session.get_one(Document, _record(session, product_id, record_id).document_id)
    return download(file.file_name, file.media_type, files.content(session, file))


@blueprint.post("/products/<int:product_id>/documents/<int:record_id>/remove")
def remove(product_id: int, record_id: int) -> ResponseReturnValue:
    known(product_id)
    user = person()
    database.reread()
    with database.writing() as session:
        product = session.get_one(Product, product_id, with_for_update=True)
        record = _record(session, product_id, record_id)
        product_documents.remove(session, product, record, by=user)
    flash(_("The document is removed."), "good")
    return _back(product_id)


def rows(session: Session, product_id: int) -> list[dict[str, object]]:
    """Documents as the product's page lists them, those in force today in front."""
    found, now = product_documents.of_product(session, product_id), today()
    holding = {each.record.id for each in product_documents.in_force(found, now)}
    listed: list[dict[str, object]] = [
        {
            "id": each.record.id,
            "kind": word(PRODUCT_DOCUMENT, each.record.kind),
            "insurer": each.insurer.name if each.insurer else _("All insurers"),
            "name": each.file.file_name,
            "from": times.day(each.record.valid_from),
            "by": staff.name(session, each.file.created_by),
            "in_force": each.record.id in holding,
            "coming": each.record.valid_from > now,
        }
        for each in found
    ]
    return sorted(listed, key=lambda row: (not row["in_force"], not row["coming"]))


def _back(product_id: int) -> ResponseReturnValue:
    return redirect(url_for("products.show", product_id=product_id, _anchor="documents"), 303)


def _record(session: Session, product_id: int, record_id: int) -> ProductDocument:
    record = session.get(ProductDocument, record_id)
    if record is None or record.product_id != product_id:
        raise NotFound
    return record


def _form(product: Product, values: dict[str, str], errors: dict[str, list[str]]) -> str:
    insurers = select(Insurer.id, Insurer.name).order_by(Insurer.name)
    view = {
        "product": product,
        "name": cases.product_name(product),
        "values": values,
        "errors": errors,
        "kinds": [(key, word(PRODUCT_DOCUMENT, key)) for key in PRODUCT_DOCUMENT],
        "insurers": database.current().execute(insurers).all(),
    }
    return render_template("product_document.html", view=view)
