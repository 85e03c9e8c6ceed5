"""`make answers`: the fourteen questions over ten million process events, on SQLite and PostgreSQL.

Copies a sample of real cases until there are as many events, then asks every question for the last
twelve months of everything, for one salesperson, and for one product of one sector. Prints the
first asking, which reads all rows, the median of warm ones, those of the analysts' pages, what each
question reads of the columns, how long one takes right after a completion, and beside it the plain
SQL for “who was late” on the same database in the same run. Fails when an answer does not know of
the completion.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    Text,
    Uuid,
    func,
    insert,
    literal,
    null,
    select,
    text,
)
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session, sessionmaker

from bench.servers import databases
from broker_crm import clock, process, settings
from broker_crm.analysis.bottlenecks.conformance import conformance
from broker_crm.analysis.bottlenecks.finding import bottlenecks, busiest
from broker_crm.analysis.bottlenecks.load import load
from broker_crm.analysis.bottlenecks.paths import paths
from broker_crm.analysis.comparison import compare
from broker_crm.analysis.ledger import Ledger, ledger
from broker_crm.analysis.mirror import columns
from broker_crm.analysis.questions import QUESTIONS, answer
from broker_crm.analysis.segments import find_segments
from broker_crm.analysis.slices import Slice
from broker_crm.composition import compose
from broker_crm.crm.models import Offer, OfferDeviation, OfferLine
from broker_crm.db import Base, connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.process.models import ProcessEvent, ProcessInstance, TaskStatus, UserTask
from broker_crm.sample import seed
from broker_crm.schema import upgrade

ROOT = Path(__file__).parent.parent
EVENTS = 10_000_000
COPIED: tuple[type[Base], ...] = (
    ProcessInstance,
    UserTask,
    ProcessEvent,
    Offer,
    OfferLine,
    OfferDeviation,
)
REPEATS = 5
ANALYSED = 3
PLAIN_LATENESS = """
    SELECT t.completed_by, count(*), sum(e.late_days), sum(CASE WHEN e.late_days > 0 THEN 1 END)
    FROM user_task t JOIN process_event e ON e.task_id = t.id AND e.kind = 'task-completed'
    WHERE t.due_at >= :since GROUP BY 1
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=int, default=EVENTS)
    asked.add_argument("--share", type=float, default=0.2, help="of the sample's past, to copy")
    asked.add_argument("--database", choices=("sqlite", "postgresql"))
    options = asked.parse_args()
    compose()
    with tempfile.TemporaryDirectory(prefix="crm-answers-") as folder, databases(folder) as urls:
        for name, url in urls.items():
            if options.database in (None, name):
                measure(name, url, Path(folder), options.events, options.share)


def measure(name: str, url: str, folder: Path, events: int, share: float) -> None:
    engine = furnish(url, folder / name, share)
    factory = sessions(engine)
    grow(engine, events)
    with factory() as session:
        counts = [session.scalar(select(func.count()).select_from(each)) for each in COPIED[:3]]
        print(
            f"\n{name}: {counts[2]:,} events, {counts[1]:,} steps, {counts[0]:,} cases", flush=True
        )
        began = time.perf_counter()
        with columns(session) as (_cursor, _office):
            first = time.perf_counter() - began
        print(f"first asking, reading everything: {first:.1f} s")
        whole = next(iter(parts(session).values()))
        for told, part in parts(session).items():
            print(f"{told}: {ask(session, part)}", flush=True)
        print(f"the analysts' pages, all of it: {analyse(session, whole)}", flush=True)
        for line in plans(session, whole):
            print(f"  {line}")
    print(f"after a completion, Q2: {after_completion(factory):.0f} ms", flush=True)
    with factory() as session:
        since = clock.now() - timedelta(days=365)
        began = time.perf_counter()
        session.execute(text(PLAIN_LATENESS), {"since": since.replace(tzinfo=None)}).all()
        print(f"plain SQL, who was late: {time.perf_counter() - began:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of the process at its peak: {peak:,.0f} MB", flush=True)
    engine.dispose()


def furnish(url: str, folder: Path, share: float) -> Engine:
    """The product's processes and a share of the sample's past."""
    loaded = settings.load(
        {"BROKER_CRM_DATA_DIR": str(folder), "DATABASE_URL": url, "BROKER_CRM_DEMO": "1"}
    )
    upgrade(url)
    engine = connect(url)
    factory = sessions(engine)
    with factory.begin() as session:
        publish_folder(session, ROOT)
    seed(factory, loaded, history=True, share=share)
    return engine


