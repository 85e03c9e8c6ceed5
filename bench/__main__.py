"""`make bench`: starts and completions through the JSON API, on SQLite and PostgreSQL.

Each database runs the same job in the same run as the bare library: 200 instances of a process of
ten user tasks, one step over all instances before the next. The last lines are JSON.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from bench.measure import Figures
from bench.product import measure_product
from bench.servers import databases
from bench.stock import measure_stock

INSTANCES = 200


def main() -> None:
    stock = measure_stock(INSTANCES)
    print(f"bare SpiffWorkflow, full JSON in memory: {stock:.0f} completions/s\n")
    figures: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="crm-bench-") as folder, databases(folder) as urls:
        for db, url in urls.items():
            figures.append(measure_product(db, url, Path(folder), INSTANCES, stock))
    print(Figures.heading())
    for each in figures:
        print(each.row())
    print()
    for each in figures:
        print(json.dumps(each.as_dict()))


main()
