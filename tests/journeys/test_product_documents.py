"""The information document in force goes along with the offer, whoever forgot it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, select

from broker_crm.crm import product_documents
from broker_crm.crm.files import Upload
from broker_crm.crm.models import Insurer, Product, ProductDocument
from broker_crm.crm.product_documents import NewDocument
from broker_crm.outreach.models import LetterAttachment
from broker_crm.people.models import User
from tests.journeys.test_renewal import letter, offer, started, to_offer
from tests.journeys.walk import add_policy

CHOSEN, OTHER = "Gintaras Draudimas", "Baltijos Skydas"


def bring(brokerage: Any, kind: str, insurer: str | None, valid_from: date, name: str) -> None:
    with brokerage.factory.begin() as session:
        product = session.scalars(select(Product).where(Product.key == "liability")).one()
        whose = session.scalar(select(Insurer.id).where(Insurer.name == insurer))
        upload = Upload(name, b"%PDF-1.7 " + name.encode())
        new = NewDocument(kind, whose, valid_from, upload)
        keeper = session.get_one(User, "manager")
        product_documents.add(session, product, new, by=keeper)


def test_an_offer_carries_what_is_in_force_of_the_insurer_that_is_offered(brokerage: Any) -> None:
    with brokerage.factory.begin() as session:
        session.execute(delete(ProductDocument))
    today = brokerage.clock.now().date()
    last_year, tomorrow = today - timedelta(days=365), today + timedelta(days=1)
    bring(brokerage, "ipid", CHOSEN, last_year, "senas.pdf")
    bring(brokerage, "ipid", CHOSEN, today, "galioja.pdf")
    bring(brokerage, "ipid", CHOSEN, tomorrow, "dar-negalioja.pdf")
    bring(brokerage, "ipid", OTHER, today, "kito-draudiko.pdf")
    bring(brokerage, "kid", None, last_year, "visiems.pdf")
    add_policy(brokerage, ends_in=60)
    letter(offer(to_offer(started(brokerage)), insurer=CHOSEN))
    with brokerage.factory() as session:
        sent = session.scalars(select(LetterAttachment).order_by(LetterAttachment.id)).all()
    assert {each.file_name for each in sent if each.media_type == "application/pdf"} == {
        "galioja.pdf",
        "visiems.pdf",
    }
    (kept,) = [each for each in sent if each.file_name == "galioja.pdf"]
    assert kept.content == b"%PDF-1.7 galioja.pdf"
