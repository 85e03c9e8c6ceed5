"""The product: the same work through its JSON API, in process."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from bench.caller import Caller
from bench.measure import Figures, percentile
from broker_crm import clock, settings
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.people.models import Role, User, UserRole
from broker_crm.people.tokens import create_token
from broker_crm.schema import upgrade
from broker_crm.web import create_app

HERE = Path(__file__).parent
PROCESS = "ten-tasks"


def measure_product(db: str, url: str, folder: Path, instances: int, stock: float) -> Figures:
    """Start all instances, then complete step by step over all of them.

    Args:
        db: 'sqlite' or 'postgresql'.
        url: of an empty database.
        folder: for files.
        instances: how many.
        stock: the bare library's completions per second in this run.
    """
    upgrade(url)
    token, process_key = _prepare(url, folder)
    os.environ["BROKER_CRM_DATA_DIR"] = str(folder / f"data-{db}")
    os.environ["DATABASE_URL"] = url
    api = Caller(create_app(settings.load()), token)
    size_before = _size(url)
    began = time.perf_counter()
    waiting = []
    for number in range(instances):
        started = api.post(
            "/api/process-instances",
            {"process": process_key, "variables": {"number": number}},
            expected=201,
        )
        waiting.append(started["tasks"][0]["id"])
    starting = time.perf_counter() - began
    times: list[float] = []
    with _counted() as counts:
        began = time.perf_counter()
        while waiting:
            following = []
            for task_id in waiting:
                at = time.perf_counter()
                completed = api.post(
                    f"/api/tasks/{task_id}/complete", {"variables": _values()}, expected=200
                )
                times.append(time.perf_counter() - at)
                following.extend(task["id"] for task in completed["tasks"])
            waiting = following
        completing = time.perf_counter() - began
    completions = len(times)
    return Figures(
        db=db,
        starts_per_s=round(instances / starting, 1),
        completions_per_s=round(completions / completing, 1),
        p50_ms=round(percentile(times, 0.5) * 1000, 2),
        p95_ms=round(percentile(times, 0.95) * 1000, 2),
        statements_per_completion=round(counts["statements"] / completions, 2),
        commits_per_completion=round(counts["commits"] / completions, 2),
        bytes_per_instance=(_size(url) - size_before) // instances,
        ratio_to_stock=round(completions / completing / stock, 2),
    )


def _values() -> dict[str, object]:
    return {"note": "done"}


def _prepare(url: str, folder: Path) -> tuple[str, str]:
    office = folder / "office"
    (office / "bpmn").mkdir(parents=True, exist_ok=True)
    (office / "forms").mkdir(exist_ok=True)
    shutil.copy(HERE / "ten_tasks.bpmn", office / "bpmn")
    shutil.copy(HERE / "bench-step.form", office / "forms")
    engine = connect(url)
    with sessions(engine).begin() as session:
        session.add(
            User(
                login="bench",
                name="Bench",
                email="bench@brokeris.example",
                session_stamp="bench",
                created_at=clock.now(),
                role_rows=[UserRole(role=Role.SALESPERSON)],
            )
        )
        session.flush()
        published = publish_folder(session, office)
        token = create_token(session, "bench")
        key = published[0].process_key
    engine.dispose()
    return token, key


@contextmanager
def _counted() -> Iterator[dict[str, int]]:
    counts = {"statements": 0, "commits": 0}

    def statement(*_args: object) -> None:
        counts["statements"] += 1

    def commit(*_args: object) -> None:
        counts["commits"] += 1

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    try:
        yield counts
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)


def _size(url: str) -> int:
    """Bytes of the database."""
    address = make_url(url)
    if address.drivername == "sqlite":
        with closing(sqlite3.connect(str(address.database))) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Path(str(address.database)).stat().st_size
    engine = connect(url)
    with engine.connect() as connection:
        size: int = connection.exec_driver_sql(
            "SELECT pg_database_size(current_database())"
        ).scalar_one()
    engine.dispose()
    return size
