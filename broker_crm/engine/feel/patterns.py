"""Regular expressions of forms, run by JavaScript as in the browser, within the same limits."""

from __future__ import annotations

from functools import lru_cache

from broker_crm.engine.feel.errors import FeelStopped, PatternError
from broker_crm.engine.feel.interpreter import ask_about


@lru_cache(maxsize=1_000)
def check_pattern(pattern: str) -> None:
    """Check the syntax of a regular expression.

    Raises:
        PatternError: with JavaScript's explanation.
    """
    answer = ask_about("pattern", pattern)
    if "error" in answer:
        raise PatternError(answer["error"])


def matches(pattern: str, text: str) -> bool:
    """Does the text contain the pattern? One that takes too long does not match."""
    return _is_true("pattern", pattern, text)


def is_email(text: str) -> bool:
    """Is the text an e-mail address by the form viewer's own pattern?"""
    return _is_true("preset", "email", text)


def is_phone(text: str) -> bool:
    """Does the text end with an international phone number by the form viewer's own pattern?"""
    return _is_true("preset", "phone", text)


@lru_cache(maxsize=5_000)
def _is_true(kind: str, pattern: str, text: str) -> bool:
    try:
        return ask_about(kind, pattern, text).get("value") is True
    except FeelStopped:
        return False
