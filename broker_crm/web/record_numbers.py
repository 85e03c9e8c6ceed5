"""Numbers of records in addresses: one that no database can hold is the address of nothing."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**63 - 1


class RecordNumber(IntegerConverter):
    """A whole number that a column can hold."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST)


def set_up(app: Flask) -> None:
    app.url_map.converters["int"] = RecordNumber
