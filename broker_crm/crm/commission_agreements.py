"""Commission agreements with insurers: new ones are added, old ones end; none is rewritten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import CommissionAgreement, Insurer, Product
from broker_crm.crm.periods import meeting, overlap
from broker_crm.crm.register_rights import require_keeper
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.process.rights import Person

MOST = Decimal(100)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """An agreement as typed."""

    product_id: int | None
    """None for all products that have no agreement of their own."""
    percent: Decimal | None
    valid_from: date | None
    valid_to: date | None = None
    note: str = ""


def add(
    session: Session, insurer: Insurer, new: NewAgreement, *, by: Person
) -> CommissionAgreement:
    """Add an agreement; it may have begun already.

    Args:
        session: the caller commits; the insurer's row should be locked.
        insurer: with whom.
        new: the agreement.
        by: who adds it.

    Raises:
        NotAllowed: the person does not keep the registers.
        FormRejected: naming the fields; an agreement of the same product that is in the way is
            named by its period.
    """
    require_keeper(by)
    percent, begins = _checked(session, new)
    for there in _meeting(session, insurer.id, new.product_id, begins, new.valid_to):
        raise FormRejected({"valid_from": [overlap("overlapsAgreement", there)]})
    added = CommissionAgreement(
        insurer_id=insurer.id,
        product_id=new.product_id,
        percent=percent,
        valid_from=begins,
        valid_to=new.valid_to,
        note=new.note[:300],
        created_by=by.login,
        created_at=clock.now(),
    )
    session.add(added)
    session.flush()
    return added


def end(
    session: Session, agreement: CommissionAgreement, last_day: date | None, *, by: Person
) -> None:
    """Let an agreement end on a day, which may have passed.

    Raises:
        NotAllowed: the person does not keep the registers.
        FormRejected: the day lies before its beginning or after its end.
    """
    require_keeper(by)
    if last_day is None:
        raise FormRejected({"valid_to": [FieldError("required")]})
    if last_day < agreement.valid_from:
        raise FormRejected({"valid_to": [FieldError("endsBeforeStart")]})
    if agreement.valid_to is not None and last_day > agreement.valid_to:
        day = agreement.valid_to.isoformat()
        raise FormRejected({"valid_to": [FieldError("agreementEnds", {"day": day})]})
    agreement.valid_to = last_day
    session.flush()


def of_insurer(
    session: Session, insurer_id: int
) -> list[tuple[CommissionAgreement, Product | None]]:
    """The insurer's agreements, those for all products in front, then the newest."""
    statement = (
        select(CommissionAgreement, Product)
        .outerjoin(Product, Product.id == CommissionAgreement.product_id)
        .where(CommissionAgreement.insurer_id == insurer_id)
        .order_by(Product.name.is_not(None), Product.name, CommissionAgreement.valid_from.desc())
    )
    return [(agreement, product) for agreement, product in session.execute(statement)]


def agreed_percent(
    agreements: Iterable[CommissionAgreement], product_id: int, day: date
) -> Decimal | None:
    """Of one insurer's agreements, what holds for a product on a day; its own before the general.

    Returns:
        None where nothing is agreed.
    """
    holding = {
        each.product_id: each.percent
        for each in agreements
        if each.valid_from <= day and (each.valid_to is None or each.valid_to >= day)
    }
    return holding.get(product_id, holding.get(None))


def _checked(session: Session, new: NewAgreement) -> tuple[Decimal, date]:
    wrong: dict[str, list[FieldError]] = {}
    percent, begins = new.percent, new.valid_from
    if new.product_id is not None and session.get(Product, new.product_id) is None:
        wrong["product_id"] = [FieldError("option")]
    if percent is None:
        wrong["percent"] = [FieldError("required")]
    elif percent <= 0:
        wrong["percent"] = [FieldError("min", {"min": CENT})]
    elif percent > MOST:
        wrong["percent"] = [FieldError("max", {"max": MOST})]
    elif percent != percent.quantize(CENT):
        wrong["percent"] = [FieldError("decimalDigits", {"digits": 2})]
    if begins is None:
        wrong["valid_from"] = [FieldError("required")]
    elif new.valid_to is not None and new.valid_to < begins:
        wrong["valid_to"] = [FieldError("endsBeforeStart")]
    if wrong or percent is None or begins is None:
        raise FormRejected(wrong)
    return percent, begins


def _meeting(
    session: Session, insurer_id: int, product_id: int | None, begins: date, ends: date | None
) -> list[CommissionAgreement]:
    """Agreements of the same insurer and product that are in force on a day of the period."""
    statement = select(CommissionAgreement).where(
        CommissionAgreement.insurer_id == insurer_id,
        CommissionAgreement.product_id.is_not_distinct_from(product_id),
        meeting(CommissionAgreement, begins, ends),
    )
    return list(session.scalars(statement.order_by(CommissionAgreement.valid_from)))
