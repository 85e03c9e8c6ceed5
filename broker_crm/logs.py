"""The log: one line for one event, without people's data, whoever wrote it.

An error is told by its kind and the places in the code, never by its message: messages quote names,
addresses and values. Of other libraries' lines, wording and numbers are kept; where wording and
values can't be told apart, only the place in the library's code.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import Any, Literal

from broker_crm.heartbeat import host

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
MOST_PLACES = 25
MOST_CAUSES = 5
HIDDEN = "…"


class OneLine(logging.Formatter):
    """Writes an event as one line, as JSON or to be read at a terminal."""

    def __init__(self, form: Literal["json", "text"]) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        event = described(record)
        if self._form == "json":
            return json.dumps(event, default=str)
        facts = {
            name: value
            for name, value in event.items()
            if name not in ("at", "level", "logger", "message", "host", "process")
        }
        line = f"{event['level']} {event['logger']} {event['message']}"
        return _printable(f"{line} {json.dumps(facts, default=str)}" if facts else line)


def set_up(form: Literal["json", "text"]) -> None:
    """Send every log line of this process to standard error in one form.

    Args:
        form: 'json' for machines, 'text' for a terminal.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("broker_crm").setLevel(logging.INFO)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def described(record: logging.LogRecord) -> dict[str, object]:
    """An event as it is written.

    Args:
        record: its attribute `facts`, given through `extra`, is added by name.
    """
    event: dict[str, object] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _message(record),
        "host": host(),
        "process": record.process,
    }
    if asked := request_id.get():
        event["request"] = asked
    event |= getattr(record, "facts", {})
    if record.exc_info and record.exc_info[1] is not None:
        event["error"] = told(record.exc_info[1])
    return event


def told(error: BaseException, causes: int = MOST_CAUSES) -> dict[str, object]:
    """An error by its kind, its number and the places that it went through, without its message."""
    kind = type(error)
    known: dict[str, object] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    sqlstate = getattr(getattr(error, "orig", error), "sqlstate", None)
    if isinstance(sqlstate, str):
        known["sqlstate"] = sqlstate
    if isinstance(error, OSError) and error.errno is not None:
        known["errno"] = error.errno
    known["places"] = _places(error.__traceback__)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes:
        known["because"] = told(cause, causes - 1)
    return known


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        file = "/".join(PurePath(code.co_filename).parts[-3:])
        places.append(f"{file}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-MOST_PLACES:]


def _message(record: logging.LogRecord) -> str:
    if record.name.split(".")[0] in ("broker_crm", "__main__"):
        return record.getMessage()
    if not record.args:
        return f"told at {record.module}:{record.lineno}"
    if isinstance(record.args, Mapping):
        return str(record.msg)
    harmless: list[Any] = [
        each if isinstance(each, (int, float)) else HIDDEN for each in record.args
    ]
    try:
        return str(record.msg) % tuple(harmless)
    except (TypeError, ValueError):
        return str(record.msg)


def _printable(line: str) -> str:
    """The line with everything escaped that could end it or colour what follows."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in line
    )


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("broker_crm").critical("ended by an error", exc_info=(kind, error, trace))


def _uncaught_in_thread(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None:
        logging.getLogger("broker_crm").error(
            "a thread ended by an error",
            exc_info=(what.exc_type, what.exc_value, what.exc_traceback),
        )
