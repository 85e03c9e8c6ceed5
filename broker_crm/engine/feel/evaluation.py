"""Evaluates expressions and unary tests, strictly, and remembers results.

FEEL is pure: the same expression over the same variables gives the same value, but for `now()`,
and for `today()` on another day. So results are kept by expression and by those variables and
entries of records whose names occur in it; and the interpreter keeps parsed expressions, so that
other values cost no parsing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson

from broker_crm import clock
from broker_crm.calendar import OFFICE, WorkingCalendar
from broker_crm.engine.feel.calendar_functions import RESULTS, Functions, calendar_functions
from broker_crm.engine.feel.errors import FeelError, FeelStopped
from broker_crm.engine.feel.interpreter import ask, ask_about
from broker_crm.engine.feel.remembering import LARGEST_ANSWER, memory, short
from broker_crm.engine.sentences import said

MAX_PASSES = 10
LITERALS = {"null": None, "true": True, "false": False}
MISSING = frozenset({"NO_VARIABLE_FOUND", "NO_CONTEXT_ENTRY_FOUND", "NO_PROPERTY_FOUND"})

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_DOUBLED = re.compile(r"(?:[<>!]=|[<>](?!=)|(?<![<>!])=)\s*[<>=!]")
"""The grammar reads `a == b` as a comparison with a unary test, which nobody means."""
_EXPONENT = re.compile(r"(?<![\w.])\d+(?:\.\d+)?[eE][+-]?\d")
"""The grammar reads `1e3` as 1, and drops the rest."""
_TIME_DEPENDENT = re.compile(r"\b(now|today|time)\s*\(")


def evaluate(
    expression: str,
    context: Mapping[str, object],
    *,
    calendar: WorkingCalendar | None = None,
    functions: Functions | None = None,
    strict: bool = True,
) -> Any:
    """Evaluate FEEL.

    Strict: a missing variable, a comparison of what can't be compared, a condition of `if` that is
    neither true nor false, and a failing function are errors, not null. A variable or entry that
    may be missing or null must be compared with null in the same expression, or stand in
    `is defined(…)` or `get or else(…)`.

    Args:
        expression: without the leading '='.
        context: variables, JSON values.
        calendar: for `working days after(day, n)`, `working days between(a, b)` and
            `next working day at(day, "09:00")`.
        functions: further functions by name, such as `before due`.
        strict: false for forms, where what can't be worked out is null, as in the browser.

    Returns:
        A JSON value; dates, times and durations are ISO 8601 texts.

    Raises:
        FeelError: when it can't be read, fails, or takes too much time or memory.
    """
    if expression in LITERALS:
        return LITERALS[expression]
    offered = calendar_functions(calendar)
    if functions:
        offered = {**offered, **functions}
    answer = _settled("expression", expression, context, offered)
    if strict:
        _refuse_warnings(expression, answer["warnings"])
    value = answer["value"]
    return deepcopy(value) if isinstance(value, list | dict) else value


def evaluate_text(
    text: str,
    context: Mapping[str, object],
    *,
    calendar: WorkingCalendar | None = None,
    functions: Functions | None = None,
) -> Any:
    """A value as designers write it: FEEL behind '=', else the text itself."""
    if not text.startswith("="):
        return text
    return evaluate(text[1:], context, calendar=calendar, functions=functions)


TEMPORAL = {"date": "date", "time": "time", "dateTime": "date and time"}
"""Types of columns whose values travel as texts, and the FEEL function that reads them."""


def unary_test(
    test: str,
    value: object,
    context: Mapping[str, object],
    *,
    calendar: WorkingCalendar | None = None,
    type_ref: str = "",
) -> bool:
    """Does a decision table's cell accept the value?

    A null value is accepted only by a cell that names null.

    Args:
        test: the cell, such as `< 5`, `"a", "b"`, `[1..5]`, `not("x")`, `-`.
        value: the input.
        context: further variables that the cell may name.
        calendar: as for `evaluate`.
        type_ref: of the column; a text under 'date', 'time' or 'dateTime' is compared as such.

    Raises:
        FeelError: as for `evaluate`.
    """
    kind = f"test {TEMPORAL[type_ref]}" if type_ref in TEMPORAL else "test"
    answer = _settled(kind, test, {**context, "?": value}, calendar_functions(calendar))
    if value is None:
        return answer["value"] is True
    _refuse_warnings(test, answer["warnings"])
    return answer["value"] is True


def holds(condition: str, context: Mapping[str, object]) -> bool:
    """Is a form's condition true, as the browser sees it? One that can't be worked out is not.

    Raises:
        FeelStopped: when it takes too much time or memory.
    """
    try:
        return _settled("test", condition, context, {})["value"] is True
    except FeelStopped:
        raise
    except FeelError:
        return False


@lru_cache(maxsize=5_000)
def check(expression: str) -> None:
    """Check the syntax of an expression.

    Raises:
        FeelError: with the position, when it can't be read.
    """
    _check("expression", expression)


@lru_cache(maxsize=5_000)
def check_unary_test(test: str) -> None:
    """Check the syntax of a decision table's cell.

    Raises:
        FeelError: with the position, when it can't be read.
    """
    _check("test", test)


@lru_cache(maxsize=5_000)
def names(expression: str) -> frozenset[str]:
    """Names of the variables that an expression may read.

    Raises:
        FeelError: when it can't be read.
    """
    answer = ask_about("names", expression)
    if "error" in answer:
        raise FeelError(expression, answer["error"], answer.get("position"))
    return frozenset(answer["value"])


def reads(expression: str, context: Mapping[str, object]) -> dict[str, object]:
    """The variables that an expression reads, and of records only the entries that it names.

    Args:
        expression: one that could be evaluated.
        context: variables, JSON values.
    """
    read = names(expression)
    return {
        name: _narrowed(expression, name, context[name])
        for name in _occurring(expression, tuple(context))
        if name in read
    }


def _check(kind: str, expression: str) -> None:
    answer = ask(kind, expression, b"{}", RESULTS, {})
    if answer.get("position") is not None and "error" in answer:
        raise FeelError(expression, answer["error"], answer["position"])
    plain = _STRING.sub(lambda text: "x" * len(text[0]), expression)
    exponent = _EXPONENT.search(plain)
    if exponent:
        reason = said("Numbers have no exponent; write the number out.")
        raise FeelError(expression, reason, exponent.start())
    doubled = _DOUBLED.search(plain)
    if doubled:
        reason = said("Two comparisons follow each other; write one, such as = or >=.")
        raise FeelError(expression, reason, doubled.start())


def _settled(
    kind: str, expression: str, context: Mapping[str, object], functions: Functions
) -> dict[str, Any]:
    """Evaluate, answering calls of the host's functions until none is left."""
    read = {
        name: _narrowed(expression, name, context[name])
        for name in _occurring(expression, tuple(context))
    }
    try:
        variables = orjson.dumps(read, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    except TypeError as error:
        raise FeelError(
            expression, said("A variable is not a JSON value: %(reason)s.", reason=str(error))
        ) from error
    called = _occurring(expression, tuple(functions)) if functions else ()
    kinds = {name: RESULTS.get(name, "date time") for name in called}
    period = _period(expression)
    key_of_variables = short(variables)
    answers: dict[str, object] = {}
    for _ in range(MAX_PASSES):
        answered = orjson.dumps(answers) if answers else b""
        key = (kind, expression, key_of_variables, called, answered, period)
        answer: dict[str, Any] | None = memory.recall(key) if period is not None else None
        if answer is None:
            answer = ask(kind, expression, variables, kinds, answers)
            if period is not None and _is_small(answer):
                memory.remember(key, answer)
        if "error" in answer:
            raise FeelError(expression, answer["error"], answer.get("position"))
        if "calls" not in answer:
            return answer
        for name, arguments in answer["calls"]:
            call = orjson.dumps([name, arguments]).decode()
            answers[call] = _call(expression, functions[name], name, arguments)
    raise FeelStopped(expression, said("Its functions call each other too deeply."))


@lru_cache(maxsize=5_000)
def _occurring(expression: str, variables: tuple[str, ...]) -> tuple[str, ...]:
    code = _code(expression)
    return tuple(name for name in variables if name in code or name == "?")


@lru_cache(maxsize=5_000)
def _code(expression: str) -> str:
    """Without what stands in quotes, which reads nothing; comments may hold a lonely quote."""
    commented = "//" in expression or "/*" in expression
    return expression if commented else _STRING.sub('""', expression)


def _narrowed(expression: str, name: str, value: object) -> object:
    """Of a record, the entries that the expression names, where it names no more than entries."""
    if name == "?" or not isinstance(value, dict):
        return value
    entries = _entries(expression, name, tuple(value))
    return value if entries is None else {entry: value[entry] for entry in entries}


@lru_cache(maxsize=20_000)
def _entries(expression: str, name: str, keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """Entries read by `name.entry`; None where the record stands by itself at any place."""
    read: set[str] = set()
    code = _code(expression)
    if not all(isinstance(key, str) for key in keys):
        return None
    for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", code):
        between, dot, rest = code[match.end() :].partition(".")
        rest = rest.lstrip()
        if not dot or between.strip() or rest.startswith("."):
            return None
        read.update(key for key in keys if key and rest.startswith(key))
    return tuple(sorted(read))


def _period(expression: str) -> date | bool | None:
    """How long its results hold: for good (True), on one day of the office, or not at all."""
    words = _time_words(expression)
    if not words:
        return True
    return clock.now().astimezone(OFFICE).date() if words == {"today"} else None


@lru_cache(maxsize=5_000)
def _time_words(expression: str) -> frozenset[str]:
    return frozenset(_TIME_DEPENDENT.findall(expression))


def _is_small(answer: dict[str, Any]) -> bool:
    value = answer.get("value")
    return not isinstance(value, str | list | dict) or len(orjson.dumps(value)) <= LARGEST_ANSWER


def _call(
    expression: str, function: Callable[..., object], name: str, arguments: list[Any]
) -> object:
    try:
        result = function(*arguments)
    except (TypeError, ValueError, OverflowError) as error:
        raise FeelError(expression, f"{name}(): {error}") from error
    return result.isoformat() if isinstance(result, datetime) else result


def _refuse_warnings(expression: str, warnings: list[dict[str, Any]]) -> None:
    for warning in warnings:
        kind, name = warning["type"], warning["name"]
        may_be_null = kind in MISSING or kind == "INVALID_COMPARISON"
        if may_be_null and name and _expects_null(expression, name):
            continue
        mend = (
            " If it may be missing or null, compare it with null in the same expression."
            if may_be_null
            else ""
        )
        raise FeelError(expression, f"{warning['message']}.{mend}", warning["position"])


def _expects_null(expression: str, name: str) -> bool:
    word = rf"(?<![\w]){re.escape(name)}(?![\w])"
    return (
        re.search(
            rf"{word}\s*!?=\s*null\b|\bnull\s*!?=\s*[\w.]*{word}"
            rf"|\b(is defined|get or else)\s*\([^()]*{word}",
            expression,
        )
        is not None
    )
