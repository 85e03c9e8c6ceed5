"""Amounts as people read them."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import format_currency, format_decimal


def euros(amount: Decimal | float | None) -> str:
    """An amount in EUR with cents, by the visitor's language."""
    if amount is None:
        return "–"
    text: str = format_currency(amount, "EUR")
    return text


def percent(number: Decimal | float | None) -> str:
    """A number of percents, such as “12,5 %”; no more digits than it has."""
    if number is None:
        return "–"
    return f"{format_decimal(number, format='#,##0.####')}\u00a0%"


def number(amount: Decimal | float | int) -> str:
    text: str = format_decimal(amount)
    return text
