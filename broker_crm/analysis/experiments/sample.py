"""How many cases an experiment needs, and how long that takes: told before it starts.

80 % power at 5 %, two-sided, for the difference of two means (Cohen 1988), with the spread that the
past shows; somewhat more where there are several looks, and more where salespeople are drawn, whose
cases are alike (design effect, Kish 1965).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil, sqrt

import numpy as np
from scipy import stats

from broker_crm.analysis.estimates import Z
from broker_crm.analysis.experiments.boundaries import INFLATION
from broker_crm.analysis.experiments.effect import LEAST_UNITS
from broker_crm.analysis.experiments.measures import Cases, Judged, of_slice
from broker_crm.analysis.ledger import CASES, Ledger
from broker_crm.analysis.slices import Slice
from broker_crm.process.experiments.models import LESS_IS_BETTER, Unit
from broker_crm.process.experiments.planning import MOST_NEEDED

POWER = float(stats.norm.ppf(0.8))
PAST = timedelta(days=365)
"""What the base is taken from."""
ENOUGH = 50
"""Cases of A's own version from which only they are taken."""
RECENT = 60
"""Working days over which arrivals are counted."""


@dataclass(frozen=True, slots=True)
class Design:
    """How cases are shared out and looked at, as far as the sample depends on it.

    Attributes:
        difference: the smallest worth noticing, a share or working days.
        share_b: per cent.
        looks: planned.
        unit: what is drawn.
    """

    difference: float
    share_b: int = 50
    looks: int = 1
    unit: str = Unit.CASE


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the past says of an experiment.

    Attributes:
        mean: of the measure; None of no ripe case.
        spread: its standard deviation from case to case.
        cases: that these stand on.
        per_day: cases that start on a working day.
        likeness: how alike the cases of one salesperson are (intraclass correlation), 0 to 1.
        people: salespeople with cases.
        needed: cases, both arms together; None where no number would do.
        days: working days until so many have started; None where none start.
        horizon: working days more until the last of them is ripe.
    """

    mean: float | None
    spread: float
    cases: int
    per_day: float
    likeness: float
    people: int
    needed: int | None
    days: int | None
    horizon: int

    @property
    def feasible(self) -> bool:
        return self.needed is not None and self.days is not None


def forecast(ledger: Ledger, part: Slice, judged: Judged, design: Design) -> Forecast:
    """The needed sample and its time, from the cases of the past year.

    Args:
        ledger: the columns.
        part: process, and the version of A, whose own cases are taken where there are enough.
        judged: the measure.
        design: of the experiment.
    """
    year = replace(part, start=ledger.today - PAST, end=None)
    cases = of_slice(ledger, year, judged).ripe_ones()
    if len(cases.value) < ENOUGH:
        cases = of_slice(ledger, replace(year, version=None), judged).ripe_ones()
    n = len(cases.value)
    mean = float(cases.value.mean()) if n else None
    spread = float(cases.value.std(ddof=1)) if n > 1 else 0.0
    alike, people = likeness(cases)
    per_day = arrivals(ledger, replace(part, version=None))
    needed = None
    if mean is not None and n >= LEAST_UNITS:
        better = -1 if judged.measure in LESS_IS_BETTER else 1
        needed = sample(
            mean,
            spread,
            design,
            aims=mean + better * design.difference if judged.is_share else None,
            likeness=alike if design.unit == Unit.SALESPERSON else 0.0,
            people=people,
        )
    days = ceil(needed / per_day) if needed is not None and per_day > 0 else None
    return Forecast(mean, spread, n, per_day, alike, people, needed, days, judged.horizon)


def sample(
    mean: float,
    spread: float,
    design: Design,
    *,
    aims: float | None = None,
    likeness: float = 0.0,
    people: int = 0,
) -> int | None:
    """Cases needed, both arms together; None where no number would do.

    Args:
        mean: of A.
        spread: standard deviation of A, and of B where `aims` is None.
        design: of the experiment.
        aims: share of B, where shares are compared.
        likeness: intraclass correlation of the cases of one salesperson.
        people: salespeople who are shared out, where they are.
    """
    if aims is not None and not 0 < aims < 1:
        return None
    of_b = spread if aims is None else sqrt(aims * (1 - aims))
    if spread == 0 and of_b == 0:
        return None
    b = design.share_b / 100
    ratio = (Z + POWER) / design.difference
    alone = ratio * ratio * (spread**2 / (1 - b) + of_b**2 / b) * INFLATION[design.looks]
    if likeness > 0:
        left = 1 - alone * likeness / max(1, people)
        if left <= 0:
            return None
        alone = alone * (1 - likeness) / left
    least = LEAST_UNITS / min(b, 1 - b)
    return ceil(max(alone, least)) if alone <= MOST_NEEDED else None


def arrivals(ledger: Ledger, part: Slice) -> float:
    """Cases that start on a working day, of late."""
    calendar = ledger.office.calendar
    recent = replace(part, start=calendar.add_working_days(ledger.today, -RECENT), end=None)
    row = ledger.row(
        f"SELECT count(*) AS n {CASES} WHERE {recent.of_cases('c.started_on')}",
        recent.parameters(),
    )
    return float(row["n"]) / RECENT


def likeness(cases: Cases) -> tuple[float, int]:
    """How alike the cases of one salesperson are (intraclass correlation by analysis of variance),
    and how many salespeople there are."""
    owners = np.asarray(cases.owner, dtype=str)
    owned = owners != ""
    values = cases.value[owned]
    known, places = np.unique(owners[owned], return_inverse=True)
    k, n = len(known), len(values)
    if k < 2 or n <= k:
        return 0.0, k
    sizes = np.bincount(places)
    means = np.bincount(places, weights=values) / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (k - 1)
    within = float(((values - means[places]) ** 2).sum()) / (n - k)
    size = (n - float((sizes**2).sum()) / n) / (k - 1)
    total = between + (size - 1) * within
    return (min(1.0, max(0.0, (between - within) / total)) if total > 0 else 0.0), k
