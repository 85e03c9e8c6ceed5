"""How values are written in letters: numbers, dates and yes-or-no, by language."""

from __future__ import annotations

import re
from datetime import date, datetime

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from broker_crm.calendar import OFFICE

LOCALES = {"lt": "lt_LT", "en": "en_GB"}
YES_NO = {"lt": ("taip", "ne"), "en": ("yes", "no")}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)(?:[@\[].*)?"
)


def written(value: object, language: str) -> str:
    """A FEEL value as people read it.

    Whole numbers have no decimals, others at least two; days and moments in ISO 8601 become dates
    in words, moments in Vilnius time.

    Args:
        value: a JSON value.
        language: 'lt' or 'en'.
    """
    locale = LOCALES.get(language, LOCALES["lt"])
    if isinstance(value, bool):
        return YES_NO.get(language, YES_NO["lt"])[not value]
    if isinstance(value, int | float):
        whole = float(value).is_integer()
        return str(format_decimal(value, "#,##0" if whole else "#,##0.00####", locale=locale))
    if isinstance(value, list):
        return ", ".join(written(each, language) for each in value)
    text = str(value)
    try:
        if DAY.fullmatch(text):
            return day_in_words(date.fromisoformat(text), language)
        if found := MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(found[1])
            local = moment.astimezone(OFFICE) if moment.tzinfo else moment
            hour = format_time(local, "HH:mm", locale=locale)
            return f"{day_in_words(local.date(), language)} {hour}"
    except ValueError:
        pass
    return text


def day_in_words(day: date, language: str) -> str:
    """Such as '2026 m. gruodžio 24 d.' or '24 December 2026'."""
    return str(format_date(day, "long", locale=LOCALES.get(language, LOCALES["lt"])))
