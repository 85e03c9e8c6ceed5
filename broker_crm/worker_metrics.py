"""A worker's own metrics, on a port of its own for those operators who want them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client.exposition import generate_latest
from werkzeug.wrappers import Request, Response

from broker_crm.metrics import CONTENT_TYPE
from broker_crm.operators import is_operator
from broker_crm.settings import Settings

log = logging.getLogger(__name__)


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def serve(settings: Settings) -> WSGIServer | None:
    """Answer Prometheus in a thread until the process ends; None when no port is set.

    Raises:
        OSError: when the port can't be listened on.
    """
    if settings.worker_metrics_port is None:
        return None
    server = make_server(
        settings.host, settings.worker_metrics_port, _page(settings), handler_class=_Silent
    )
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _page(settings: Settings) -> Callable[[Any, Any], Iterable[bytes]]:
    def answer(environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        shown = Response(generate_latest(), content_type=CONTENT_TYPE)
        if request.path != "/metrics" or not is_operator(request, settings):
            shown = Response("Not found\n", 404)
        return shown(environ, start_response)

    return answer
