"""Standard terms in force: the insurer's dated record, varied by client and day as D12 says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from broker_crm.crm import insurers
from broker_crm.crm.models import Client, Insurer, Product, StandardTerms
from broker_crm.definitions.published import compiled
from broker_crm.engine.decisions import decide
from broker_crm.engine.errors import RuleFailed

TABLE = "StandardTerms"
ADDS_TO_POLICY = frozenset({"up-sell"})
"""Processes whose premium is an addition to a policy in force, at the terms of its insurer."""
CENT = Decimal("0.01")
RATE = Decimal("0.000001")
NOTHING_SAID: Mapping[str, object] = {
    "rateFactor": 1,
    "deductibleFactor": 1,
    "commissionPoints": 0,
    "discountPoints": 0,
    "reason": "",
}
"""For process versions that came before the table."""


@dataclass(frozen=True, slots=True)
class TermsInForce:
    """What is standard for one client, product and day; amounts in EUR, percents as numbers."""

    terms_id: int
    insurer_id: int
    insurer: str
    premium_rate: Decimal
    """Share of the sum insured."""
    minimum_premium: Decimal
    deductible: Decimal
    commission_percent: Decimal
    maximum_discount_percent: Decimal
    instalments: int
    term_months: int
    covers: frozenset[str]
    """Included ones; empty where any may be chosen."""
    sum_insured_limit: Decimal | None
    reason: str
    """The row of D12 that varied them, in words."""

    def facts(self) -> dict[str, object]:
        """As diagrams, forms and templates know them, under `standardTerms`."""
        limit = self.sum_insured_limit
        return {
            "insurer": self.insurer,
            "premiumRate": float(self.premium_rate),
            "minPremium": float(self.minimum_premium),
            "commission": float(self.commission_percent),
            "deductible": float(self.deductible),
            "maxDiscount": float(self.maximum_discount_percent),
            "instalments": self.instalments,
            "termMonths": self.term_months,
            "covers": sorted(self.covers),
            "sumInsuredLimit": None if limit is None else float(limit),
            "reason": self.reason,
        }


def terms_in_force(
    session: Session,
    product: Product,
    client: Client,
    day: date,
    version_id: int,
    insurer: str | None = None,
) -> TermsInForce | None:
    """Standard terms of a product for a client on a day; None where no record is in force.

    Args:
        session: for reading.
        product: the product.
        client: whose kind and size the table looks at.
        day: in the office, Europe/Vilnius.
        version_id: the process version whose table D12 is asked.
        insurer: by name; where it has no terms, or none is named, the lowest rate of the panel.

    Raises:
        RuleFailed: the table has no row, or several, for this client, product and day.
    """
    statement = (
        select(StandardTerms, Insurer)
        .join(Insurer, Insurer.id == StandardTerms.insurer_id)
        .where(StandardTerms.product_id == product.id, in_force(day))
        .order_by(StandardTerms.premium_rate, StandardTerms.id)
    )
    found = session.execute(statement).all()
    named = [row for row in found if row[1].name == insurer]
    if insurer and not named:
        renamed = insurers.named(session, insurer)
        named = [row for row in found if row[1] is renamed]
    panel = [row for row in found if row[1].on_panel]
    chosen = next(iter(named or panel), None)
    if chosen is None:
        return None
    terms, of = chosen
    return varied(terms, of, _table_row(session, version_id, product, client, day, of))


def in_force(day: date) -> ColumnElement[bool]:
    """Records of terms in force on a day."""
    open_end = or_(StandardTerms.valid_to.is_(None), StandardTerms.valid_to >= day)
    return (StandardTerms.valid_from <= day) & open_end


def varied(terms: StandardTerms, insurer: Insurer, row: Mapping[str, object]) -> TermsInForce:
    """A record of terms as one row of D12 varies it.

    Rate and deductible are multiplied, percentage points are added; nothing falls below zero, and
    rates are kept to six decimals.
    """
    points = terms.commission_percent + _number(row, "commissionPoints")
    discount = terms.maximum_discount_percent + _number(row, "discountPoints")
    return TermsInForce(
        terms.id,
        insurer.id,
        insurer.name,
        (terms.premium_rate * _number(row, "rateFactor")).quantize(RATE, ROUND_HALF_UP),
        terms.minimum_premium,
        (terms.deductible * _number(row, "deductibleFactor")).quantize(CENT, ROUND_HALF_UP),
        max(points, Decimal(0)).quantize(CENT, ROUND_HALF_UP),
        min(max(discount, Decimal(0)), Decimal(100)).quantize(CENT, ROUND_HALF_UP),
        terms.instalments,
        terms.term_months,
        frozenset(filter(None, terms.covers.split(","))),
        terms.sum_insured_limit,
        str(row.get("reason") or ""),
    )


def _table_row(
    session: Session,
    version_id: int,
    product: Product,
    client: Client,
    day: date,
    insurer: Insurer,
) -> Mapping[str, object]:
    decisions = compiled(session, version_id).decisions
    if TABLE not in decisions:
        return NOTHING_SAID
    facts = {
        "onDay": day.isoformat(),
        "insurer": insurer.name,
        "clientKind": client.kind,
        "vip": client.vip,
        "client": {
            "kind": client.kind,
            "vip": client.vip,
            "sizeBand": client.size_band,
            "sector": client.sector,
            "region": client.region,
            "country": client.country,
        },
        "productClass": product.complexity,
        "product": {"id": product.id, "key": product.key, "class": product.complexity},
    }
    row = decide(TABLE, decisions, facts)
    if not isinstance(row, Mapping):
        problem = f"No row says what is standard for “{product.name}” on {day} for this client."
        raise RuleFailed(TABLE, decisions[TABLE].name, problem)
    return row


def _number(row: Mapping[str, object], name: str) -> Decimal:
    value = row.get(name)
    return Decimal(str(NOTHING_SAID[name] if value is None else value))
