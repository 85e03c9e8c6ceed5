"""Insurers by the names they had, whom to write to there, and what commission is agreed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from broker_crm.crm import commission_agreements, contact_points, insurers, product_register
from broker_crm.crm.commission_agreements import NewAgreement, agreed_percent
from broker_crm.crm.contact_points import PointEntry
from broker_crm.crm.insurers import InsurerEntry
from broker_crm.crm.models import (
    CommissionAgreement,
    ContactPurpose,
    Insurer,
    InsurerContact,
    Product,
)
from broker_crm.crm.product_register import ProductEntry
from broker_crm.definitions.forms import FormRejected
from broker_crm.people.models import User
from broker_crm.process.errors import NotAllowed


@pytest.fixture
def keeper(office: Session) -> User:
    return office.get_one(User, "manager")


@pytest.fixture
def insurer(office: Session) -> Insurer:
    """One without contact points and agreements."""
    found = office.scalars(select(Insurer).order_by(Insurer.id)).first()
    assert found is not None
    office.execute(delete(InsurerContact))
    office.execute(delete(CommissionAgreement))
    found.email = "info@draudikas.example"
    return found


def product(session: Session, key: str) -> Product:
    return session.scalars(select(Product).where(Product.key == key)).one()


def test_a_renamed_insurer_is_found_by_its_former_name(
    office: Session, keeper: User, insurer: Insurer
) -> None:
    before = insurer.name
    insurers.save(office, InsurerEntry("Šiaurės Skydas"), by=keeper, insurer=insurer)
    assert insurers.named(office, before) is insurer
    assert insurers.named(office, "Šiaurės Skydas") is insurer
    assert insurers.names_of(office, insurer) == {before, "Šiaurės Skydas"}
    with pytest.raises(FormRejected) as refused:
        insurers.save(office, InsurerEntry(before.upper()), by=keeper)
    assert refused.value.errors["name"][0].code == "insurerNameTaken"
    insurers.save(office, InsurerEntry(before), by=keeper, insurer=insurer)
    assert insurers.named(office, "Šiaurės Skydas") is insurer
    assert insurers.listed(office, "SIAURES") == []
    assert insurers.named(office, "Nėra tokio") is None and insurers.named(office, "") is None


def test_lists_are_searched_without_accents_and_case(
    office: Session, keeper: User, insurer: Insurer
) -> None:
    insurers.save(office, InsurerEntry("Žąsų Ūkis"), by=keeper)
    assert [each.name for each in insurers.listed(office, "ukis ZASU")] == ["Žąsų Ūkis"]
    assert insurers.listed(office, "%") == []
    assert [each.key for each in product_register.listed(office, "bUsto")] == ["household"]
    assert [each.key for each in product_register.listed(office, "cyber")] == ["cyber"]


def test_the_contact_point_of_the_product_goes_before_the_general_one(
    office: Session, keeper: User, insurer: Insurer
) -> None:
    cargo, travel = product(office, "cargo"), product(office, "travel")

    def add(product_id: int | None, purpose: str, email: str) -> None:
        entry = PointEntry(product_id, purpose, email=email)
        contact_points.save(office, insurer, entry, by=keeper)

    def quotes(of: Product) -> str | None:
        return contact_points.email_for(office, insurer, ContactPurpose.QUOTES, of.id)

    assert quotes(cargo) == "info@draudikas.example"
    add(None, "complaints", "skundai@draudikas.example")
    assert quotes(cargo) == "info@draudikas.example"
    add(None, "quotes", "visi@draudikas.example")
    add(cargo.id, "quotes", "kroviniai@draudikas.example")
    assert quotes(cargo) == "kroviniai@draudikas.example"
    assert quotes(travel) == "visi@draudikas.example"
    complaints = ContactPurpose.COMPLAINTS
    assert contact_points.email_for(office, insurer, complaints, None) == (
        "skundai@draudikas.example"
    )
    with pytest.raises(FormRejected) as refused:
        add(cargo.id, "quotes", "kita@draudikas.example")
    assert refused.value.errors["purpose"][0].code == "contactPointTaken"


def test_agreements_of_one_product_do_not_overlap_and_those_of_others_do_not_matter(
    office: Session, keeper: User, insurer: Insurer
) -> None:
    cargo, travel = product(office, "cargo"), product(office, "travel")

    def add(product_id: int | None, percent: str, begins: date, ends: date | None) -> None:
        new = NewAgreement(product_id, Decimal(percent), begins, ends)
        commission_agreements.add(office, insurer, new, by=keeper)

    add(None, "10", date(2026, 1, 1), None)
    add(cargo.id, "15", date(2026, 1, 1), date(2026, 6, 30))
    add(travel.id, "20.5", date(2026, 1, 1), None)
    for begins, ends in (
        (date(2026, 6, 30), None),
        (date(2025, 1, 1), date(2026, 1, 1)),
        (date(2025, 1, 1), None),
    ):
        with pytest.raises(FormRejected) as refused:
            add(cargo.id, "16", begins, ends)
        error = refused.value.errors["valid_from"][0]
        assert error.code == "overlapsAgreement"
        assert dict(error.params) == {"from": "2026-01-01", "to": "2026-06-30"}
    with pytest.raises(FormRejected):
        add(None, "11", date(2030, 1, 1), None)
    add(cargo.id, "16", date(2026, 7, 1), None)
    found = [each for each, _product in commission_agreements.of_insurer(office, insurer.id)]
    for of, day, percent in (
        (cargo, date(2026, 6, 30), 15),
        (cargo, date(2026, 7, 1), 16),
        (travel, date(2026, 7, 1), Decimal("20.5")),
        (product(office, "casco"), date(2026, 7, 1), 10),
        (cargo, date(2025, 12, 31), None),
    ):
        assert agreed_percent(found, of.id, day) == percent, (of.key, day)


def test_an_agreement_ends_within_its_period(
    office: Session, keeper: User, insurer: Insurer
) -> None:
    new = NewAgreement(None, Decimal(10), date(2026, 1, 1))
    agreement = commission_agreements.add(office, insurer, new, by=keeper)
    for day, code in ((None, "required"), (date(2025, 12, 31), "endsBeforeStart")):
        with pytest.raises(FormRejected) as refused:
            commission_agreements.end(office, agreement, day, by=keeper)
        assert refused.value.errors["valid_to"][0].code == code
    commission_agreements.end(office, agreement, date(2026, 6, 30), by=keeper)
    with pytest.raises(FormRejected) as refused:
        commission_agreements.end(office, agreement, date(2026, 7, 1), by=keeper)
    assert refused.value.errors["valid_to"][0].code == "agreementEnds"


def test_a_products_key_is_made_once_from_its_name(office: Session, keeper: User) -> None:
    entry = ProductEntry("Žemės ūkio draudimas", "Farm insurance", "B", "property")
    made = product_register.save(office, entry, by=keeper)
    other = ProductEntry("Žemės-ūkio draudimas!", "Farm insurance 2", "B", "property")
    assert made.key == "zemes-ukio-draudimas"
    assert product_register.save(office, other, by=keeper).key == "zemes-ukio-draudimas-2"
    longest = ProductEntry("Ž" * 120, "Long", "A", "life")
    assert product_register.save(office, longest, by=keeper).key == "z" * 40
    renamed = ProductEntry("Ūkio draudimas", "Farm insurance", "C", "property")
    assert product_register.save(office, renamed, by=keeper, product=made).key == (
        "zemes-ukio-draudimas"
    )


def test_who_does_not_keep_the_registers_is_refused(office: Session, insurer: Insurer) -> None:
    seller, stranger = office.get_one(User, "ruta"), office.get_one(User, "gintaras")
    point = PointEntry(None, "quotes", email="a@draudikas.example")
    for change in (
        lambda: insurers.save(office, InsurerEntry("X"), by=seller),
        lambda: contact_points.save(office, insurer, point, by=seller),
        lambda: commission_agreements.add(
            office, insurer, NewAgreement(None, Decimal(1), date(2026, 1, 1)), by=seller
        ),
        lambda: product_register.save(office, ProductEntry("X", "X", "A", "life"), by=seller),
        lambda: product_register.save(
            office,
            ProductEntry("X", "X", "A", "life"),
            by=stranger,
            product=product(office, "casco"),
        ),
    ):
        with pytest.raises(NotAllowed):
            change()
