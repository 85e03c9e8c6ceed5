"""`make campaign`: a campaign over 100,000 clients while people work, on SQLite and PostgreSQL.

Completes the same ordinary steps twice in one run: alone, and while a worker makes the list and
starts waves. Prints both latencies, how long the list and each wave took, and the worker's memory;
fails unless each client stands in the list once and each started recipient has one case.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, sessionmaker

from bench.measure import percentile
from bench.servers import databases
from broker_crm import clock, process, settings
from broker_crm.composition import compose
from broker_crm.crm import campaign_lists, campaign_waves, campaigns
from broker_crm.crm.models import Campaign, CampaignRecipient, CampaignStatus, Client, Product
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask
from broker_crm.process.plain_text import plain
from broker_crm.sample import seed
from broker_crm.schema import upgrade

HERE = Path(__file__).parent
ROOT = HERE.parent
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
BATCH = 2_000
THINKING = 0.03
"""Seconds between two completions, alone and beside the worker alike."""
PEOPLE = {
    "product-manager": "product",
    "compliance": "compliance",
    "sales-manager": "manager",
    "marketing": "marketing",
}
TEXT = "Vežėjai dažnai neapdraudžia savo atsakomybės pagal CMR konvenciją. Parodysime, kaip."
STEPS: dict[str, dict[str, object]] = {
    "campaign-brief": {
        "goal": "Sutartys",
        "targetMarket": "Įmonės",
        "insideTargetMarket": True,
        "budget": 500,
    },
    "campaign-segment": {
        "segmentKind": "legal",
        "segmentStatus": "active",
        "segmentSector": "any",
        "segmentSize": "any",
        "holdOutPercent": 10,
        "stopPercent": 90,
    },
    "campaign-material": {
        "headline": "Tema",
        "messageA": TEXT,
        "messageB": TEXT,
        "materialCost": 5,
    },
    "content-approval": {"contentOutcome": "approve"},
    "permission-approval": {"permissionOutcome": "approve"},
    "capacity-approval": {"capacityOutcome": "approve"},
    "campaign-test": {"testEmail": "marketing@broker.example"},
    "campaign-check": {"testOutcome": "good"},
}


@dataclass
class Work:
    """How long the completions of one time took, in seconds."""

    seconds: list[float] = field(default_factory=list)

    def figures(self, name: str) -> dict[str, float]:
        return {
            f"{name}_n": len(self.seconds),
            f"{name}_p50_ms": round(percentile(self.seconds, 0.5) * 1000, 1),
            f"{name}_p95_ms": round(percentile(self.seconds, 0.95) * 1000, 1),
            f"{name}_max_ms": round(max(self.seconds) * 1000, 1),
        }


def main() -> None:
    wanted = argparse.ArgumentParser(prog="bench.campaign", description=__doc__.partition("\n")[0])
    wanted.add_argument("--clients", type=int, default=100_000)
    wanted.add_argument("--wave", type=int, default=300)
    wanted.add_argument("--waves", type=int, default=2)
    wanted.add_argument("--cases", type=int, default=120, help="ten steps each, done meanwhile")
    wanted.add_argument("--only", choices=("sqlite", "postgresql"))
    asked = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="crm-campaign-") as folder, databases(folder) as urls:
        for db, url in urls.items():
            if asked.only in (None, db):
                print(json.dumps(measure(db, url, Path(folder) / db, asked)), flush=True)


def measure(db: str, url: str, folder: Path, asked: argparse.Namespace) -> dict[str, object]:
    """The figures of one database."""
    factory = _furnish(url, folder, asked.clients)
    office = _cases(factory, folder, asked.cases)
    with clock.use(clock.SimulatedClock(MONDAY)):
        campaign_id, case = _campaign(factory)
        _walk(factory, case, ["campaign-brief"], asked.wave)
        alone = Work()
        _complete(office, alone, asked.cases // 3 * 10)
        began = time.perf_counter()
        _walk(factory, case, ["campaign-segment"], asked.wave)
        ordered = time.perf_counter() - began
    listing = Work()
    made = _beside(url, MONDAY, _make_list, lambda: _complete_once(office, listing))
    with clock.use(clock.SimulatedClock(MONDAY)):
        rest = [step for step in STEPS if step not in ("campaign-brief", "campaign-segment")]
        _walk(factory, case, rest, asked.wave)
    sending, waves, memory = Work(), [], 0
    for number in range(asked.waves):
        day = MONDAY + timedelta(days=number)
        wave = _beside(url, day, _send_wave, lambda: _complete_once(office, sending))
        waves.append(round(wave["seconds"], 1))
        memory = max(memory, int(wave["memory"]))
    _check(factory, campaign_id, asked)
    return {
        "db": db,
        "clients": asked.clients,
        **alone.figures("alone"),
        "list_ordered_s": round(ordered, 2),
        "list_made_s": round(made["seconds"], 1),
        **listing.figures("listing"),
        "wave": asked.wave,
        "waves_s": waves,
        **sending.figures("sending"),
        "worker_mb": memory // 1024,
    }


def _furnish(url: str, folder: Path, number: int) -> sessionmaker[Session]:
    folder.mkdir()
    told = {"DATABASE_URL": url, "BROKER_CRM_DATA_DIR": str(folder), "BROKER_CRM_DEMO": "1"}
    os.environ.update(told)
    compose()
    upgrade(url)
    factory = sessions(connect(url))
    with clock.use(clock.SimulatedClock(MONDAY)):
        with factory.begin() as session:
            publish_folder(session, ROOT)
        seed(factory, settings.load(told), history=False)
        for first in range(0, number, BATCH):
            with factory.begin() as session:
                session.execute(insert(Client), [_client(first + each) for each in range(BATCH)])
    return factory


def _client(number: int) -> dict[str, object]:
    name = f"UAB „Imtis {number}“"
    return {
        "kind": "legal",
        "name": name,
        "search_name": plain(name),
        "status": "active",
        "email": f"imtis{number}@klientas.example",
        "language": "lt",
        "owner": ("jonas", "egle", "tomas")[number % 3],
        "vip": number % 50 == 0,
        "do_not_contact": number % 40 == 0,
        "created_at": MONDAY,
    }


def _cases(factory: sessionmaker[Session], folder: Path, number: int) -> Office:
    office = folder / "office"
    (office / "bpmn").mkdir(parents=True)
    (office / "forms").mkdir()
    shutil.copy(HERE / "ten_tasks.bpmn", office / "bpmn")
    shutil.copy(HERE / "bench-step.form", office / "forms")
    waiting: list[UUID] = []
    with factory.begin() as session:
        publish_folder(session, office)
    for _each in range(number):
        with factory.begin() as session:
            waiting += [task.id for task in process.start(session, "ten-tasks", {}, by=None).tasks]
    return Office(factory, waiting)


@dataclass
class Office:
    """Ordinary cases and their open steps."""

    factory: sessionmaker[Session]
    waiting: list[UUID]


def _complete(office: Office, work: Work, number: int) -> None:
    for _each in range(number):
        _complete_once(office, work)


def _complete_once(office: Office, work: Work) -> bool:
    if not office.waiting:
        return False
    task_id = office.waiting.pop(0)
    began = time.perf_counter()
    with office.factory.begin() as session:
        done = process.complete(session, task_id, {"note": "atlikta"}, by="jonas")
    work.seconds.append(time.perf_counter() - began)
    office.waiting += [task.id for task in done.tasks]
    time.sleep(THINKING)
    return True


def _campaign(factory: sessionmaker[Session]) -> tuple[int, UUID]:
    with factory.begin() as session:
        product = session.scalars(select(Product.id).where(Product.key == "cyber")).one()
        started = campaigns.create(session, "Imties kampanija", product, by="marketing")
        found = session.scalars(
            select(Campaign.id).where(Campaign.instance_id == started.instance.id)
        ).one()
        return found, started.instance.id


def _walk(factory: sessionmaker[Session], case: UUID, steps: list[str], wave: int) -> None:
    for step in steps:
        values = {**STEPS[step], **({"waveSize": wave} if step == "campaign-segment" else {})}
        with factory.begin() as session:
            task = session.scalars(
                select(UserTask).where(
                    UserTask.instance_id == case,
                    UserTask.step == step,
                    UserTask.status == TaskStatus.OPEN,
                )
            ).one()
            by = task.assignee or PEOPLE[task.candidate_group or ""]
            process.complete(session, task.id, values, by=by)


def _beside(
    url: str,
    now: datetime,
    work: Callable[[sessionmaker[Session]], None],
    meanwhile: Callable[[], bool],
) -> dict[str, float]:
    """Let another process work while this one does what is meant to go on meanwhile."""
    forked = multiprocessing.get_context("fork")
    over, answer = forked.Event(), forked.Queue()
    worker = forked.Process(target=_other, args=(url, now, work, over, answer))
    worker.start()
    while not over.is_set() and worker.is_alive():
        with clock.use(clock.SimulatedClock(now)):
            if not meanwhile():
                over.wait(1)
    found: dict[str, float] = answer.get(timeout=60)
    worker.join()
    return found


def _other(
    url: str,
    now: datetime,
    work: Callable[[sessionmaker[Session]], None],
    over: Event,
    answer: Any,
) -> None:
    factory = sessions(connect(url))
    began = time.perf_counter()
    with clock.use(clock.SimulatedClock(now)):
        work(factory)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer.put({"seconds": time.perf_counter() - began, "memory": memory})
    over.set()


def _make_list(factory: sessionmaker[Session]) -> None:
    campaign_lists.make_lists(factory, lambda: False)


def _send_wave(factory: sessionmaker[Session]) -> None:
    while campaign_waves.send_waves(factory, lambda: False):
        pass


def _check(factory: sessionmaker[Session], campaign_id: int, asked: argparse.Namespace) -> None:
    row = CampaignRecipient
    mine = row.campaign_id == campaign_id
    with factory() as session:
        listed = session.scalar(select(func.count()).where(mine)) or 0
        segment = session.scalar(
            select(func.count()).where(Client.kind == "legal", Client.status == "active")
        )
        started = session.scalar(select(func.count()).where(mine, row.started_at.is_not(None)))
        cases = session.scalar(
            select(func.count()).where(ProcessInstance.process_key == campaign_waves.RECIPIENT)
        )
        status = session.get_one(Campaign, campaign_id).status
    expected = asked.wave * asked.waves
    if (listed, started, cases, status) != (segment, expected, expected, CampaignStatus.RUNNING):
        raise SystemExit(f"Somebody was lost or doubled: {listed}/{segment}, {started}, {cases}")


if __name__ == "__main__":
    main()
