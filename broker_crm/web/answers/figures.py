"""Figures as people read them, by their unit and the visitor's language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask_babel import format_decimal
from flask_babel import gettext as _

NOTHING = "–"
_UNIT_BEHIND = re.compile(r"(.*\d)(\D*)")
SPACE = "\u00a0"


def number(value: float | int, digits: int = 0) -> str:
    """A number with its thousands apart and at most so many decimals."""
    rounded = round(value, digits) + 0.0
    text: str = format_decimal(rounded, format=f"#,##0.{'#' * digits}" if digits else "#,##0")
    return text


def figure(value: float | int | None, unit: str) -> str:
    """A figure with its unit.

    Args:
        value: None where nothing can be told.
        unit: 'share', 'load', 'days', 'count', 'number', 'eur', 'ratio', 'percent', 'points',
            'hours', 'minutes' or 'p'.
    """
    if value is None:
        return NOTHING
    if unit in ("share", "load"):
        return _percent(100 * value)
    if unit == "percent":
        return _percent(value)
    if unit == "eur":
        return f"{number(value, 0 if abs(value) >= 1 or not value else 2)}{SPACE}€"
    if unit == "days" and 0 < value < 0.05:
        return _("< 0.1 w. d.").replace(" ", SPACE)
    if unit == "days":
        return _("%(number)s w. d.", number=number(value, 1)).replace(" ", SPACE)
    if unit == "hours":
        return _("%(number)s h", number=number(value)).replace(" ", SPACE)
    if unit == "minutes":
        return _("%(number)s h", number=number(value / 60, 1)).replace(" ", SPACE)
    if unit == "points":
        return _("%(number)s pp", number=number(value, 1)).replace(" ", SPACE)
    if unit == "ratio":
        ratio: str = format_decimal(value, format="#,##0.00")
        return ratio
    if unit == "number":
        one_decimal: str = format_decimal(value, format="#,##0.0")
        return one_decimal
    if unit == "p":
        return f"<{SPACE}{number(0.001, 3)}" if value < 0.001 else number(value, 3)
    return number(value)


def interval(limits: Sequence[float | None] | None, unit: str) -> str:
    """Both limits in the unit, such as “41–50 %”; empty where there are none."""
    if limits is None or all(limit is None for limit in limits):
        return ""
    low, high = (figure(limit, unit) if limit is not None else "…" for limit in limits)
    bare, unit_told = _UNIT_BEHIND.fullmatch(low), _UNIT_BEHIND.fullmatch(high)
    if bare and unit_told and bare[2] == unit_told[2]:
        low = bare[1]
    return f"{low}–{high}" if "-" not in low + high else f"{low} … {high}"


def exported(value: float | int | None, unit: str) -> float | int | None:
    """A figure for a spreadsheet: shares in percent, the rest in its unit."""
    if value is None:
        return None
    if unit in ("share", "load"):
        return round(100 * value, 2)
    if unit == "count":
        return round(value)
    return round(value, 4 if unit in ("ratio", "p") else 2)


def _percent(value: float) -> str:
    return f"{number(value, 1 if abs(value) < 99.95 else 0)}{SPACE}%"
