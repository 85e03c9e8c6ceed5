"""Reading and writing the API's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request
from flask_babel import gettext as _

from broker_crm.process.errors import SubmissionRejected
from broker_crm.web.errors import Unreadable

LONGEST_KEY = 200
WRITE = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def answer(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body, option=WRITE), status, mimetype="application/json")


Kinds = Mapping[str, type | tuple[type, ...]]


def body(required: Kinds, optional: Kinds) -> dict[str, Any]:
    """The request's JSON object, its members checked by name and type.

    Raises:
        Unreadable: when it is not a JSON object.
        SubmissionRejected: naming each member that is missing, unknown or of the wrong type.
    """
    try:
        given = orjson.loads(request.get_data() or b"{}")
    except orjson.JSONDecodeError as error:
        raise Unreadable(_("This is not JSON: %(reason)s", reason=str(error))) from error
    if not isinstance(given, dict):
        raise Unreadable(_("Send a JSON object."))
    wrong: dict[str, list[str]] = {}
    for name, kind in {**required, **optional}.items():
        if name not in given:
            if name in required:
                wrong[name] = ["Field is required."]
        elif not isinstance(given[name], kind):
            wrong[name] = [_("The value has the wrong type.")]
    for name in given.keys() - required.keys() - optional.keys():
        wrong[name] = [_("There is no such field.")]
    if wrong:
        raise SubmissionRejected(wrong)
    return given


def idempotency_key() -> str | None:
    """The header `Idempotency-Key`: a call repeated with it has one effect.

    Raises:
        Unreadable: when it is empty, too long or not printable ASCII.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (
        0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()
    ):
        raise Unreadable(
            _(
                "Idempotency-Key must have 1 to %(longest)s printable ASCII characters.",
                longest=LONGEST_KEY,
            )
        )
    return key


def number(name: str, default: int, highest: int) -> int:
    """A whole number of the query string, from 1 to the highest."""
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= highest:
        raise Unreadable(
            _("%(name)s must be a whole number from 1 to %(highest)s.", name=name, highest=highest)
        )
    return int(text)


def iso(moment: Any) -> str | None:
    """An instant in ISO 8601, UTC."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def text_id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
