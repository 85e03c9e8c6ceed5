"""Log lines can't be forged, and errors are told without what people typed."""

from __future__ import annotations

import json
import logging
import sys
from typing import Literal

import pytest

from broker_crm.logs import OneLine

FORGED = "ona\r\nINFO broker_crm forged\x1b[31m\u2028\u0085{}"
SECRET = "Jonas Jonaitis"


def line(
    form: Literal["json", "text"],
    message: str,
    *args: object,
    name: str = "broker_crm.worker",
    error: BaseException | None = None,
    facts: dict[str, object] | None = None,
) -> str:
    trouble = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.ERROR, "file.py", 7, message, args, trouble)
    record.facts = facts or {}
    return OneLine(form).format(record)


def caught(secret: str) -> BaseException:
    try:
        try:
            {}[secret]
        except KeyError as error:
            raise ValueError(f"no client named {secret}") from error
    except ValueError:
        found = sys.exc_info()[1]
        assert found is not None
        return found


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_value_can_neither_end_a_line_nor_colour_it(form: Literal["json", "text"]) -> None:
    shown = line(form, "got %s", FORGED, facts={"value": FORGED})
    assert shown.isprintable() and len(shown.splitlines()) == 1


def test_a_json_line_gives_back_what_was_put_in() -> None:
    event = json.loads(line("json", "got %s", FORGED, facts={"value": FORGED}))
    assert event["message"] == f"got {FORGED}" and event["value"] == FORGED
    assert {"at", "level", "logger", "host", "process"} <= set(event)


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_error_is_told_by_kind_and_place_and_never_by_its_message(
    form: Literal["json", "text"],
) -> None:
    shown = line(form, "failed", error=caught(SECRET))
    assert SECRET not in shown
    assert "builtins.ValueError" in shown and "builtins.KeyError" in shown
    assert "test_logs.py:" in shown and "Traceback" not in shown


@pytest.mark.parametrize(
    ("name", "message", "args", "told"),
    [
        ("gunicorn.error", "Error handling request %s", (f"/?q={SECRET}",), "request …"),
        ("gunicorn.error", "Worker (pid:%s) was sent %s!", (42, "SIGKILL"), "(pid:42)"),
        ("rq.worker", "[Job %s]: %s", ("7", SECRET), "[Job …]: …"),
        ("sqlalchemy.pool", f"f-string with {SECRET}", (), "told at file:7"),
        ("any.library", "%(name)s", ({"name": SECRET},), "%(name)s"),
        ("any.library", "%d of %s", ("broken", SECRET), "%d of %s"),
    ],
)
def test_what_libraries_write_keeps_its_wording_without_its_values(
    name: str, message: str, args: tuple[object, ...], told: str
) -> None:
    shown = str(json.loads(line("json", message, *args, name=name))["message"])
    assert told in shown and SECRET not in shown
