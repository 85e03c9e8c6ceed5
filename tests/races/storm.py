"""`make storm`: fifty users, a thousand tasks, every task wanted by several at once, over HTTP.

The web part runs as in production, in several processes, beside a worker. Users look for tasks,
take them, give them back and complete them; some send everything twice at the same instant.
Afterwards nothing may be lost, done twice or answered by an error page, and no error be logged.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from broker_crm import process
from broker_crm.db import connect, sessions
from broker_crm.integrity import broken
from broker_crm.people.models import Role
from broker_crm.people.tokens import create_token
from broker_crm.process.models import ProcessEvent, UserTask
from tests.outreach.mail_server import free_port
from tests.process.office import TWO_CALLS, add_user, publish
from tests.torture.__main__ import databases

WEB_PROCESSES = "3"
FORBIDDEN = ("left_open", "double", "lost", "error_pages", "errors_logged", "violations")


@dataclass
class Gathered:
    """What all users saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    completed_by: dict[str, list[str]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    not_json: int = 0
    times: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def storm(url: str, users: int, tasks: int, folder: Path) -> dict[str, Any]:
    """Run it on an empty, migrated database and count.

    Args:
        url: of the database.
        users: people at once.
        tasks: open at the beginning; each completion of a first step opens one more.
        folder: for files.
    """
    engine = connect(url)
    factory = sessions(engine)
    logins = [f"user{number:02}" for number in range(users)]
    with factory.begin() as session:
        for login in logins:
            add_user(session, login, Role.SALESPERSON)
        session.flush()
        tokens = {login: create_token(session, login) for login in logins}
    publish(factory, folder / "office", twoCalls=TWO_CALLS)
    for first in range(0, tasks, 100):
        with factory.begin() as session:
            for _ in range(first, min(first + 100, tasks)):
                process.start(session, "twoCalls", {}, by=logins[0])
    with factory() as session:
        wanted = [str(task) for task in session.scalars(select(UserTask.id))]
    engine.dispose()
    gathered = Gathered()
    with _product(url, folder) as address:
        began = time.monotonic()
        people = [
            threading.Thread(
                target=_person,
                args=(address, login, tokens[login], list(wanted), number, gathered),
            )
            for number, login in enumerate(logins)
        ]
        for person in people:
            person.start()
        for person in people:
            person.join()
        seconds = time.monotonic() - began
    with factory() as session:
        done = {
            str(task.id): task.completed_by
            for task in session.scalars(select(UserTask).where(UserTask.status == "completed"))
        }
        events = Counter(
            str(task_id)
            for task_id in session.scalars(
                select(ProcessEvent.task_id).where(ProcessEvent.kind == "task-completed")
            )
        )
        wrong = [str(each) for each in broken(session)]
    engine.dispose()
    answered = gathered.completed_by
    times = sorted(gathered.times)
    return {
        "users": users,
        "tasks": tasks,
        "requests": len(times),
        "requests_per_s": round(len(times) / seconds, 1),
        "p50_ms": round(times[len(times) // 2] * 1000, 1),
        "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
        "statuses": dict(sorted(gathered.statuses.items())),
        "completed": len(done),
        "left_open": sum(task not in done for task in wanted),
        "double": sum(len(by) > 1 for by in answered.values())
        + sum(times > 1 for times in events.values()),
        "lost": sum(done.get(task) != by[0] for task, by in answered.items())
        + sum(task not in answered and task not in gathered.unknown for task in done),
        "error_pages": gathered.not_json
        + sum(count for status, count in gathered.statuses.items() if status >= 500),
        "errors_logged": (folder / "log").read_text().count('"level": "error"'),
        "violations": wrong,
    }


def _person(
    address: str, login: str, token: str, wanted: list[str], seed: int, gathered: Gathered
) -> None:
    """Everybody goes for every task, in an order of their own, until all are done."""
    chance = random.Random(seed)
    chance.shuffle(wanted)
    for task in wanted:
        path = f"/api/tasks/{task}"
        habit = chance.random()
        if habit < 0.15:
            status, _ = _call(address, f"{path}/claim", token, gathered, {})
            if status == 200 and habit < 0.05:
                _call(address, f"{path}/release", token, gathered, {})
        elif habit < 0.25:
            _call(address, path, token, gathered)
        elif habit < 0.3:
            _call(address, "/api/tasks?scope=group&limit=5", token, gathered)
        if habit > 0.9:
            both = [
                threading.Thread(target=_complete, args=(address, task, login, token, gathered))
                for _ in range(2)
            ]
            for each in both:
                each.start()
            for each in both:
                each.join()
        elif task not in gathered.completed_by or chance.random() < 0.05:
            _complete(address, task, login, token, gathered)


def _complete(address: str, task: str, login: str, token: str, gathered: Gathered) -> None:
    body = {"variables": {"outcome": "yes"}}
    status, _ = _call(address, f"/api/tasks/{task}/complete", token, gathered, body)
    with gathered.lock:
        if status == 200:
            gathered.completed_by.setdefault(task, []).append(login)
        elif status == 0 or status >= 500:
            gathered.unknown.add(task)


def _call(
    address: str, path: str, token: str, gathered: Gathered, body: object = None
) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{address}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read()
    except OSError:
        status, text = 0, b"null"
    with gathered.lock:
        gathered.times.append(time.perf_counter() - began)
        gathered.statuses[status] += 1
    try:
        return status, json.loads(text)
    except ValueError:
        gathered.not_json += 1
        return status, None


@contextmanager
def _product(url: str, folder: Path) -> Iterator[str]:
    """Web processes and a worker, as an operator starts them."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "REDIS_URL"},
        "DATABASE_URL": url,
        "BROKER_CRM_DATA_DIR": str(folder / "data"),
        "BROKER_CRM_PORT": str(port),
        "BROKER_CRM_WEB_WORKERS": WEB_PROCESSES,
        "BROKER_CRM_LOG": "json",
    }
    with (folder / "log").open("w") as log:
        parts = [
            subprocess.Popen(
                [sys.executable, "-m", "broker_crm.cli", part],
                env=environment,
                stdout=log,
                stderr=log,
            )
            for part in ("serve", "worker")
        ]
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        for part in parts:
            part.terminate()
        for part in parts:
            part.wait()


def main() -> None:
    wanted = argparse.ArgumentParser(prog="tests.races.storm", description=__doc__)
    wanted.add_argument("--users", type=int, default=50)
    wanted.add_argument("--tasks", type=int, default=1000)
    wanted.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    wanted.add_argument("--url", help="an empty, migrated database, instead of one made here")
    asked = wanted.parse_args()
    good = True
    with tempfile.TemporaryDirectory(prefix="crm-storm-") as name:
        for url in databases(asked.url, asked.database, Path(name)):
            folder = Path(tempfile.mkdtemp(dir=name))
            figures = storm(url, asked.users, asked.tasks, folder)
            print(
                json.dumps({"db": url.partition(":")[0].partition("+")[0], **figures}), flush=True
            )
            counted = figures["double"], figures["lost"], figures["error_pages"]
            good = good and counted == (0, 0, 0) and not figures["violations"]
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
