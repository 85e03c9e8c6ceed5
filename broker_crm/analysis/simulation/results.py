"""Figures of simulated quarters: today, changed, and the difference, each with its interval.

A replication is one possible quarter: its arrivals, its chances, and what a short history leaves
open. Today and changed meet the same chances, so their difference is told far more sharply than
either. Intervals hold 95 % of the replications.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from broker_crm.analysis.simulation.behaviour import Person
from broker_crm.analysis.simulation.habits import Habits
from broker_crm.analysis.simulation.model import Model
from broker_crm.analysis.simulation.running import Simulated, run

DAY = 28_800.0
QUARTER = 63
"""Working days in which the cases that are counted begin."""
WARM, TAIL = 40, 20
"""Working days simulated before and after, so that people have other cases too."""
LOW, HIGH = 2.5, 97.5
MONTHS = 3.0
UNITS = {
    "cycle-median": "days",
    "cycle-ninth": "days",
    "to-meeting": "days",
    "to-offer": "days",
    "late-share": "share",
    "late-days": "days",
    "won": "share",
    "cases": "number",
    "cost": "eur",
    "commission": "eur",
    "result": "eur",
}
"""Figure to its unit, in their order; money and cases are for a month."""
MEETINGS = frozenset({"meeting", "negotiation"})
OFFERS = frozenset({"offer-letter"})
OVERLOAD, BUSY = 1.0, 0.7
Progress = Callable[[float], None]
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean over replications, and the interval that holds 95 % of them."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """One figure today and changed; None where no replication had it.

    Attributes:
        key: name of the figure, a step, a group or a login.
        unit: 'days', 'share', 'number', 'eur' or 'load'.
        today: as things are.
        changed: with the changes; None without any.
        difference: changed less today, replication by replication.
    """

    key: str
    unit: str
    today: Estimate | None
    changed: Estimate | None
    difference: Estimate | None

    @property
    def clear(self) -> bool:
        """Does the interval of the difference leave out 0?"""
        return self.difference is not None and self.difference.low * self.difference.high > 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a simulation.

    Attributes:
        figures: of the process, as `UNITS` lists them.
        waits: median wait at each step, working days.
        late: share of each step's that were late.
        groups: load by group.
        people: load by person.
        warnings: code and what it is about: 'few', 'unseen', 'overload', 'busy', 'unknown',
            'little'.
        cases: closed cases that the behaviour was learned from.
        versions: numbers of the versions that they ran on.
        pace: by how many percent people kept pace with a standard shorter by 1 %.
        replications: simulated quarters.
        simulated: cases in all of them.
    """

    figures: tuple[Line, ...] = ()
    waits: tuple[Line, ...] = ()
    late: tuple[Line, ...] = ()
    groups: tuple[Line, ...] = ()
    people: tuple[Line, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    cases: int = 0
    versions: tuple[int, ...] = ()
    pace: float = 0.0
    replications: int = 0
    simulated: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass
class _Told:
    """Figures of the replications of one side, by part and key."""

    parts: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def note(self, part: str, figures: Mapping[str, float], place: int, count: int) -> None:
        kept = self.parts.setdefault(part, {})
        for key, value in figures.items():
            kept.setdefault(key, [float("nan")] * count)[place] = value


def compare(
    model: Model,
    today: Habits,
    now: float,
    replications: int,
    other: tuple[Model, Habits] | None = None,
    days: int = QUARTER,
    told: Progress = lambda _part: None,
) -> Outcome:
    """Simulate a quarter many times, as things are and as they would be.

    Args:
        model: of the version in use.
        today: behaviour as learned.
        now: office second from which the quarter begins.
        replications: quarters on each side.
        other: model and behaviour with the changes; None for none.
        days: working days of a quarter.
        told: hears what part is done, from 0 to 1.
    """
    sides = [(model, today)] + ([other] if other is not None else [])
    tables = [_Told() for _ in sides]
    simulated = 0
    for place in range(replications):
        for (graph, habits), table in zip(sides, tables, strict=True):
            start = now - WARM * DAY
            end = now + (days + TAIL) * DAY
            found = run(graph, habits, place + 1, start, end)
            simulated += len(found.cases)
            _note(table, found, habits.staff, now, days, place, replications)
        told((place + 1) / replications)
    first, last = tables[0], (tables[1] if other is not None else None)
    changed = (other or (model, today))[1]
    parts = {
        part: _lines(first.parts.get(part, {}), last.parts.get(part, {}) if last else None, unit)
        for part, unit in (
            ("figures", ""),
            ("waits", "days"),
            ("late", "share"),
            ("groups", "load"),
            ("people", "load"),
        )
    }
    order = list(UNITS)
    figures = sorted(parts["figures"], key=lambda line: order.index(line.key))
    return Outcome(
        tuple(figures),
        tuple(parts["waits"]),
        tuple(parts["late"]),
        tuple(parts["groups"]),
        tuple(parts["people"]),
        tuple(_warnings(sides[-1][0], changed, parts["people"])),
        today.basis.closed,
        today.basis.versions,
        today.pace,
        replications,
        simulated,
    )


def _note(
    table: _Told,
    found: Simulated,
    people: Mapping[str, Person],
    now: float,
    days: int,
    place: int,
    count: int,
) -> None:
    end = now + days * DAY
    counted = {case.case: case for case in found.cases if now <= case.began < end}
    closed = [case for case in counted.values() if case.ended is not None]
    judged = [case for case in closed if case.ending is not None]
    cycles = [((case.ended or 0.0) - case.began) / DAY for case in closed]
    met: dict[int, float] = {}
    offered: dict[int, float] = {}
    waits: dict[str, list[float]] = defaultdict(list)
    late: dict[str, list[int]] = defaultdict(list)
    busy: dict[str, float] = defaultdict(float)
    for step in found.steps:
        if step.person and now <= step.done < end:
            busy[step.person] += step.seconds
        case = counted.get(step.case)
        if case is None:
            continue
        waits[step.node.id].append((step.started - step.created) / DAY)
        if step.late is not None:
            late[step.node.id].append(step.late)
        if step.node.kind in MEETINGS:
            met.setdefault(step.case, (step.done - case.began) / DAY)
        elif step.node.kind in OFFERS:
            offered.setdefault(step.case, (step.done - case.began) / DAY)
    every = [days_late for each in late.values() for days_late in each]
    months = MONTHS * days / QUARTER
    cost = sum(case.cost for case in counted.values()) / months
    commission = sum(case.money for case in counted.values()) / months
    figures: Figures = {"cases": len(counted) / months, "cost": cost}
    if cycles:
        figures["cycle-median"] = float(np.median(cycles))
        figures["cycle-ninth"] = float(np.percentile(cycles, 90))
    if met:
        figures["to-meeting"] = float(np.median(list(met.values())))
    if offered:
        figures["to-offer"] = float(np.median(list(offered.values())))
    if every:
        figures["late-share"] = float(np.mean([each > 0 for each in every]))
        figures["late-days"] = float(np.mean(every))
    if judged:
        figures["won"] = sum(case.ending == "won" for case in judged) / len(judged)
        figures |= {"commission": commission, "result": commission - cost}
    table.note("figures", figures, place, count)
    table.note("waits", {key: float(np.median(each)) for key, each in waits.items()}, place, count)
    shares = {key: float(np.mean([n > 0 for n in each])) for key, each in late.items()}
    table.note("late", shares, place, count)
    loads = {login: _load(person, busy[login], now, end) for login, person in people.items()}
    table.note("people", loads, place, count)
    table.note("groups", _by_group(loads, people), place, count)


def _load(person: Person, busy: float, now: float, end: float) -> float:
    away = sum(max(0.0, min(until, end) - max(since, now)) for since, until in person.away)
    return person.other + busy / max(DAY, end - now - away)


def _by_group(loads: Mapping[str, float], people: Mapping[str, Person]) -> dict[str, float]:
    groups: dict[str, list[float]] = defaultdict(list)
    for login, load in loads.items():
        groups[people[login].role].append(load)
    return {role: float(np.mean(each)) for role, each in groups.items()}


def _lines(
    today: Mapping[str, Sequence[float]],
    changed: Mapping[str, Sequence[float]] | None,
    unit: str,
) -> list[Line]:
    found = []
    for key in dict.fromkeys((*today, *(changed or {}))):
        one, other = today.get(key), (changed or {}).get(key)
        difference = None
        if one is not None and other is not None:
            difference = _estimate(np.asarray(other) - np.asarray(one))
        found.append(
            Line(
                key,
                unit or UNITS[key],
                _estimate(np.asarray(one)) if one is not None else None,
                _estimate(np.asarray(other)) if other is not None else None,
                difference,
            )
        )
    return found


def _estimate(values: np.ndarray) -> Estimate | None:
    known = values[~np.isnan(values)]
    if not known.size:
        return None
    low, high = np.percentile(known, [LOW, HIGH])
    return Estimate(float(known.mean()), float(low), float(high))


def _warnings(model: Model, habits: Habits, people: Sequence[Line]) -> list[tuple[str, str]]:
    found = [("few", step) for step in habits.basis.few if step in model.nodes]
    found += [("unseen", step) for step in habits.basis.unseen if step in model.nodes]
    found += [("unknown", element) for element in model.unknown]
    if habits.basis.closed < 30:
        found.append(("little", str(habits.basis.closed)))
    for line in people:
        load = line.changed or line.today
        if load is not None and load.mean >= OVERLOAD:
            found.append(("overload", line.key))
        elif load is not None and load.mean >= BUSY:
            found.append(("busy", line.key))
    return found
