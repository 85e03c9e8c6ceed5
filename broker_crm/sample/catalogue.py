"""Invented insurers, the products of the brokerage and their standard terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from broker_crm.crm.models import (
    CommissionAgreement,
    ContactPurpose,
    Insurer,
    InsurerContact,
    InsurerKind,
    Product,
    StandardTerms,
)
from broker_crm.process.plain_text import plain

INSURERS = (
    "Gintaras Draudimas",
    "Baltijos Skydas",
    "Neris Insurance",
    "Vytis Gyvybė",
    "Aitvaro Draudimas",
)
BRANCHES = frozenset({"Neris Insurance"})
CONTACTS = (
    (ContactPurpose.QUOTES, "Pasiūlymų skyrius", "uzklausos"),
    (ContactPurpose.CLAIMS, "Žalų skyrius", "zalos"),
    (ContactPurpose.COMPLAINTS, "Kokybės skyrius", "skundai"),
    (ContactPurpose.ACCOUNTING, "Buhalterija", "apskaita"),
)


@dataclass(frozen=True, slots=True)
class Offered:
    """A product with its standard terms; commission levels are made up for the sample."""

    key: str
    name: str
    name_en: str
    complexity: str
    group: str
    rate: str
    minimum: int
    deductible: int
    commission: int
    discount: int
    sum_insured: int
    """Typical, EUR."""
    covers: tuple[str, ...]
    kinds: tuple[str, ...]
    """Kinds of clients that buy it."""
    manager: str


PRODUCTS = (
    Offered("mtpl", "Privalomasis draudimas (TPVCA)", "Motor third party liability", "A",
            "motor-liability", "0.012", 90, 0, 10, 3, 12_000, ("liability",),
            ("natural", "legal", "foreign"), "product"),
    Offered("travel", "Kelionių draudimas", "Travel insurance", "A", "travel", "0.002", 20, 50, 25,
            20, 30_000, ("health", "accident"), ("natural", "foreign"), "product"),
    Offered("household", "Būsto draudimas", "Household insurance", "A", "property", "0.0014", 60,
            100, 18, 10, 120_000, ("fire", "water", "theft"), ("natural", "foreign"), "gintaras"),
    Offered("casco", "KASKO draudimas", "Motor own damage (CASCO)", "B", "motor", "0.032", 250, 300,
            13, 10, 24_000, ("accident", "theft", "assistance"),
            ("natural", "legal", "foreign"), "product"),
    Offered("property", "Įmonių turto draudimas", "Commercial property insurance", "B", "property",
            "0.0012", 150, 500, 18, 15, 600_000, ("fire", "water", "theft", "interruption"),
            ("legal", "foreign"), "gintaras"),
    Offered("liability", "Bendroji civilinė atsakomybė", "General liability insurance", "B",
            "liability", "0.0015", 150, 500, 20, 15, 300_000, ("liability",),
            ("legal", "foreign"), "product"),
    Offered("cargo", "Krovinių ir vežėjo atsakomybė (CMR)", "Cargo and carrier's liability (CMR)",
            "C", "cargo", "0.004", 350, 500, 15, 12, 250_000, ("cargo", "liability"),
            ("legal", "foreign"), "product"),
    Offered("construction", "Statybos darbų draudimas (CAR)", "Construction insurance (CAR)", "C",
            "construction", "0.0025", 300, 1_000, 16, 12, 800_000, ("fire", "liability"),
            ("legal",), "gintaras"),
    Offered("cyber", "Kibernetinių rizikų draudimas", "Cyber insurance", "C", "liability", "0.006",
            400, 2_500, 18, 15, 200_000, ("liability", "interruption"), ("legal",), "product"),
    Offered("group-health", "Darbuotojų sveikatos draudimas", "Group health insurance", "C",
            "health", "0.02", 600, 0, 10, 8, 60_000, ("health",), ("legal",), "product"),
)  # fmt: skip
BY_KEY = {product.key: product for product in PRODUCTS}


def add_catalogue(session: Session, today: date) -> dict[str, Product]:
    """Write insurers, products and terms; products by key."""
    insurers = [
        Insurer(
            name=name,
            on_panel=True,
            licence=f"Pavyzdinė licencija 9{number:05d}",
            kind=InsurerKind.BRANCH if name in BRANCHES else InsurerKind.COMPANY,
            website=f"https://{_domain(name)}",
            email=f"info@{_domain(name)}",
            phone=f"+3705200000{number}",
        )
        for number, name in enumerate(INSURERS, 1)
    ]
    products = {
        offered.key: Product(
            key=offered.key,
            name=offered.name,
            name_en=offered.name_en,
            complexity=offered.complexity,
            insurance_group=offered.group,
            product_manager=offered.manager,
        )
        for offered in PRODUCTS
    }
    session.add_all([*insurers, *products.values()])
    session.flush()
    for number, offered in enumerate(PRODUCTS):
        for place, insurer in enumerate(insurers[number % 3 : number % 3 + 3]):
            factor = Decimal(100 + 4 * place) / 100
            session.add(
                StandardTerms(
                    insurer_id=insurer.id,
                    product_id=products[offered.key].id,
                    valid_from=date(today.year - 2, 1, 1),
                    valid_to=None,
                    premium_rate=(Decimal(offered.rate) * factor).quantize(Decimal("0.000001")),
                    minimum_premium=Decimal(offered.minimum),
                    deductible=Decimal(offered.deductible),
                    commission_percent=Decimal(offered.commission),
                    maximum_discount_percent=Decimal(offered.discount),
                )
            )
    for insurer in insurers:
        session.add_all(_contacts(insurer, products["cargo"]))
        session.add_all(_agreements(insurer, products["travel"], today))
    return products


def _contacts(insurer: Insurer, cargo: Product) -> list[InsurerContact]:
    """One for each purpose, and one of its own for quotes of cargo."""
    domain = _domain(insurer.name)
    general = [
        InsurerContact(insurer_id=insurer.id, purpose=purpose, name=name, email=f"{box}@{domain}")
        for purpose, name, box in CONTACTS
    ]
    own = InsurerContact(
        insurer_id=insurer.id,
        product_id=cargo.id,
        purpose=ContactPurpose.QUOTES,
        name="Krovinių draudimo skyrius",
        email=f"kroviniai@{domain}",
    )
    return [*general, own]


def _agreements(insurer: Insurer, travel: Product, today: date) -> list[CommissionAgreement]:
    """One for all products that was raised last year, and one of its own for travel insurance."""
    raised = date(today.year - 1, 1, 1)
    periods = (
        (None, 12, date(today.year - 3, 1, 1), raised - timedelta(days=1)),
        (None, 14, raised, None),
        (travel.id, 25, raised, None),
    )
    return [
        CommissionAgreement(
            insurer_id=insurer.id,
            product_id=product_id,
            percent=Decimal(percent),
            valid_from=begins,
            valid_to=ends,
        )
        for product_id, percent, begins, ends in periods
    ]


def _domain(name: str) -> str:
    return f"{plain(name.split()[0])}.example"
