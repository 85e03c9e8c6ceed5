"""A form's texts in another language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TEXTS = frozenset(
    {
        "label",
        "description",
        "text",
        "content",
        "alt",
        "title",
        "dateLabel",
        "timeLabel",
        "patternErrorMessage",
        "prefixAdorner",
        "suffixAdorner",
    }
)

_FIELD = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def translate_form(schema: dict[str, Any], catalogue: Mapping[str, str]) -> dict[str, Any]:
    """The form with every text that the catalogue has by the original; keys and values stay.

    Args:
        schema: the form's JSON; it is not changed.
        catalogue: translations by original text.
    """
    translated: dict[str, Any] = _translated(schema, catalogue)
    return translated


def texts_of(part: Any) -> set[str]:
    """Every text in a form, or in a part of its JSON, that has words to translate.

    A text without small letters, such as a currency's code, is the same in every language.
    """
    if isinstance(part, list):
        return set().union(*map(texts_of, part))
    if not isinstance(part, dict):
        return set()
    own = {
        value
        for key, value in part.items()
        if key in TEXTS and isinstance(value, str) and _has_words(value)
    }
    return own.union(*map(texts_of, part.values()))


def _has_words(text: str) -> bool:
    left = _FIELD.sub("", text)
    return left != left.upper()


def _translated(part: Any, catalogue: Mapping[str, str]) -> Any:
    if isinstance(part, list):
        return [_translated(each, catalogue) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: catalogue.get(value, value)
        if key in TEXTS and isinstance(value, str)
        else _translated(value, catalogue)
        for key, value in part.items()
    }
