"""The embedded JavaScript engine that runs FEEL, one per thread, with limits.

Nothing of Python can be reached from it: requests and answers are JSON texts. An expression that
exceeds a limit is stopped, and the engine that ran it is thrown away.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import orjson
import quickjs

from broker_crm import clock
from broker_crm.engine.feel.errors import FeelStopped
from broker_crm.engine.sentences import said

BUNDLE = Path(__file__).with_name("feelin.js")
MAX_SOURCE = 2_000
"""Characters of an expression."""
MAX_SECONDS = 0.25
"""Processor time of one evaluation."""
MAX_BYTES = 64_000_000
"""Memory of one engine; loaded, it holds about 4 MB."""
MAX_STACK = 1_000_000
MAX_ANSWER = 1_000_000
"""Characters of a result as JSON."""

_threads = threading.local()


def ask(
    kind: str,
    expression: str,
    context: bytes,
    functions: dict[str, str],
    answers: dict[str, object],
) -> dict[str, Any]:
    """Run an expression once.

    Args:
        kind: 'expression', or 'test' for a unary test of the variable '?'.
        expression: FEEL.
        context: the variables, as JSON.
        functions: names of the host's functions and the kind of their results.
        answers: results of calls by the call as JSON.

    Returns:
        'value' and 'warnings', or 'error', or the 'calls' that wait for an answer.

    Raises:
        FeelStopped: when the expression is too long or exceeds time or memory.
    """
    request = b'{"kind":%b,"expression":%b,"context":%b,"functions":%b,"answers":%b,"now":%d}' % (
        orjson.dumps(kind),
        _source(expression),
        context,
        orjson.dumps(functions),
        orjson.dumps(answers),
        int(clock.now().timestamp() * 1000),
    )
    return _run(expression, request)


def ask_about(kind: str, expression: str, text: str = "") -> dict[str, Any]:
    """Read an expression or a regular expression without variables.

    Args:
        kind: 'names' that an expression reads; does a text match a 'pattern', or a 'preset'.

    Returns:
        'value', or 'error'.

    Raises:
        FeelStopped: as for `ask`.
    """
    source = _source(expression)
    request = b'{"kind":%b,"expression":%b,"text":%b}' % (
        orjson.dumps(kind),
        source,
        orjson.dumps(text),
    )
    return _run(expression, request)


def _source(expression: str) -> bytes:
    if len(expression) > MAX_SOURCE:
        raise FeelStopped(
            expression,
            said(
                "It has %(count)s characters, the limit is %(limit)s. Split it with a script task.",
                count=len(expression),
                limit=MAX_SOURCE,
            ),
        )
    try:
        return orjson.dumps(expression)
    except TypeError as error:
        raise FeelStopped(expression, said("It has characters that are no text.")) from error


def _run(expression: str, request: bytes) -> dict[str, Any]:
    run = _interpreter()
    try:
        answer = run(request.decode())
    except (quickjs.JSException, quickjs.StackOverflow, MemoryError) as error:
        _threads.interpreter = None
        raise FeelStopped(
            expression,
            said(
                "It was stopped: it takes too much time or memory (%(reason)s).", reason=str(error)
            ),
        ) from error
    if len(answer) > MAX_ANSWER:
        raise FeelStopped(
            expression, said("Its result has more than %(limit)s characters.", limit=MAX_ANSWER)
        )
    found: dict[str, Any] = orjson.loads(answer)
    return found


def _interpreter() -> Any:
    kept = getattr(_threads, "interpreter", None)
    if kept is None or kept[0] != os.getpid():
        context = quickjs.Context()
        context.set_memory_limit(MAX_BYTES)
        context.set_max_stack_size(MAX_STACK)
        context.eval(BUNDLE.read_text())
        context.set_time_limit(MAX_SECONDS)
        kept = (os.getpid(), context.get("feel"), context)
        _threads.interpreter = kept
    return kept[1]
