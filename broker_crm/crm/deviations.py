"""What an offer gives away against the standard terms in force that day, deviation by deviation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from broker_crm.crm.standard_terms import TermsInForce
from broker_crm.engine.decisions import Decision, decide

TABLE = "DeviationPrice"
CENT = Decimal("0.01")
NOTHING = Decimal(0)

Price = Callable[[str, Decimal, Decimal, str], tuple[Decimal, str]]
"""Price in percent of the standard premium, and its reason, of a deviation other than price: by
kind, standard, offered and cover."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One offer line; amounts in EUR, of a year."""

    sum_insured: Decimal
    premium: Decimal
    commission: Decimal
    """Percent of the premium."""
    deductible: Decimal = NOTHING
    instalments: int = 1
    term_months: int = 12
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypedDeviation:
    """One difference between offer and standard; effects in EUR, positive when given away."""

    kind: str
    standard: Decimal
    offered: Decimal
    difference: Decimal
    premium_effect: Decimal
    commission_effect: Decimal
    price_percent: Decimal | None = None
    cover: str = ""
    reason: str = ""


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
    typed: tuple[TypedDeviation, ...]
    """Every difference that there is, price and commission first."""

    @property
    def other_premium_effect(self) -> Decimal:
        """What the deviations other than price are worth to the client."""
        return sum((each.premium_effect for each in self._priced), NOTHING)

    @property
    def other_commission_effect(self) -> Decimal:
        """Commission on that, which is not earned."""
        return sum((each.commission_effect for each in self._priced), NOTHING)

    @property
    def _priced(self) -> list[TypedDeviation]:
        return [each for each in self.typed if each.price_percent is not None]


def price_table(decisions: Mapping[str, Decision]) -> Price:
    """The price table of a process version; nothing has a price where it has none."""

    def price(
        kind: str, standard: Decimal, offered: Decimal, cover: str = ""
    ) -> tuple[Decimal, str]:
        facts = {
            "kind": kind,
            "standard": float(standard),
            "offered": float(offered),
            "difference": float(offered - standard),
            "cover": cover,
        }
        row = decide(TABLE, decisions, facts) if TABLE in decisions else None
        if not isinstance(row, Mapping):
            return NOTHING, ""
        return Decimal(str(row.get("premiumPercent") or 0)), str(row.get("reason") or "")

    return price


def compare(
    terms: TermsInForce, offered: Offered, price: Price, *, minimum_applies: bool = True
) -> Deviation:
    """Deviations of one line and their economic effect.

    The standard premium is the rate of the sum insured, at least the minimum premium. The effect
    on commission is standard premium × standard rate − offered premium × agreed rate; of it,
    (standard − offered premium) × standard rate belongs to the premium and the rest to the
    commission. Any other deviation is worth its price in percent of the standard premium to the
    client, and the standard commission on that to the broker.

    Args:
        terms: the standard in force for the client on the day of the offer.
        offered: the line.
        price: the price table.
        minimum_applies: False for an additional premium on a policy in force.

    Raises:
        RuleFailed: the price table failed.
    """
    standard = offered.sum_insured * terms.premium_rate
    if minimum_applies:
        standard = max(terms.minimum_premium, standard)
    standard = _cents(standard)
    percent = (standard - offered.premium) / standard * 100 if standard else NOTHING
    gain = _cents(standard - offered.premium)
    given = _cents(
        (standard * terms.commission_percent - offered.premium * offered.commission) / 100
    )
    points = _cents(terms.commission_percent - offered.commission)
    typed = [
        *_of_price(terms, offered, standard, given),
        *_of_the_rest(terms, offered, standard, price),
    ]
    return Deviation(standard, _cents(percent), points, gain, given, tuple(typed))


def _of_price(
    terms: TermsInForce, offered: Offered, standard: Decimal, given: Decimal
) -> list[TypedDeviation]:
    gain = _cents(standard - offered.premium)
    by_premium = given
    found = []
    if offered.commission != terms.commission_percent:
        by_premium = _cents(gain * terms.commission_percent / 100)
        found.append(
            TypedDeviation(
                "commission",
                terms.commission_percent,
                offered.commission,
                offered.commission - terms.commission_percent,
                NOTHING,
                given - by_premium,
            )
        )
    if gain or by_premium:
        premium = offered.premium
        found.insert(
            0, TypedDeviation("premium", standard, premium, premium - standard, gain, by_premium)
        )
    return found


def _of_the_rest(
    terms: TermsInForce, offered: Offered, standard_premium: Decimal, price: Price
) -> list[TypedDeviation]:
    limit = terms.sum_insured_limit
    pairs = [
        ("deductible", terms.deductible, offered.deductible, ""),
        ("instalments", Decimal(terms.instalments), Decimal(offered.instalments), ""),
        ("term", Decimal(terms.term_months), Decimal(offered.term_months), ""),
    ]
    if limit is not None and offered.sum_insured > limit:
        pairs.insert(1, ("sum-insured", limit, offered.sum_insured, ""))
    if terms.covers:
        extra = [cover for cover in offered.covers if cover not in terms.covers]
        pairs += [("extra-cover", NOTHING, Decimal(1), cover) for cover in dict.fromkeys(extra)]
    found = []
    for kind, standard, agreed, cover in pairs:
        if agreed == standard:
            continue
        percent, reason = price(kind, standard, agreed, cover)
        worth = _cents(standard_premium * percent / 100)
        unearned = _cents(worth * terms.commission_percent / 100)
        found.append(
            TypedDeviation(
                kind, standard, agreed, agreed - standard, worth, unearned, percent, cover, reason
            )
        )
    return found


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
