"""Cases of which the truth is known, put straight into the columns: two versions of a sale.

Seven steps, three segments (fleets take 1.6 times as long), three traits that mean nothing,
lognormal waits, gamma working times, calls that are repeated, cases that still run. What is
planted: a delay at a step, another conversion at a step, in all or in one segment, another mix of
segments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.office_time import OfficeTime
from broker_crm.analysis.tables import OF_CASES, ColumnTables
from broker_crm.calendar import WorkingCalendar

Columns = dict[str, NDArray[Any]]
DAY = 8 * 3600.0
NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
OFFICE = OfficeTime(WorkingCalendar())
TODAY = date(2026, 11, 30)
REST = "0" * 24
"""Behind the eight digits of a case, so that its id looks like one."""
SLOW = 1.6
SPREAD = 0.8
"""Standard deviation of the logarithm of a wait."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step as it is: half wait so many working days, so many go on."""

    key: str
    kind: str
    wait: float
    work: float
    goes_on: float
    repeats: float = 0.0


STEPS = (
    Planned("letter", "letter", 0.5, 0.05, 0.95),
    Planned("call", "call", 1.5, 0.05, 0.60, 0.25),
    Planned("meeting", "meeting", 3.0, 0.15, 0.72),
    Planned("offer", "offer", 2.5, 0.40, 0.90, 0.10),
    Planned("negotiate", "negotiation", 2.0, 0.15, 0.75),
    Planned("contract", "contract", 1.0, 0.20, 0.95),
    Planned("signing", "signing", 1.5, 0.05, 0.90),
)
NAMES = [each.key for each in STEPS]
EVEN = {"fleet": 0.25, "small": 0.45, "medium": 0.30}
NOISE = {"region": ("Vilnius", "Kaunas"), "vip": (True, False), "sector": ("it", "health", "trade")}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is true of one version.

    Attributes:
        n: cases.
        oldest: working days ago that its first case began.
        newest: the same of its last case.
        delay: step and working days that each wait there is longer.
        conversion: step and by how much more go on.
        segment: segment, step and by how much more go on there.
        mix: shares of the segments.
        sellers: how many people.
    """

    n: int
    oldest: float = 300.0
    newest: float = 150.0
    delay: tuple[str, float] | None = None
    conversion: tuple[str, float] | None = None
    segment: tuple[str, str, float] | None = None
    mix: dict[str, float] = field(default_factory=lambda: dict(EVEN))
    sellers: int = 12


def planted(
    seed: int,
    *plans: Plan,
    process: str = "planted",
    elements: Mapping[str, tuple[str, str]] | None = None,
) -> Ledger:
    """A ledger of the versions 1, 2, … that are planned.

    Args:
        seed: equal seeds give equal ledgers.
        plans: one for each version.
        process: key of the process.
        elements: step to its id and its key in a diagram, where there is one.
    """
    random = np.random.default_rng(seed)
    pieces: dict[str, list[Columns]] = {table: [] for table in OF_CASES}
    for number, plan in enumerate(plans, 1):
        _write(pieces, number, plan, random)
    for columns in pieces["case_file"]:
        columns["process"][:] = process
    for columns in pieces["task"]:
        for step, (element, key) in (elements or {}).items():
            here = columns["step"] == step
            columns["element"][here], columns["step"][here] = element, key
    tables = ColumnTables()
    tables.arrive(pieces)
    with tables.at_once():
        tables.keep()
    return Ledger(Session(), tables.connection, OFFICE, NOW)


def _write(
    pieces: dict[str, list[Columns]], number: int, plan: Plan, random: np.random.Generator
) -> None:
    now = float(OFFICE.seconds(np.array([NOW.replace(tzinfo=None)], dtype="datetime64[us]"))[0])
    n = plan.n
    segments = random.choice(list(plan.mix), n, p=list(plan.mix.values()))
    ago = random.uniform(plan.newest, plan.oldest, n)
    started = now - ago * DAY
    at = started.copy()
    alive = np.ones(n, dtype=bool)
    ended = np.full(n, np.nan)
    won = np.zeros(n, dtype=bool)
    owner = random.integers(0, plan.sellers, n)
    slow = np.where(segments == "fleet", SLOW, 1.0)
    case_ids = np.array([f"{number:02d}{place:06d}{REST}" for place in range(n)], dtype=object)
    for step in STEPS:
        goes_on = np.full(n, step.goes_on)
        if plan.conversion is not None and plan.conversion[0] == step.key:
            goes_on += plan.conversion[1]
        if plan.segment is not None and plan.segment[1] == step.key:
            goes_on += np.where(segments == plan.segment[0], plan.segment[2], 0.0)
        yes = random.random(n) < goes_on
        again = random.random(n) < step.repeats
        for loop in (1, 2):
            wait = random.lognormal(np.log(step.wait), SPREAD, n) * slow
            if plan.delay is not None and plan.delay[0] == step.key:
                wait = wait + plan.delay[1]
            work = random.gamma(2.0, step.work / 2, n)
            here = alive & (at < now) & (again if loop == 2 else True)
            begun, done = at + wait * DAY, at + (wait + work) * DAY
            last = ~again if loop == 1 else np.ones(n, dtype=bool)
            outcome = np.where(last, np.where(yes, "positive", "negative"), "unreached")
            _tasks(pieces, step, loop, here, case_ids, owner, at, begun, done, work, outcome, now)
            at = np.where(here, done, at)
        refused = alive & ~yes & (at < now)
        ended[refused] = at[refused]
        alive &= yes
    won = alive & (at < now)
    ended[won] = at[won]
    _cases(pieces, number, plan, random, case_ids, segments, owner, started, ended, won, ago)


def _cases(
    pieces: dict[str, list[Columns]],
    number: int,
    plan: Plan,
    random: np.random.Generator,
    case_ids: NDArray[np.object_],
    segments: NDArray[np.str_],
    owner: NDArray[np.int64],
    started: NDArray[np.float64],
    ended: NDArray[np.float64],
    won: NDArray[np.bool_],
    ago: NDArray[np.float64],
) -> None:
    n, over = plan.n, ~np.isnan(ended)
    noise = {
        name: random.choice(np.array(values, dtype=object), n) for name, values in NOISE.items()
    }
    days = [TODAY - timedelta(days=float(each) * 7 / 5) for each in ago]
    pieces["case_file"].append(
        {
            "case_id": case_ids,
            "process": _same("planted", n),
            "version": np.full(n, number, dtype=np.int32),
            "now_version": np.full(n, number, dtype=np.int32),
            "product": _same("cargo", n),
            "client_kind": _same("legal", n),
            "size": segments.astype(object),
            "owner": np.array([f"seller{each:02d}" for each in owner], dtype=object),
            "started_on": np.array(days, dtype="datetime64[D]").astype("datetime64[s]"),
            "started_s": started,
            "ended_s": ended,
            "status": np.where(over, "completed", "active").astype(object),
            "outcome": np.where(won, "signed", np.where(over, "refused", None)),
            "ending": np.where(won, "won", np.where(over, "refused", None)),
            "region": noise["region"],
            "vip": noise["vip"].astype(bool),
            "sector": noise["sector"],
        },
    )


def _tasks(
    pieces: dict[str, list[Columns]],
    step: Planned,
    loop: int,
    here: NDArray[np.bool_],
    case_ids: NDArray[np.object_],
    owner: NDArray[np.int64],
    created: NDArray[np.float64],
    begun: NDArray[np.float64],
    done: NDArray[np.float64],
    work: NDArray[np.float64],
    outcome: NDArray[np.str_],
    now: float,
) -> None:
    rows = np.flatnonzero(here)
    n = len(rows)
    over = done[rows] < now
    due = np.floor(created[rows] / DAY) + 5
    told = np.where(over, outcome[rows], None)
    pieces["task"].append(
        {
            "task_id": _named(case_ids[rows], step, loop),
            "case_id": case_ids[rows],
            "element": _same(step.key, n),
            "step": _same(step.key, n),
            "kind": _same(step.kind, n),
            "person": np.array([f"seller{each:02d}" for each in owner[rows]], dtype=object),
            "status": np.where(over, "completed", "open").astype(object),
            "created_s": created[rows],
            "started_s": np.where(begun[rows] < now, begun[rows], np.nan),
            "done_s": np.where(over, done[rows], np.nan),
            "done_at": _instants(np.where(over, done[rows], np.nan)),
            "created_d": np.floor(created[rows] / DAY),
            "due_d": due,
            "done_d": np.where(over, np.floor(done[rows] / DAY), np.nan),
            "outcome": told,
            "meaning": told if step.key != "signing" else _same(None, n),
            "loop": np.full(n, loop, dtype=np.int32),
            "std_days": np.full(n, 5.0),
            "std_minutes": np.full(n, 30.0),
            "std_cost": np.full(n, 10.0),
            "minutes": np.where(over, work[rows] * 480, np.nan),
        },
    )


def _named(case_ids: NDArray[np.object_], step: Planned, loop: int) -> NDArray[np.object_]:
    ending = f"{NAMES.index(step.key):02d}{loop}".zfill(len(REST))
    return np.array([f"{each[:8]}{ending}" for each in case_ids], dtype=object)


def _instants(seconds: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Instants in the order of office seconds; only their order is asked."""
    known = np.nan_to_num(seconds).astype("timedelta64[s]")
    found = np.datetime64("2005-01-01T00:00:00") + known
    found[np.isnan(seconds)] = np.datetime64("NaT")
    return found


def _same(value: str | None, n: int) -> NDArray[np.object_]:
    column = np.empty(n, dtype=object)
    column[:] = value
    return column
