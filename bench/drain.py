"""`make drain`: 10,000 due timers, 100 of them poisoned, fired by several workers.

Prints how many fired each second on SQLite and PostgreSQL, and fails unless each sound timer fired
exactly once and each poisoned one ended parked with an incident.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from bench.servers import databases
from broker_crm import clock, process
from broker_crm.composition import compose
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.process.leases import BACK_OFF
from broker_crm.process.models import Incident, ProcessEvent, Timer
from broker_crm.schema import upgrade

HERE = Path(__file__).parent
PROCESS = "due-timer"
STARTED = datetime(2026, 3, 2, 9, tzinfo=UTC)
AT_ONCE = 200


def main() -> None:
    wanted = argparse.ArgumentParser(prog="bench.drain", description=__doc__.partition("\n")[0])
    wanted.add_argument("--timers", type=int, default=10_000)
    wanted.add_argument("--poisoned", type=int, default=100)
    wanted.add_argument("--workers", type=int, default=2)
    asked = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="crm-drain-") as folder, databases(folder) as urls:
        for db, url in urls.items():
            print(json.dumps(drain(db, url, asked.timers, asked.poisoned, asked.workers)))


def drain(db: str, url: str, timers: int, poisoned: int, workers: int) -> dict[str, object]:
    """Start instances with one timer each, let the workers fire them, and count."""
    upgrade(url)
    engine = connect(url)
    factory = sessions(engine)
    _start(factory, timers, poisoned)
    engine.dispose()
    now = STARTED + timedelta(days=1)
    began = time.perf_counter()
    _work(url, now, workers)
    seconds = time.perf_counter() - began
    for wait in BACK_OFF:
        now += wait
        _work(url, now, workers)
    with factory() as session:
        fired = _count(session, ProcessEvent.kind == "timer-fired")
        incidents = session.scalar(select(func.count()).select_from(Incident)) or 0
        parked = session.scalar(select(func.count()).where(Timer.parked.is_(True))) or 0
        left = session.scalar(select(func.count()).where(Timer.parked.is_(False))) or 0
    engine.dispose()
    figures: dict[str, object] = {
        "db": db,
        "workers": workers,
        "timers": timers,
        "poisoned": poisoned,
        "fired": fired,
        "parked": parked,
        "incidents": incidents,
        "left": left,
        "fired_per_s": round(fired / seconds, 1),
    }
    if (fired, parked, incidents, left) != (timers - poisoned, poisoned, poisoned, 0):
        raise SystemExit(f"Not each timer was dealt with once: {figures}")
    return figures


def _start(factory: sessionmaker[Session], timers: int, poisoned: int) -> None:
    """The poisoned ones lack the variable that their rule compares; they are due first."""
    with clock.use(clock.SimulatedClock(STARTED)):
        with factory.begin() as session:
            publish_folder(session, HERE / "drain")
        for first in range(0, timers, AT_ONCE):
            with factory.begin() as session:
                for number in range(first, min(first + AT_ONCE, timers)):
                    variables = {} if number < poisoned else {"premium": number}
                    process.start(session, PROCESS, variables, by=None)


def _work(url: str, now: datetime, workers: int) -> None:
    forked = multiprocessing.get_context("fork")
    running = [forked.Process(target=_sweep, args=(url, now)) for _ in range(workers)]
    for worker in running:
        worker.start()
    for worker in running:
        worker.join()


def _sweep(url: str, now: datetime) -> None:
    compose()
    factory = sessions(connect(url))
    with clock.use(clock.SimulatedClock(now)):
        while True:
            swept = process.fire_due_timers(factory)
            if not swept.fired and not swept.failed:
                return


def _count(session: Session, condition: object) -> int:
    return session.scalar(select(func.count()).where(condition)) or 0  # type: ignore[call-overload,no-any-return]


if __name__ == "__main__":
    main()
