"""Messages from outside to the instance that waits for them."""

from __future__ import annotations

from flask import Response

from broker_crm.web import commands
from broker_crm.web.api.bearer import caller
from broker_crm.web.api.bodies import answer, body


def message() -> Response:
    given = body({"name": str}, {"correlation_key": str, "variables": dict})
    taken = commands.send_message(
        given["name"], given.get("correlation_key"), given.get("variables", {}), by=caller()
    )
    return answer({"delivered": taken})


ADDRESSES = [("/messages", "POST", message)]
