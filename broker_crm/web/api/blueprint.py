"""Puts the API's addresses together; every one but the description needs a bearer token."""

from __future__ import annotations

from flask import Blueprint

from broker_crm.web.api import (
    answers,
    bearer,
    bottlenecks,
    comparison,
    description,
    experiments,
    instances,
    messages,
    simulations,
    steering,
    tasks,
)

blueprint = Blueprint("api", __name__, url_prefix="/api")
blueprint.before_request(bearer.identify)

for part in (
    description,
    instances,
    messages,
    steering,
    tasks,
    answers,
    bottlenecks,
    comparison,
    simulations,
    experiments,
):
    for path, method, view in part.ADDRESSES:
        blueprint.add_url_rule(path, view.__name__, view, methods=[method])
