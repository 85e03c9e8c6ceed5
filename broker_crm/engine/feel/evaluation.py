"""Evaluates expressions and unary tests, strictly, and remembers results.

FEEL is pure: the same expression over the same variables gives the same value, but for `now()`
and `today()`. So results are kept by expression and by those variables whose names occur in it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from threading import Lock
from typing import Any

import orjson

from broker_crm.calendar import WorkingCalendar
from broker_crm.engine.feel.errors import FeelError
from broker_crm.engine.feel.interpreter import ask

REMEMBERED = 20_000
MAX_PASSES = 10
CALENDAR_FUNCTIONS = {
    "working days after": "date time",
    "working days between": "number",
    "next working day at": "date time",
}
TIMER_FUNCTIONS = {"before due": "date time", "at due": "date time", "after due": "date time"}
FUNCTIONS = CALENDAR_FUNCTIONS | TIMER_FUNCTIONS

Functions = Mapping[str, Callable[..., object]]

_remembered: OrderedDict[tuple[object, ...], Any] = OrderedDict()
_lock = Lock()
_TIME_DEPENDENT = re.compile(r"\b(now|today)\s*\(")


def evaluate(
    expression: str,
    context: Mapping[str, object],
    *,
    calendar: WorkingCalendar | None = None,
    functions: Functions | None = None,
    strict: bool = True,
) -> Any:
    """Evaluate FEEL.

    Strict: a missing variable, a comparison of what can't be compared and a failing function are
    errors, not null. A variable or entry that may be missing must be compared with null in the
    same expression.

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
    offered = {**_calendar_functions(calendar), **(functions or {})}
    answer = _settled("expression", expression, context, offered)
    if strict:
        _refuse_warnings(expression, answer["warnings"])
    return answer["value"]


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


def unary_test(test: str, value: object, context: Mapping[str, object]) -> bool:
    """Does a decision table's cell accept the value?

    A null value is accepted only by a cell that names null.

    Args:
        test: the cell, such as `< 5`, `"a", "b"`, `[1..5]`, `not("x")`, `-`.
        value: the input.
        context: further variables that the cell may name.

    Raises:
        FeelError: as for `evaluate`.
    """
    answer = _settled("test", test, {**context, "?": value}, {})
    if value is None:
        return answer["value"] is True
    _refuse_warnings(test, answer["warnings"])
    return answer["value"] is True


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


def _check(kind: str, expression: str) -> None:
    answer = ask(kind, expression, b"{}", FUNCTIONS, {})
    if answer.get("position") is not None and "error" in answer:
        raise FeelError(expression, answer["error"], answer["position"])


def _settled(
    kind: str, expression: str, context: Mapping[str, object], functions: Functions
) -> dict[str, Any]:
    """Evaluate, answering calls of the host's functions until none is left."""
    read = {name: value for name, value in context.items() if name in expression or name == "?"}
    try:
        variables = orjson.dumps(read, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise FeelError(expression, f"A variable is not a JSON value: {error}.") from error
    kinds = {name: FUNCTIONS.get(name, "date time") for name in functions if name in expression}
    timeless = _TIME_DEPENDENT.search(expression) is None
    answers: dict[str, object] = {}
    for _ in range(MAX_PASSES):
        key = (kind, expression, variables, tuple(kinds), tuple(answers.items()))
        answer = _recall(key) if timeless else None
        if answer is None:
            answer = ask(kind, expression, variables, kinds, answers)
            if timeless:
                _remember(key, answer)
        if "error" in answer:
            raise FeelError(expression, answer["error"], answer.get("position"))
        if "calls" not in answer:
            return answer
        for name, arguments in answer["calls"]:
            call = orjson.dumps([name, arguments]).decode()
            answers[call] = _call(expression, functions[name], name, arguments)
    raise FeelError(expression, "Its functions call each other too deeply.")


def _recall(key: tuple[object, ...]) -> dict[str, Any] | None:
    with _lock:
        answer: dict[str, Any] | None = _remembered.get(key)
        if answer is not None:
            _remembered.move_to_end(key)
    return answer


def _remember(key: tuple[object, ...], answer: dict[str, Any]) -> None:
    with _lock:
        _remembered[key] = answer
        if len(_remembered) > REMEMBERED:
            _remembered.popitem(last=False)


def _call(
    expression: str, function: Callable[..., object], name: str, arguments: list[Any]
) -> object:
    try:
        return function(*arguments)
    except (TypeError, ValueError) as error:
        raise FeelError(expression, f"{name}(): {error}") from error


def _refuse_warnings(expression: str, warnings: list[dict[str, Any]]) -> None:
    for warning in warnings:
        missing = warning["type"] in {
            "NO_VARIABLE_FOUND",
            "NO_CONTEXT_ENTRY_FOUND",
            "NO_PROPERTY_FOUND",
        }
        if missing and _expects_null(expression, warning["name"]):
            continue
        mend = (
            " If it may be missing, compare it with null in the same expression." if missing else ""
        )
        raise FeelError(expression, f"{warning['message']}.{mend}", warning["position"])


def _expects_null(expression: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\s*!?=\s*null\b", expression) is not None


def _calendar_functions(calendar: WorkingCalendar | None) -> Functions:
    if calendar is None:
        return {}

    def after(day: str, count: float) -> str:
        start = _moment(day)
        if isinstance(start, datetime):
            return calendar.shift(start, count).isoformat()
        moved = calendar.add_working_days(start, int(count))
        return datetime.combine(moved, datetime.min.time(), calendar.zone).isoformat()

    def between(start: str, end: str) -> int:
        return calendar.working_days_between(_day(calendar, start), _day(calendar, end))

    def next_at(day: str, at: str) -> str:
        following = calendar.add_working_days(_day(calendar, day), 1)
        hour, minute = (int(part) for part in at.split(":")[:2])
        moment = datetime(following.year, following.month, following.day, hour, minute)  # noqa: DTZ001
        return moment.replace(tzinfo=calendar.zone).isoformat()

    return {
        "working days after": after,
        "working days between": between,
        "next working day at": next_at,
    }


def _day(calendar: WorkingCalendar, text: str) -> date:
    moment = _moment(text)
    return calendar.local_day(moment) if isinstance(moment, datetime) else moment


def _moment(text: object) -> date | datetime:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a date.")
    if len(text) == 10:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(re.sub(r"(@|\[).*$", "", text))
    if moment.tzinfo is None:
        raise ValueError(f"“{text}” has no time zone.")
    return moment
