"""What an offer gives away against the standard terms in force that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Insurer, StandardTerms

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Deviation:
    """One offer line against the standard; amounts in EUR."""

    standard_premium: Decimal
    premium_percent: Decimal
    """(standard − offered) / standard × 100: positive when the client pays less."""
    commission_points: Decimal
    """Percentage points below the standard commission."""
    premium_effect: Decimal
    """Standard less offered premium: the client's gain."""
    commission_effect: Decimal
    """Standard less agreed commission: the broker's own money given away."""


def standard_terms(
    session: Session, product_id: int, day: date, insurer: str | None = None
) -> StandardTerms | None:
    """Standard terms of a product on a day: of the insurer named, else those with the lowest rate.

    Args:
        session: for reading.
        product_id: the product.
        day: on which they must be in force.
        insurer: by name; another one's terms are taken where it has none.
    """
    statement = (
        select(StandardTerms, Insurer.name)
        .join(Insurer, Insurer.id == StandardTerms.insurer_id)
        .where(
            StandardTerms.product_id == product_id,
            StandardTerms.valid_from <= day,
            or_(StandardTerms.valid_to.is_(None), StandardTerms.valid_to >= day),
        )
        .order_by(StandardTerms.premium_rate, StandardTerms.id)
    )
    found = session.execute(statement).all()
    named = [terms for terms, name in found if name == insurer]
    return next(iter(named or [terms for terms, _name in found]), None)


def compare(
    terms: StandardTerms,
    *,
    sum_insured: Decimal,
    premium: Decimal,
    commission: Decimal,
    minimum_applies: bool = True,
) -> Deviation:
    """Deviation of one line and its economic effect.

    The standard premium is the rate of the sum insured, at least the minimum premium. The effect
    on commission is standard premium × standard rate − offered premium × agreed rate.

    Args:
        terms: the standard in force on the day of the offer.
        sum_insured: in EUR.
        premium: offered, EUR a year.
        commission: agreed, in percent of the premium.
        minimum_applies: False for an additional premium on a policy in force.
    """
    standard = sum_insured * terms.premium_rate
    if minimum_applies:
        standard = max(terms.minimum_premium, standard)
    standard = standard.quantize(CENT, ROUND_HALF_UP)
    percent = (standard - premium) / standard * 100 if standard else Decimal(0)
    effect = (standard * terms.commission_percent - premium * commission) / 100
    return Deviation(
        standard,
        percent.quantize(CENT, ROUND_HALF_UP),
        (terms.commission_percent - commission).quantize(CENT, ROUND_HALF_UP),
        (standard - premium).quantize(CENT, ROUND_HALF_UP),
        effect.quantize(CENT, ROUND_HALF_UP),
    )
