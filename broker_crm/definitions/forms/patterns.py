"""Patterns of text fields: JavaScript's regular expressions, e-mail addresses, phone numbers."""

from __future__ import annotations

import os
import re
import threading
from typing import Any

import orjson
import quickjs
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

MAX_SECONDS = 0.3
MAX_BYTES = 16_000_000
SOURCE = """(function (pattern, value) {
  let expression;
  try { expression = new RegExp(pattern); } catch (error) { return "bad " + error.message; }
  return expression.test(JSON.parse(value)) ? "yes" : "no";
})"""

_threads = threading.local()

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(
    rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.IGNORECASE
)
_COUNTRY_CODES = "|".join(
    sorted((str(code) for code in COUNTRY_CODE_TO_REGION_CODE), key=len, reverse=True)
)
_PHONE = re.compile(
    rf"(?:\+|00)(?:{_COUNTRY_CODES})(?:[17]\d{{4,20}}|[2-689]\d{{5,22}})\Z", re.ASCII
)


class PatternRefused(Exception):
    """A pattern that JavaScript can't read."""


def check_pattern(pattern: str) -> None:
    """Check a pattern's syntax.

    Raises:
        PatternRefused: with JavaScript's explanation.
    """
    answer = _ask(pattern, "")
    if answer.startswith("bad"):
        raise PatternRefused(answer.removeprefix("bad "))


def matches(pattern: str, value: object) -> bool:
    """Does the value hold the pattern? A pattern that takes too long doesn't match."""
    return _ask(pattern, value) == "yes"


def is_email(text: str) -> bool:
    """Is it an e-mail address as browsers know it?"""
    return _EMAIL.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    """Does it end with an international phone number, without spaces?"""
    return _PHONE.search(text) is not None


def _ask(pattern: str, value: object) -> str:
    run = _interpreter()
    try:
        answer: str = run(pattern, orjson.dumps(value).decode())
    except (quickjs.JSException, quickjs.StackOverflow, MemoryError):
        _threads.interpreter = None
        return "stopped"
    return answer


def _interpreter() -> Any:
    kept = getattr(_threads, "interpreter", None)
    if kept is None or kept[0] != os.getpid():
        context = quickjs.Context()
        context.set_memory_limit(MAX_BYTES)
        run = context.eval(SOURCE)
        context.set_time_limit(MAX_SECONDS)
        kept = (os.getpid(), run, context)
        _threads.interpreter = kept
    return kept[1]
