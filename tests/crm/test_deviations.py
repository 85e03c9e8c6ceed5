"""Deviations from the standard and what they cost, against figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.deviations import Offered, compare, price_table
from broker_crm.crm.models import Client, Insurer, Product, StandardTerms
from broker_crm.crm.standard_terms import TermsInForce, terms_in_force
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import latest_version
from broker_crm.engine.decisions import read_decisions

BPMN = Path(__file__).parents[2] / "bpmn"
PRICE = price_table(read_decisions((BPMN / "deviation_price.dmn").read_bytes(), "")[0])
TERMS = TermsInForce(
    terms_id=1,
    insurer_id=1,
    insurer="Gintaras Draudimas",
    premium_rate=Decimal("0.0015"),
    minimum_premium=Decimal(150),
    deductible=Decimal(500),
    commission_percent=Decimal(20),
    maximum_discount_percent=Decimal(15),
    instalments=1,
    term_months=12,
    covers=frozenset({"liability"}),
    sum_insured_limit=Decimal(500_000),
    reason="",
)
AS_STANDARD = Offered(
    sum_insured=Decimal(400_000),
    premium=Decimal(600),
    commission=Decimal(20),
    deductible=Decimal(500),
    covers=("liability",),
)


def effects(**changes: object) -> dict[str, tuple[str, str, str]]:
    """Difference, worth to the client and commission not earned, by kind and cover."""
    offered = replace(AS_STANDARD, **changes)  # type: ignore[arg-type]
    return {
        f"{each.kind} {each.cover}".strip(): (
            f"{each.difference.normalize():f}",
            str(each.premium_effect),
            str(each.commission_effect),
        )
        for each in compare(TERMS, offered, PRICE).typed
    }


def test_an_offer_at_standard_terms_deviates_in_nothing() -> None:
    found = compare(TERMS, AS_STANDARD, PRICE)
    assert found.standard_premium == Decimal("600.00")
    assert found.typed == ()
    assert (found.premium_effect, found.commission_effect) == (0, 0)
    assert (found.other_premium_effect, found.other_commission_effect) == (0, 0)


def test_a_discount_and_less_commission_are_told_apart_and_add_up() -> None:
    # 600 × 20 % = 120; 540 × 17.5 % = 94.50; given away 25.50 = 60 × 20 % + 540 × 2.5 %.
    found = compare(
        TERMS, replace(AS_STANDARD, premium=Decimal(540), commission=Decimal("17.5")), PRICE
    )
    assert (found.premium_percent, found.commission_points) == (Decimal(10), Decimal("2.5"))
    assert (found.premium_effect, found.commission_effect) == (Decimal(60), Decimal("25.50"))
    assert effects(premium=Decimal(540), commission=Decimal("17.5")) == {
        "premium": ("-60", "60.00", "12.00"),
        "commission": ("-2.5", "0", "13.50"),
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"deductible": Decimal(250)}, {"deductible": ("-250", "30.00", "6.00")}),
        ({"deductible": Decimal(1_000)}, {"deductible": ("500", "-18.00", "-3.60")}),
        ({"instalments": 4}, {"instalments": ("3", "12.00", "2.40")}),
        ({"term_months": 24}, {"term": ("12", "12.00", "2.40")}),
        (
            {"covers": ("liability", "assistance", "interruption")},
            {
                "extra-cover assistance": ("1", "9.00", "1.80"),
                "extra-cover interruption": ("1", "48.00", "9.60"),
            },
        ),
        (
            # 700 000 × 0.0015 = 1 050; a fifth above the limit of 500 000 and more: 5 %.
            {"sum_insured": Decimal(700_000), "premium": Decimal(1_050)},
            {"sum-insured": ("200000", "52.50", "10.50")},
        ),
        ({"premium": Decimal(660)}, {"premium": ("60", "-60.00", "-12.00")}),
        ({"commission": Decimal(22)}, {"commission": ("2", "0", "-12.00")}),
    ],
    ids=str,
)
def test_each_kind_of_deviation_has_its_figure(
    changes: dict[str, object], expected: dict[str, tuple[str, str, str]]
) -> None:
    assert effects(**changes) == expected


def test_the_minimum_premium_is_standard_for_a_policy_but_not_for_an_addition() -> None:
    small = replace(AS_STANDARD, sum_insured=Decimal(20_000), premium=Decimal(120))
    whole = compare(TERMS, small, PRICE)
    assert (whole.standard_premium, whole.premium_percent) == (Decimal("150.00"), Decimal("20.00"))
    added = compare(TERMS, small, PRICE, minimum_applies=False)
    assert (added.standard_premium, added.premium_effect) == (Decimal("30.00"), Decimal("-90.00"))


def test_other_deviations_are_summed_apart_from_the_price() -> None:
    found = compare(
        TERMS,
        replace(AS_STANDARD, deductible=Decimal(0), instalments=12, premium=Decimal(570)),
        PRICE,
    )
    # Price: 30 and 6.00. No deductible 8 % = 48, monthly 4 % = 24; 20 % of 72 = 14.40.
    assert (found.premium_effect, found.commission_effect) == (30, Decimal("6.00"))
    assert (found.other_premium_effect, found.other_commission_effect) == (72, Decimal("14.40"))


@pytest.fixture
def sale(office: Session) -> ProcessVersion:
    return latest_version(office, "new-client-sale")


def client_of(office: Session, kind: str, size: str = "") -> Client:
    client = office.scalars(select(Client).where(Client.kind == kind).order_by(Client.id)).first()
    assert client is not None
    client.size_band = size
    return client


def liability(office: Session) -> Product:
    return office.scalars(select(Product).where(Product.key == "liability")).one()


def test_terms_vary_by_client_and_day_as_the_table_says(
    office: Session, sale: ProcessVersion
) -> None:
    product = liability(office)

    def found(kind: str, size: str = "", day: date = date(2026, 11, 23)) -> TermsInForce:
        terms = terms_in_force(office, product, client_of(office, kind, size), day, sale.id)
        assert terms is not None
        return terms

    small, large = found("legal", "small"), found("legal", "large")
    assert (small.premium_rate, small.deductible) == (Decimal("0.001500"), Decimal("500.00"))
    assert (small.commission_percent, small.maximum_discount_percent) == (20, 15)
    assert (large.premium_rate, large.deductible) == (Decimal("0.001425"), Decimal("1000.00"))
    assert (large.commission_percent, large.maximum_discount_percent) == (19, 20)
    assert found("foreign").premium_rate == Decimal("0.001575")
    assert found("legal", "large", date(2025, 12, 31)).premium_rate == Decimal("0.001500")


def test_terms_are_those_of_the_insurer_named_else_the_cheapest_of_the_panel(
    office: Session, sale: ProcessVersion
) -> None:
    product, client = liability(office), client_of(office, "legal", "small")
    day = date(2026, 11, 23)
    cheapest = terms_in_force(office, product, client, day, sale.id)
    dearest = office.scalars(
        select(Insurer)
        .join(StandardTerms, StandardTerms.insurer_id == Insurer.id)
        .where(StandardTerms.product_id == product.id)
        .order_by(StandardTerms.premium_rate.desc())
    ).first()
    assert cheapest is not None and dearest is not None
    named = terms_in_force(office, product, client, day, sale.id, dearest.name)
    assert named is not None
    assert (named.insurer, named.premium_rate) == (dearest.name, Decimal("0.001620"))
    office.get_one(Insurer, cheapest.insurer_id).on_panel = False
    office.flush()
    following = terms_in_force(office, product, client, day, sale.id)
    assert following is not None and following.premium_rate == Decimal("0.001560")


def test_there_is_no_standard_outside_every_period(office: Session, sale: ProcessVersion) -> None:
    client = client_of(office, "legal")
    assert terms_in_force(office, liability(office), client, date(2020, 1, 1), sale.id) is None
