"""Calls the JSON API as a web server does, so that no test client's own work is timed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

WsgiApp = Callable[..., Any]


class Caller:
    """Posts JSON to a WSGI application."""

    def __init__(self, application: WsgiApp, token: str) -> None:
        self._application = application
        self._environ = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "CONTENT_TYPE": "application/json",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }

    def post(self, path: str, body: object, expected: int) -> Any:
        """The answer's JSON.

        Args:
            path: of the endpoint.
            body: sent as JSON.
            expected: the status that counts as success.

        Raises:
            RuntimeError: on any other status.
        """
        sent = json.dumps(body).encode()
        status: list[str] = []
        answer = self._application(
            {
                **self._environ,
                "PATH_INFO": path,
                "CONTENT_LENGTH": str(len(sent)),
                "wsgi.input": io.BytesIO(sent),
            },
            lambda line, *_headers: status.append(line),
        )
        try:
            received = b"".join(answer)
        finally:
            answer.close()
        if not status[0].startswith(str(expected)):
            raise RuntimeError(f"POST {path}: {status[0]}: {received.decode()}")
        return json.loads(received)