def grow(engine: Engine, events: int) -> None:
    """Copy cases with all that belongs to them until there are as many events."""
    with engine.connect() as connection:
        there = connection.scalar(select(func.count()).select_from(ProcessEvent)) or 1
        tops = {each: connection.scalar(select(func.max(each.id))) for each in COPIED[2:]}  # type: ignore[attr-defined]
    for copy in range(1, max(events // there, 1)):
        with engine.begin() as connection:
            for model in COPIED:
                connection.execute(copied(engine, model, copy, tops))
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            for model in COPIED[2:]:
                _number_on(connection, model)


def _number_on(connection: Connection, model: type[Base]) -> None:
    """Let new rows have numbers above those of the copies."""
    ids = cast(Table, model.__table__).c.id
    numbers = func.pg_get_serial_sequence(model.__tablename__, ids.name)
    connection.execute(select(func.setval(numbers, func.max(ids))))


def copied(engine: Engine, model: type[Base], copy: int, tops: dict[Any, Any]) -> Any:
    """The rows of the first copy once more, under ids of their own."""
    table = cast(Table, model.__table__)
    shifted = {
        "offer_id": tops[Offer],
        "line_id": tops[OfferLine],
        "id": tops.get(model, 0),
    }
    chosen: list[Any] = []
    for column in table.columns:
        if isinstance(column.type, Uuid):
            chosen.append(_other_id(engine, column, copy))
        elif column.name in shifted and column.name != "policy_id":
            chosen.append(column + copy * shifted[column.name])
        elif column.name == "link_hash":
            chosen.append(null())
        elif column.name == "state":
            chosen.append(literal(b"", column.type))
        else:
            chosen.append(column)
    first = select(*chosen)
    if model in tops:
        first = first.where(table.c.id <= tops[model])
    elif model is ProcessInstance:
        first = first.where(func.length(ProcessInstance.state) > 0)
    else:
        first = first.where(
            UserTask.instance_id.in_(
                select(ProcessInstance.id).where(func.length(ProcessInstance.state) > 0)
            )
        )
    return insert(table).from_select(list(table.columns), first)


def _other_id(engine: Engine, column: Any, copy: int) -> Any:
    """The id with the copy's number in front, and 5 for its version, which first ones never are."""
    sqlite = engine.dialect.name == "sqlite"
    digits, version = (column, 13) if sqlite else (as_type(column, Text), 15)
    told = literal(f"{copy:04x}").op("||")(func.substr(digits, 5, version - 5))
    told = told.op("||")(literal("5")).op("||")(func.substr(digits, version + 1))
    return told if sqlite else as_type(told, Uuid)


def parts(session: Session) -> dict[str, Slice]:
    """Everything, one salesperson, one product of one sector, each for twelve months."""
    today = clock.now().date()
    year = Slice(start=today - timedelta(days=365), end=today)
    person = session.scalar(select(ProcessInstance.owner).where(ProcessInstance.owner.is_not(None)))
    return {
        "all of it": year,
        "one salesperson": replace(year, person=person),
        "cargo of transport": replace(year, product="cargo", sector="transport"),
    }


def ask(session: Session, part: Slice) -> str:
    """Median milliseconds of each question."""
    told = []
    for question in QUESTIONS:
        times = []
        for _each in range(REPEATS):
            began = time.perf_counter()
            answer(session, question, part)
            times.append(time.perf_counter() - began)
        told.append(f"{question} {median(times) * 1000:.0f} ms")
    return ", ".join(told)


def analyse(session: Session, part: Slice) -> str:
    """Median milliseconds of what analysts ask about the process with most cases."""
    told = []
    with ledger(session) as columns:
        process = busiest(columns, part) or ""
        of_process = replace(part, process=process)
        half = part.start + (part.end - part.start) / 2 if part.start and part.end else None
        sides = replace(of_process, end=half), replace(of_process, start=half)
        asked = {
            "two halves of the year compared": lambda: compare(columns, process, *sides),
            "bottlenecks": lambda: bottlenecks(columns, of_process),
            "queues and load": lambda: load(columns, of_process),
            "paths": lambda: paths(columns, of_process),
            "conformance": lambda: conformance(columns, of_process),
            "segments": lambda: find_segments(columns, of_process),
        }
        for name, question in asked.items():
            times = []
            for _each in range(ANALYSED):
                began = time.perf_counter()
                question()
                times.append(time.perf_counter() - began)
            told.append(f"{name} {median(times) * 1000:.0f} ms")
    return ", ".join(told)


def plans(session: Session, part: Slice) -> list[str]:
    """What each question reads: by statement, the tables with how many of their columns."""
    told: list[str] = []
    rows = Ledger.rows

    def explained(asked: Ledger, statement: str, parameters: Any) -> Any:
        if statement.lstrip().startswith(("SELECT", "WITH", "CREATE")):
            plan = rows(asked, f"EXPLAIN (FORMAT json) {statement}", parameters)
            reads = list(_scans(json.loads(plan[0]["explain_value"])))
            told.append("; ".join(reads) or "no table")
        return rows(asked, statement, parameters)

    lines = []
    for question in QUESTIONS:
        told.clear()
        Ledger.rows = explained  # type: ignore[method-assign]
        try:
            answer(session, question, part)
        finally:
            Ledger.rows = rows  # type: ignore[method-assign]
        lines.append(f"{question} reads: {' | '.join(told) or 'the database alone'}")
    return lines


def _scans(plan: Any) -> Iterator[str]:
    for node in plan:
        about = node.get("extra_info", {})
        if node["name"].strip() == "SEQ_SCAN":
            chosen = about.get("Projections", [])
            count = 1 if isinstance(chosen, str) else len(chosen)
            table = str(about.get("Table", "")).rpartition(".")[2]
            yield f"{table}, {count} columns"
        yield from _scans(node.get("children", []))


def after_completion(factory: sessionmaker[Session]) -> float:
    """Milliseconds of a question right after a completion, which the answer must know of."""
    part = Slice(step="first-call")
    with factory() as session:
        before = answer(session, "Q3", part).facts["attempts"]
        step, owner = session.execute(
            select(UserTask, ProcessInstance.owner)
            .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
            .where(
                UserTask.status == TaskStatus.OPEN,
                UserTask.step == "first-call",
                func.length(ProcessInstance.state) > 0,
            )
            .limit(1)
        ).one()
    with factory.begin() as session:
        values = {"firstCallOutcome": "not-interested", "reason": "price"}
        process.complete(session, step.id, values, by=step.assignee or owner)
    with factory() as session:
        began = time.perf_counter()
        after = answer(session, "Q3", part).facts["attempts"]
        took = (time.perf_counter() - began) * 1000
    if after != cast(int, before) + 1:
        raise SystemExit(f"The answer does not know of the completion: {before}, then {after}.")
    return took


main()
