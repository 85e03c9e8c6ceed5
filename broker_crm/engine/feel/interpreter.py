"""The embedded JavaScript engine that runs FEEL, one per thread, with limits."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import orjson
import quickjs

from broker_crm import clock
from broker_crm.engine.feel.errors import FeelError

BUNDLE = Path(__file__).with_name("feelin.js")
MAX_SOURCE = 2_000
MAX_SECONDS = 0.5
MAX_BYTES = 64_000_000
MAX_STACK = 1_000_000

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
        kind: 'expression' or 'test'.
        expression: FEEL.
        context: the variables, as JSON.
        functions: names of the host's functions and the kind of their results.
        answers: results of calls by the call as JSON.

    Returns:
        'value' and 'warnings', or 'error', or the 'calls' that wait for an answer.

    Raises:
        FeelError: when the expression is too long or exceeds time or memory.
    """
    if len(expression) > MAX_SOURCE:
        raise FeelError(
            expression,
            f"It has {len(expression)} characters, the limit is {MAX_SOURCE}."
            " Split it with a script task.",
        )
    request = b'{"kind":%b,"expression":%b,"context":%b,"functions":%b,"answers":%b,"now":%d}' % (
        orjson.dumps(kind),
        orjson.dumps(expression),
        context,
        orjson.dumps(functions),
        orjson.dumps(answers),
        int(clock.now().timestamp() * 1000),
    )
    run = _interpreter()
    try:
        answer: dict[str, Any] = orjson.loads(run(request.decode()))
    except (quickjs.JSException, quickjs.StackOverflow, MemoryError) as error:
        _threads.interpreter = None
        raise FeelError(
            expression, f"It was stopped: it takes too much time or memory ({error})."
        ) from error
    return answer


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
