"""Changes of dated standard terms: new ones are added, old ones end; none is rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import Insurer, Product, StandardTerms
from broker_crm.crm.periods import meeting, overlap
from broker_crm.crm.policies import today
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.people.models import Role
from broker_crm.process.errors import NotAllowed
from broker_crm.process.rights import Person

LARGEST = Decimal(100_000_000)
LONGEST_TERM = 120
MOST_INSTALMENTS = 12
COVERS = (
    "fire", "water", "theft", "accident", "liability", "cargo", "interruption", "assistance",
    "health",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewTerms:
    """Terms of one insurer for one product from a day on; amounts in EUR."""

    insurer_id: int | None
    valid_from: date | None
    valid_to: date | None
    premium_rate_percent: Decimal | None
    """Percent of the sum insured."""
    minimum_premium: Decimal | None
    deductible: Decimal | None
    commission_percent: Decimal | None
    maximum_discount_percent: Decimal | None
    instalments: int | None = 1
    term_months: int | None = 12
    sum_insured_limit: Decimal | None = None
    covers: tuple[str, ...] = ()
    note: str = ""


def may_change_terms(user: Person, product: Product) -> bool:
    """Its product manager may, any product manager where it has none, and administrators."""
    if Role.ADMINISTRATOR in user.roles:
        return True
    manages = Role.PRODUCT_MANAGER in user.roles
    return manages and product.product_manager in (None, user.login)


def terms_of(
    session: Session, *, product_id: int | None = None, insurer_id: int | None = None
) -> list[tuple[StandardTerms, Insurer, Product]]:
    """Terms of a product, of an insurer, or both; by name, the newest in front."""
    statement = (
        select(StandardTerms, Insurer, Product)
        .join(Insurer, Insurer.id == StandardTerms.insurer_id)
        .join(Product, Product.id == StandardTerms.product_id)
        .order_by(Product.name, Insurer.name, StandardTerms.valid_from.desc())
    )
    if product_id is not None:
        statement = statement.where(StandardTerms.product_id == product_id)
    if insurer_id is not None:
        statement = statement.where(StandardTerms.insurer_id == insurer_id)
    return [(terms, insurer, product) for terms, insurer, product in session.execute(statement)]


def add_terms(session: Session, product: Product, new: NewTerms, *, by: Person) -> StandardTerms:
    """Add terms; those of the same insurer that are in force without an end, end the day before.

    Args:
        session: the caller commits; the product's row should be locked.
        product: whose terms they are.
        new: the terms; they begin today or later.
        by: who adds them.

    Raises:
        NotAllowed: the person may not change this product's terms.
        FormRejected: naming the fields, such as a period that overlaps another one.
    """
    if not may_change_terms(by, product):
        raise NotAllowed("Only the product's manager adds standard terms.")
    _refuse_unless_right(session, new)
    insurer_id, begins = new.insurer_id or 0, new.valid_from or date.max
    for there in _meeting(session, product.id, insurer_id, begins, new.valid_to):
        if there.valid_to is not None or there.valid_from >= begins:
            raise FormRejected({"valid_from": [overlap("overlapsTerms", there)]})
        there.valid_to = begins - timedelta(days=1)
    added = StandardTerms(
        insurer_id=insurer_id,
        product_id=product.id,
        valid_from=begins,
        valid_to=new.valid_to,
        premium_rate=(new.premium_rate_percent or Decimal(0)) / 100,
        minimum_premium=new.minimum_premium,
        deductible=new.deductible,
        commission_percent=new.commission_percent,
        maximum_discount_percent=new.maximum_discount_percent,
        instalments=new.instalments,
        term_months=new.term_months,
        sum_insured_limit=new.sum_insured_limit,
        covers=",".join(cover for cover in COVERS if cover in new.covers),
        note=new.note[:300],
        created_by=by.login,
        created_at=clock.now(),
    )
    session.add(added)
    session.flush()
    return added


def end_terms(
    session: Session, terms: StandardTerms, product: Product, last_day: date | None, *, by: Person
) -> None:
    """Let terms end on a day, today or later.

    Raises:
        NotAllowed: the person may not change this product's terms.
        FormRejected: the day has passed, lies before their beginning or after their end.
    """
    if not may_change_terms(by, product):
        raise NotAllowed("Only the product's manager ends standard terms.")
    if last_day is None:
        raise FormRejected({"valid_to": [FieldError("required")]})
    if last_day < today():
        raise FormRejected({"valid_to": [FieldError("inPast")]})
    if last_day < terms.valid_from:
        raise FormRejected({"valid_to": [FieldError("endsBeforeStart")]})
    if terms.valid_to is not None and last_day > terms.valid_to:
        raise FormRejected({"valid_to": [FieldError("endedAlready", {"day": terms.valid_to})]})
    terms.valid_to = last_day
    session.flush()


def _refuse_unless_right(session: Session, new: NewTerms) -> None:
    wrong: dict[str, list[FieldError]] = {}
    if new.insurer_id is None or session.get(Insurer, new.insurer_id) is None:
        wrong["insurer_id"] = [FieldError("option")]
    if new.valid_from is None:
        wrong["valid_from"] = [FieldError("required")]
    elif new.valid_from < today():
        wrong["valid_from"] = [FieldError("inPast")]
    elif new.valid_to is not None and new.valid_to < new.valid_from:
        wrong["valid_to"] = [FieldError("endsBeforeStart")]
    hundred, zero, one = Decimal(100), Decimal(0), Decimal(1)
    for name, low, high in (
        ("premium_rate_percent", Decimal("0.0001"), hundred),
        ("minimum_premium", zero, LARGEST),
        ("deductible", zero, LARGEST),
        ("commission_percent", zero, hundred),
        ("maximum_discount_percent", zero, hundred),
        ("instalments", one, Decimal(MOST_INSTALMENTS)),
        ("term_months", one, Decimal(LONGEST_TERM)),
        ("sum_insured_limit", one, LARGEST),
    ):
        value = getattr(new, name)
        if value is None:
            if name != "sum_insured_limit":
                wrong[name] = [FieldError("required")]
        elif value < low:
            wrong[name] = [FieldError("min", {"min": low})]
        elif value > high:
            wrong[name] = [FieldError("max", {"max": high})]
    if set(new.covers) - set(COVERS):
        wrong["covers"] = [FieldError("option")]
    if wrong:
        raise FormRejected(wrong)


def _meeting(
    session: Session, product_id: int, insurer_id: int, begins: date, ends: date | None
) -> list[StandardTerms]:
    """Terms of the insurer for the product that are in force on a day of the period."""
    statement = select(StandardTerms).where(
        StandardTerms.product_id == product_id,
        StandardTerms.insurer_id == insurer_id,
        meeting(StandardTerms, begins, ends),
    )
    return list(session.scalars(statement.order_by(StandardTerms.valid_from)))
