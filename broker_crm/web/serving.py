"""How gunicorn serves the product: its log in our form, its processes' metrics in one directory."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from gunicorn.glogging import Logger
from prometheus_client.multiprocess import mark_process_dead

from broker_crm import logs
from broker_crm import settings as environment
from broker_crm.metrics import SHARED_DIRECTORY
from broker_crm.settings import Settings
from broker_crm.web.answers.ahead import read_ahead

GRACE = 8
"""Seconds that requests under way are given to end when the web part is told to stop."""


def command(settings: Settings) -> list[str]:
    """The command that serves the pages and the JSON API."""
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--config=python:broker_crm.web.serving",
        f"--bind={_address(settings)}",
        f"--workers={settings.web_workers}",
        f"--graceful-timeout={GRACE}",
        "--log-level=warning",
        "--forwarded-allow-ips=",
        "--no-control-socket",
        "broker_crm.web:create_app()",
    ]


def environment_of(settings: Settings) -> dict[str, str]:
    """Variables that the command needs besides its own; makes an empty directory for metrics."""
    folder = settings.data_dir / "metrics" / str(settings.port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return {**os.environ, SHARED_DIRECTORY: str(folder)}


class Log(Logger):
    """gunicorn's own lines go where all lines go."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logs.set_up(environment.load().log_format)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logger_class = Log


def post_worker_init(worker: Any) -> None:
    """A web process that is ready reads what the questions are answered from."""
    read_ahead(worker.wsgi)


def child_exit(_server: object, worker: Any) -> None:
    """An ended process has no connections any more."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"
