"""Dated records of which no two hold on the same day: terms, agreements."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, or_

from broker_crm.crm.models import CommissionAgreement, StandardTerms
from broker_crm.definitions.forms import FieldError


def meeting(
    table: type[StandardTerms | CommissionAgreement], begins: date, ends: date | None
) -> ColumnElement[bool]:
    """Condition: the record is in force on a day of the period, which may have no end."""
    reaches = or_(table.valid_to.is_(None), table.valid_to >= begins)
    return reaches if ends is None else and_(reaches, table.valid_from <= ends)


def overlap(code: str, there: StandardTerms | CommissionAgreement) -> FieldError:
    """The refusal that names the period in the way."""
    until = there.valid_to.isoformat() if there.valid_to else "…"
    return FieldError(code, {"from": there.valid_from.isoformat(), "to": until})
