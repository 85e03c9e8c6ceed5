"""Information documents of the sample's products, of one page each, plainly marked as invented.

The questions are those of the standardised insurance product information document
(Commission Implementing Regulation (EU) 2017/1469, Annex).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from io import BytesIO

import docx
from sqlalchemy.orm import Session

from broker_crm.crm import files
from broker_crm.crm.models import Product, ProductDocument, ProductDocumentKind
from broker_crm.outreach import pdf
from broker_crm.sample.catalogue import PRODUCTS, Offered

COVERS = {
    "liability": "civilinė atsakomybė tretiesiems asmenims",
    "health": "sveikatos priežiūros išlaidos",
    "accident": "nelaimingi atsitikimai ir eismo įvykiai",
    "fire": "ugnis",
    "water": "vandens padaryta žala",
    "theft": "vagystė",
    "assistance": "pagalba kelyje",
    "interruption": "verslo nutrūkimas",
    "cargo": "krovinio praradimas ir sugadinimas",
}


def add_papers(session: Session, products: Mapping[str, Product], today: date) -> None:
    """Keep an information document of each product, in force from the beginning of last year."""
    begins = date(today.year - 1, 1, 1)
    for offered in PRODUCTS:
        made = datetime.combine(begins, time(8), UTC)
        sheet = pdf.drawn(_sheet(offered), "lt", made)
        kept = files.keep(
            session,
            files.Upload(f"IPID-{offered.key}.pdf", sheet),
            files.Place(None),
            kind=f"product-{ProductDocumentKind.IPID}",
            by=offered.manager,
        )
        session.add(
            ProductDocument(
                product_id=products[offered.key].id,
                insurer_id=None,
                kind=ProductDocumentKind.IPID,
                valid_from=begins,
                document_id=kept.id,
            )
        )
    session.flush()


def _sheet(offered: Offered) -> bytes:
    document = docx.Document()
    document.add_heading(f"{offered.name}: informacinis dokumentas", 1)
    document.add_paragraph(
        "Išgalvotas pavyzdys. Tikrą dokumentą parengia draudikas; jį į produkto puslapį įkelia "
        "produkto vadovas."
    )
    for question, answers in _answers(offered):
        document.add_heading(question, 2)
        for answer in answers:
            document.add_paragraph(answer, style="List Bullet")
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _answers(offered: Offered) -> tuple[tuple[str, tuple[str, ...]], ...]:
    own = f"{offered.deductible:,} EUR".replace(",", "\u00a0") if offered.deductible else "nėra"
    return (
        ("Kokia tai draudimo rūšis?", (offered.name,)),
        ("Kas draudžiama?", tuple(COVERS[cover].capitalize() for cover in offered.covers)),
        ("Kas nedraudžiama?", ("Tyčia padaryta žala", "Iki sutarties žinomi įvykiai")),
        ("Ar esama draudimo apsaugos apribojimų?", (f"Besąlyginė išskaita: {own}",)),
        ("Kur galioja draudimas?", ("Polise nurodytoje teritorijoje",)),
        ("Kokios mano pareigos?", ("Atskleisti tikrą riziką", "Pranešti apie įvykį per 3 dienas")),
        ("Kada ir kaip moku?", ("Polise nurodytomis dienomis, pavedimu",)),
        ("Kada apsauga prasideda ir baigiasi?", ("Polise nurodytomis datomis, iki 24 val.",)),
        ("Kaip nutraukti sutartį?", ("Raštu, likus ne mažiau kaip 15 dienų",)),
    )
