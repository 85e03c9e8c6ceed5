"""Reads the columns when a web process starts, so that the first who asks need not wait for it."""

from __future__ import annotations

import logging
from threading import Thread

from flask import Flask

from broker_crm.analysis.mirror import columns
from broker_crm.db import UNAVAILABLE
from broker_crm.web import database

log = logging.getLogger(__name__)


def read_ahead(app: Flask) -> Thread:
    """Begin reading beside the requests; those who ask meanwhile wait only for the rest.

    A database that can't be reached is left to the first who asks.
    """
    beside = Thread(target=_read, args=(app,), name="columns", daemon=True)
    beside.start()
    return beside


def _read(app: Flask) -> None:
    try:
        with app.app_context(), columns(database.current()):
            log.info("The columns of the questions are read.")
    except UNAVAILABLE as error:
        log.warning("The columns of the questions could not be read at the start: %s", error)
