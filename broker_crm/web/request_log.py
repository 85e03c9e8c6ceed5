"""One log line and one count for each request: what was asked for and how it went, never who."""

from __future__ import annotations

import logging
import re
import uuid
from time import perf_counter

from flask import Flask, Response, g, request

from broker_crm import logs, metrics

HEADER = "X-Request-ID"
USABLE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
QUIET = frozenset({"static", "health.live", "health.ready", "health.health", "health.metrics"})
"""Asked so often that only failures are worth a line."""
NO_ENDPOINT = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
log = logging.getLogger(__name__)


def set_up(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    g.began = perf_counter()
    given = request.headers.get(HEADER, "")
    g.request_id = given if USABLE.fullmatch(given) else uuid.uuid4().hex
    logs.request_id.set(g.request_id)


def _end(response: Response) -> Response:
    seconds = perf_counter() - g.get("began", perf_counter())
    endpoint = request.endpoint or NO_ENDPOINT
    method = request.method if request.method in METHODS else "other"
    response.headers[HEADER] = g.get("request_id", "")
    metrics.REQUESTS.labels(endpoint, method, str(response.status_code)).inc()
    metrics.REQUEST_SECONDS.labels(endpoint).observe(seconds)
    if endpoint not in QUIET or response.status_code >= 500:
        facts = {
            "endpoint": endpoint,
            "method": method,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 1),
        }
        log.info("answered", extra={"facts": facts})
    return response


def _forget(_error: BaseException | None) -> None:
    logs.request_id.set(None)
