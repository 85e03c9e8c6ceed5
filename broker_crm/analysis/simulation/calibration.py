"""Does the model tell the past right? Fitted on the first part of the time, checked on the rest.

Accepted is what keeps its word: the observed median and ninth decile of the cases' working time and
the share of won cases lie inside the interval of nine replications in ten, the waiting at steps
does so but for as many steps as chance would spare, and the simulated distribution lies nearer to
the observed one than the month before does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from broker_crm.analysis.estimates import SMALL
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.simulation.fitting import fit
from broker_crm.analysis.simulation.model import Model
from broker_crm.analysis.simulation.running import Simulated, run

DAY = 28_800.0
"""Office seconds of a full working day; durations are told in these."""
LEARNED = 0.7
"""Part of the time from which the model learns."""
WARM = 40 * DAY
"""Simulated before the part that is compared, so that people have work at its beginning."""
MONTH = 21 * DAY
LEAST_LEARNED, LEAST_CHECKED = 30, 20
"""Closed cases without which nothing can be checked."""
LOW, HIGH = 5.0, 95.0
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One figure, observed and simulated.

    Attributes:
        what: 'cases', 'cycle-median', 'cycle-ninth', 'won', 'wait-median' or 'wait-ninth'.
        step: element id, for waits.
        observed: working days, a share, or a number of cases.
        low: of the interval of nine replications in ten.
        high: of it.
        n: cases or steps behind the observed figure.
    """

    what: str
    step: str | None
    observed: float
    low: float
    high: float
    n: int

    @property
    def kept(self) -> bool:
        """Does the observed figure lie in the interval?"""
        slack = 1e-9 + 0.005 * max(abs(self.low), abs(self.high))
        return self.low - slack <= self.observed <= self.high + slack

    @property
    def small(self) -> bool:
        """Too few to judge by."""
        return self.n < SMALL


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well a model tells the past.

    Attributes:
        verdict: 'accepted', 'rejected' or 'too-few'.
        checks: all figures.
        failing: figures because of which it is rejected.
        spared: failing waits that chance would allow.
        distance: mean difference of simulated and observed working times, days (Wasserstein).
        repeated: the same for the month before; None when it had no cases.
        learned: closed cases from which it learned.
        checked: closed cases on which it was checked.
        replications: simulated.
    """

    verdict: str
    checks: tuple[Check, ...] = ()
    failing: tuple[Check, ...] = ()
    spared: int = 0
    distance: float | None = None
    repeated: float | None = None
    learned: int = 0
    checked: int = 0
    replications: int = 0

    @property
    def nearer(self) -> bool:
        """Is it nearer to what came than the month before was?"""
        if self.distance is None or self.repeated is None:
            return True
        return self.distance <= self.repeated


def calibrate(
    ledger: Ledger,
    model: Model,
    version: int,
    replications: int = 60,
    told: Progress = lambda _part: None,
) -> Calibration:
    """Learn from the first seven tenths of a version's time and simulate the rest.

    Args:
        ledger: the columns.
        model: of the version.
        version: its number.
        replications: how often the rest is simulated.
        told: hears what part is done, from 0 to 1.
    """
    values: dict[str, object] = {"process": model.process, "version": version}
    span = ledger.row(
        "SELECT min(started_s) AS first, max(started_s) AS last, $now_s AS now,"
        " count(*) > count(ended_s) AS running FROM case_file"
        " WHERE process = $process AND version = $version",
        values,
    )
    if span["first"] is None:
        return Calibration("too-few")
    running = bool(span["running"])
    now = float(span["now"] if running else span["last"])
    cut = float(span["first"]) + LEARNED * (now - float(span["first"]))
    values |= {"cut": cut, "now": now, "until": now if running else float("inf")}
    seen = _observed(ledger, values)
    habits = fit(ledger, model, version, until=cut)
    learned = habits.basis.closed
    if learned < LEAST_LEARNED or len(seen.cycles) < LEAST_CHECKED:
        return Calibration("too-few", learned=learned, checked=len(seen.cycles))
    told(0.1)
    found = []
    for seed in range(1, replications + 1):
        told_one = run(model, habits, seed, cut - WARM, now, until=now if running else None)
        found.append(_simulated(told_one, cut))
        told(0.1 + 0.9 * seed / replications)
    checks = _checks(seen, found)
    before = [
        row["days"]
        for row in ledger.rows(
            "SELECT (ended_s - started_s) / 28800 AS days FROM case_file"
            " WHERE process = $process AND ended_s BETWEEN $cut - 604800 AND $cut",
            values,
        )
    ]
    together = [days for each in found for days in each.cycles]
    distance = _distance(together, seen.cycles)
    repeated = _distance(before, seen.cycles)
    return _judged(checks, distance, repeated, learned, len(seen.cycles), replications)


@dataclass(frozen=True, slots=True)
class _Figures:
    cases: int
    cycles: Sequence[float]
    won: tuple[int, int]
    waits: dict[str, list[float]]


def _observed(ledger: Ledger, values: dict[str, object]) -> _Figures:
    cases = ledger.rows(
        "SELECT (ended_s - started_s) / 28800 AS days, ending FROM case_file"
        " WHERE process = $process AND version = $version AND started_s BETWEEN $cut AND $now",
        values,
    )
    waits: dict[str, list[float]] = {}
    for row in ledger.rows(
        "SELECT t.element, (coalesce(t.started_s, t.done_s) - t.created_s) / 28800 AS days"
        " FROM task t JOIN case_file c USING (case_no) WHERE c.process = $process"
        " AND c.version = $version AND c.started_s BETWEEN $cut AND $now AND t.status = 'completed'"
        " AND t.done_s <= $until",
        values,
    ):
        waits.setdefault(row["element"], []).append(row["days"])
    closed = [row for row in cases if row["days"] is not None]
    judged = [row for row in closed if row["ending"] is not None]
    won = sum(row["ending"] == "won" for row in judged)
    return _Figures(len(cases), [row["days"] for row in closed], (won, len(judged)), waits)


def _simulated(told: Simulated, cut: float) -> _Figures:
    cases = {case.case: case for case in told.cases if case.began >= cut}
    closed = [case for case in cases.values() if case.ended is not None]
    judged = [case for case in closed if case.ending is not None]
    waits: dict[str, list[float]] = {}
    for step in told.steps:
        if step.case in cases:
            waits.setdefault(step.node.id, []).append((step.started - step.created) / DAY)
    cycles = [((case.ended or 0.0) - case.began) / DAY for case in closed]
    won = sum(case.ending == "won" for case in judged)
    return _Figures(len(cases), cycles, (won, len(judged)), waits)


def _checks(seen: _Figures, found: Sequence[_Figures]) -> list[Check]:
    checks = [_check("cases", None, seen.cases, [each.cases for each in found], seen.cases)]
    for what, part in (("cycle-median", 50), ("cycle-ninth", 90)):
        simulated = [np.percentile(each.cycles, part) for each in found if each.cycles]
        observed = float(np.percentile(seen.cycles, part))
        checks.append(_check(what, None, observed, simulated, len(seen.cycles)))
    hits, n = seen.won
    if n and hits:
        shares = [won / judged for won, judged in (each.won for each in found) if judged]
        checks.append(_check("won", None, hits / n, shares, n))
    for step, waits in sorted(seen.waits.items()):
        for what, part in (("wait-median", 50), ("wait-ninth", 90)):
            simulated = [
                np.percentile(each.waits[step], part) for each in found if each.waits.get(step)
            ]
            observed = float(np.percentile(waits, part))
            checks.append(_check(what, step, observed, simulated, len(waits)))
    return checks


def _check(
    what: str, step: str | None, observed: float, simulated: Sequence[float], n: int
) -> Check:
    if not len(simulated):
        return Check(what, step, observed, 0.0, 0.0, n)
    low, high = np.percentile(simulated, [LOW, HIGH])
    return Check(what, step, float(observed), float(low), float(high), n)


def _distance(one: Sequence[float], other: Sequence[float]) -> float | None:
    if not one or not other:
        return None
    return float(stats.wasserstein_distance(one, other))


def _judged(
    checks: Sequence[Check],
    distance: float | None,
    repeated: float | None,
    learned: int,
    checked: int,
    replications: int,
) -> Calibration:
    whole = [each for each in checks if each.step is None and each.what != "cases"]
    waits = [each for each in checks if each.step is not None and not each.small]
    spared = int(stats.binom.ppf(0.95, len(waits), 1 - (HIGH - LOW) / 100)) if waits else 0
    failing = [each for each in whole if not each.kept and not each.small]
    strayed = [each for each in waits if not each.kept]
    if len(strayed) > spared:
        failing += strayed
    calibration = Calibration(
        "accepted",
        tuple(checks),
        tuple(failing),
        spared,
        distance,
        repeated,
        learned,
        checked,
        replications,
    )
    if not failing and calibration.nearer:
        return calibration
    return replace(calibration, verdict="rejected")
