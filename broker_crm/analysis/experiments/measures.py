"""What an experiment is judged by: one number for each case, taken so many working days after it
began. A case that still runs then counts as it stands, so that slow cases are not left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import Slice
from broker_crm.process.experiments.models import OF_SHARES, Measure

Numbers = NDArray[np.float64]
HELD = "t.kind = 'meeting' AND t.meaning IN ('positive', 'negative', 'undecided')"
LATE = "t.due_d IS NOT NULL AND t.status <> 'cancelled' AND coalesce(t.done_d, $today_d) > t.due_d"
HAPPENED = {
    Measure.WON: "any_value(c.ended_d) FILTER (c.ending = 'won' AND c.status <> 'active')",
    Measure.CONVERSION: "min(t.done_d) FILTER (t.step = $step AND t.meaning = 'positive'"
    " AND t.status = 'completed')",
    Measure.LATE: f"min(t.due_d + 1) FILTER ({LATE})",
    Measure.MEETING: f"min(t.done_d) FILTER ({HELD})",
    Measure.CYCLE: "any_value(c.ended_d) FILTER (c.status <> 'active')",
}
"""The working day on which what is measured happened, over case `c` and its steps `t`."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What is measured, and when.

    Attributes:
        measure: one of the measures.
        horizon: working days after the start of a case.
        step: key of the step, for a conversion.
    """

    measure: Measure
    horizon: int
    step: str | None = None

    @property
    def is_share(self) -> bool:
        return self.measure in OF_SHARES


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases with their measures, by the day on which they began.

    Attributes:
        case_id: hex of the instance.
        owner: login of the salesperson; '' for none.
        begun: working day of the start.
        value: 1 or 0 for a share, else working days, at most the horizon.
        ripe: whether the horizon has passed, so that the value is final.
    """

    case_id: list[str]
    owner: list[str]
    begun: Numbers
    value: Numbers
    ripe: NDArray[np.bool_]

    def chosen(self, places: NDArray[np.int64]) -> Cases:
        """Some of them, by their places."""
        return Cases(
            [self.case_id[each] for each in places],
            [self.owner[each] for each in places],
            self.begun[places],
            self.value[places],
            self.ripe[places],
        )

    def ripe_ones(self) -> Cases:
        """Those whose value is final."""
        return self.chosen(np.flatnonzero(self.ripe))


def of_slice(ledger: Ledger, part: Slice, judged: Judged) -> Cases:
    """Measures of a part of the work, by the day on which its cases began."""
    return _cases(ledger, part.of_cases("c.started_on"), part.parameters(), judged)


def of_cases(ledger: Ledger, case_ids: Sequence[str], judged: Judged) -> Cases:
    """Measures of given cases, named by the hex of their instances; in no certain order."""
    chosen = "c.case_id IN (SELECT unnest($cases::VARCHAR[]))"
    return _cases(ledger, chosen, {"cases": list(case_ids)}, judged)


def _cases(ledger: Ledger, which: str, values: dict[str, object], judged: Judged) -> Cases:
    rows = ledger.rows(
        f"SELECT c.case_id, any_value(c.owner) AS owner, any_value(c.started_on) AS started_on,"
        f" {HAPPENED[judged.measure]} AS happened, $today_d AS today"
        " FROM case_file c LEFT JOIN task t USING (case_no)"
        f" WHERE c.started_on IS NOT NULL AND {which} GROUP BY 1 ORDER BY 3, 1",
        {**values, "step": judged.step},
    )
    noons = np.array([f"{row['started_on']}T12:00" for row in rows], dtype="datetime64[us]")
    begun = ledger.office.days(noons)
    happened = np.array([row["happened"] for row in rows], dtype=float)
    took = np.maximum(happened - begun, 0.0)
    within = np.nan_to_num(took, nan=np.inf) <= judged.horizon
    return Cases(
        [row["case_id"] for row in rows],
        [row["owner"] or "" for row in rows],
        begun,
        within.astype(float) if judged.is_share else np.where(within, took, float(judged.horizon)),
        np.array([row["today"] for row in rows], dtype=float) - begun > judged.horizon,
    )
