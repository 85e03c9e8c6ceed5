"""Dated documents of products: the one of a day is that with the latest beginning by then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import files
from broker_crm.crm.models import (
    Document,
    Insurer,
    Product,
    ProductDocument,
    ProductDocumentKind,
)
from broker_crm.crm.offers import latest_offer
from broker_crm.crm.policies import today
from broker_crm.crm.register_rights import require_change
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.process.rights import Person


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document as it is brought."""

    kind: str
    insurer_id: int | None
    """None where one document serves all insurers."""
    valid_from: date | None
    upload: files.Upload | None


@dataclass(frozen=True, slots=True)
class DatedDocument:
    """A document with its file."""

    record: ProductDocument
    file: Document
    insurer: Insurer | None


def add(session: Session, product: Product, new: NewDocument, *, by: Person) -> ProductDocument:
    """Keep a document of a product from a day on.

    Args:
        session: the caller commits; the product's row should be locked.
        product: whose.
        new: the document; it may have been in force for a while.
        by: who brings it.

    Raises:
        NotAllowed: the person may not change this product.
        FormRejected: naming the fields.
        FileRefused: the file is no PDF by its content, is empty or too large.
    """
    require_change(by, product)
    upload, valid_from = _checked(session, product, new)
    kept = files.keep(session, upload, files.Place(None), kind=f"product-{new.kind}", by=by.login)
    added = ProductDocument(
        product_id=product.id,
        insurer_id=new.insurer_id,
        kind=new.kind,
        valid_from=valid_from,
        document_id=kept.id,
    )
    session.add(added)
    session.flush()
    return added


def remove(session: Session, product: Product, record: ProductDocument, *, by: Person) -> None:
    """Take a document away that was brought by mistake; the one before it is in force again.

    Raises:
        NotAllowed: the person may not change this product.
    """
    require_change(by, product)
    document_id = record.document_id
    session.delete(record)
    session.flush()
    others = select(ProductDocument.id).where(ProductDocument.document_id == document_id)
    if session.scalar(others.limit(1)) is None:
        files.remove(session, session.get_one(Document, document_id))


def of_product(session: Session, product_id: int) -> list[DatedDocument]:
    """The product's documents by kind and insurer, the newest in front."""
    statement = (
        select(ProductDocument, Document, Insurer)
        .join(Document, Document.id == ProductDocument.document_id)
        .outerjoin(Insurer, Insurer.id == ProductDocument.insurer_id)
        .where(ProductDocument.product_id == product_id)
        .order_by(
            ProductDocument.kind,
            Insurer.name.is_not(None),
            Insurer.name,
            ProductDocument.valid_from.desc(),
        )
    )
    return [DatedDocument(*row) for row in session.execute(statement)]


def in_force(found: Sequence[DatedDocument], day: date) -> list[DatedDocument]:
    """Of a product's documents, the one of each kind and insurer that is in force on the day."""
    newest: dict[tuple[str, int | None], DatedDocument] = {}
    for each in found:
        if each.record.valid_from <= day:
            newest.setdefault((each.record.kind, each.record.insurer_id), each)
    return list(newest.values())


def of_case(
    session: Session, instance_id: UUID, product_id: int | None, kinds: Collection[str]
) -> list[DatedDocument]:
    """The documents in force today of a case's product, as the client of its offer gets them.

    Args:
        session: for reading.
        instance_id: the case; its newest offer tells whose product it is.
        product_id: the product of the case.
        kinds: of `ProductDocumentKind`.

    Returns:
        For each kind the offered insurers' own documents and those that serve all insurers.
    """
    if product_id is None:
        return []
    offer = latest_offer(session, instance_id)
    offered = {line.insurer_id for line in offer.lines} if offer is not None else set()
    found = in_force(of_product(session, product_id), today())
    return [
        each
        for each in found
        if each.record.kind in kinds and each.record.insurer_id in {None, *offered}
    ]


def _checked(session: Session, product: Product, new: NewDocument) -> tuple[files.Upload, date]:
    wrong: dict[str, list[FieldError]] = {}
    upload, valid_from = new.upload, new.valid_from
    if new.kind not in set(ProductDocumentKind):
        wrong["kind"] = [FieldError("option")]
    if new.insurer_id is not None and session.get(Insurer, new.insurer_id) is None:
        wrong["insurer_id"] = [FieldError("option")]
    if valid_from is None:
        wrong["valid_from"] = [FieldError("required")]
    elif not wrong and _there(session, product, new):
        wrong["valid_from"] = [FieldError("documentOfDay")]
    if upload is None or files.extension(files.safe_name(upload.name)) != "pdf":
        wrong["file"] = [FieldError("onlyPdf")]
    if wrong or upload is None or valid_from is None:
        raise FormRejected(wrong)
    return upload, valid_from


def _there(session: Session, product: Product, new: NewDocument) -> bool:
    same = select(ProductDocument.id).where(
        ProductDocument.product_id == product.id,
        ProductDocument.insurer_id.is_not_distinct_from(new.insurer_id),
        ProductDocument.kind == new.kind,
        ProductDocument.valid_from == new.valid_from,
    )
    return session.scalar(same.limit(1)) is not None
