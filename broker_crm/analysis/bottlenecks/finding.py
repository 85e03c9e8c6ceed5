"""Bottlenecks found: every step with its waiting, causes, shares, money and how sure its rank is.

All of it is about cases of one process that ended in the period; how many are still open is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from broker_crm.analysis.answers import LISTED, Place, Row
from broker_crm.analysis.bottlenecks.contribution import Lives, lives, shares
from broker_crm.analysis.bottlenecks.ranking import ranks
from broker_crm.analysis.bottlenecks.steps import NONE, Codes, Numbers, Steps, steps_of
from broker_crm.analysis.bottlenecks.waits import CAUSES, Waits, waits
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.questions.step_costs import months_of, prices, step_costs
from broker_crm.analysis.slices import Slice

FOR_WHOM = {
    "quote": "insurer",
    "signing": "client",
    "offer-approval": "approver",
    "contract-approval": "approver",
}
"""Kinds of steps at which a case waits for somebody else than a colleague who works on it."""
BREAKDOWNS = ("step", "person", "lane")
NUMBERS = {
    "wait": "days",
    "to_start": "days",
    "per_case": "days",
    "share": "share",
    "variance_share": "share",
    "late_share": "share",
    "money": "eur",
}
"""Columns of the rows besides the causes, with their units."""


@dataclass(frozen=True, slots=True)
class Bottlenecks:
    """Where cases of a process wait.

    Attributes:
        part: that was looked at, of one process; None where nothing ever ended.
        cases: that ended in the period.
        open: cases that run now.
        days: working days that a case took on average.
        shortened: cases whose time was shortened for the shares of the variance.
        only_ends: whether nobody noted when steps were started.
        rows: steps, the one at which cases wait longest first.
        between: what was waited for between steps: `key`, `kind`, `per_case`, `share`,
            `variance_share`.
        people: the same waiting by person: `key`, `n`, `wait`, causes.
        lanes: by lane of the diagram, likewise.
        places: what waited longest at the first step.
    """

    part: Slice | None
    cases: int = 0
    open: int = 0
    days: float = 0.0
    shortened: int = 0
    only_ends: bool = False
    rows: Sequence[Row] = ()
    between: Sequence[Row] = ()
    people: Sequence[Row] = ()
    lanes: Sequence[Row] = ()
    places: Sequence[Place] = ()


def bottlenecks(ledger: Ledger, part: Slice) -> Bottlenecks:
    """Find where cases wait.

    Args:
        ledger: the columns.
        part: the period is that of the day on which a case ended; without a process it is the one
            of which most cases ended. Person, team and step narrow the steps that are counted.
    """
    process = part.process or busiest(ledger, part)
    if process is None:
        return Bottlenecks(None)
    part = replace(part, process=process)
    steps = steps_of(ledger, part)
    running = _running(ledger, part)
    if not len(steps.cases):
        return Bottlenecks(part, open=running)
    found, divided = waits(ledger, steps), lives(ledger, steps)
    rows = _rows(ledger, part, steps, found, divided)
    every = shares(np.hstack((divided.of_steps, divided.between)), steps.cases.spans)
    for row in rows:
        row["share_of_time"] = float(every.mean[row["code"]])
        row["variance_share"] = float(every.variance[row["code"]])
    after = len(steps.names)
    between = [
        {
            "key": element,
            "kind": divided.kinds[code],
            "n": int((divided.between[:, code] > 0).sum()),
            "per_case": float(divided.between[:, code].mean()) / steps.day,
            "share": float(every.mean[after + code]),
            "variance_share": float(every.variance[after + code]),
        }
        for code, element in enumerate(divided.elements)
        if divided.between[:, code].any()
    ]
    return Bottlenecks(
        part,
        cases=len(steps.cases),
        open=running,
        days=float(steps.cases.spans.mean()) / steps.day,
        shortened=every.shortened,
        only_ends=bool(np.isnan(steps.started[steps.asked]).all()),
        rows=rows,
        between=sorted(between, key=lambda row: -row["per_case"]),
        people=_by(steps, found, steps.person, ["", *steps.people]),
        lanes=_by(steps, found, steps.lane, ["", *steps.lanes]),
        places=_longest(ledger, rows[0]["key"]) if rows else (),
    )


def busiest(ledger: Ledger, part: Slice) -> str | None:
    """The process of which most cases ended in the period, else ever; None where none did."""
    for some in (part, Slice(products=part.products)):
        rows = ledger.rows(
            f"SELECT c.process, count(*) AS n FROM case_file c WHERE c.ended_s IS NOT NULL"
            f" AND {replace(some, person=None, team=None).of_cases('c.ended_on')}"
            " GROUP BY 1 ORDER BY n DESC, 1 LIMIT 1",
            some.parameters(),
        )
        if rows:
            return str(rows[0]["process"])
    return None


def _rows(ledger: Ledger, part: Slice, steps: Steps, found: Waits, divided: Lives) -> list[Row]:
    asked = steps.asked
    count, spans = len(steps.names), steps.cases.spans
    lasted = steps.done - steps.created
    ratio = np.divide(divided.path, lasted, out=np.zeros_like(lasted), where=lasted > 0)
    waited: Numbers = np.bincount(
        (steps.case * count + steps.step)[asked],
        weights=(found.waiting * ratio)[asked],
        minlength=len(spans) * count,
    ).astype(np.float64)
    waited = waited.reshape(len(spans), count)
    stands = ranks(waited)
    late, now = _lateness(ledger, part), _open(ledger, part)
    all_late = sum(late.values())
    months, by_price = months_of(ledger, part), prices(ledger, part)
    told = step_costs(ledger, part, by_price, months=months)
    money = {row["key"]: row for row in told}
    rows = []
    for row in _by(steps, found, steps.step, ["", *steps.names]):
        code = steps.names.index(row["key"])
        rank, cost = stands[code], money.get(row["key"])
        rows.append(
            {
                **row,
                "code": code,
                "kind": steps.kinds[code],
                "whom": FOR_WHOM.get(steps.kinds[code], "colleague"),
                "lane": _most(steps.lanes, steps.lane[asked & (steps.step == code)]),
                "per_case": float(waited[:, code].mean()) / steps.day,
                "share": float(waited[:, code].mean() / spans.mean()) if spans.any() else 0.0,
                "late_share": late.get(row["key"], 0.0) / all_late if all_late else 0.0,
                "money": cost["money"] if cost else None,
                "parts": {name: cost[name] for name in ("loss", "delay", "excess", "rework")}
                if cost
                else {},
                "first": rank.first,
                "leading": rank.leading,
                "rank_low": rank.low,
                "rank_high": rank.high,
                "bottleneck": rank.bottleneck,
                "open": now.get(row["key"], (0, None))[0],
                "open_age": now.get(row["key"], (0, None))[1],
            }
        )
    rows.sort(key=lambda row: (-row["per_case"], row["key"]))
    return rows


def _by(steps: Steps, found: Waits, codes: Codes, names: Sequence[str]) -> list[Row]:
    """Waiting told apart by a code, NONE for the first of the names; in working days a step."""
    asked = steps.asked
    code = codes[asked] - NONE
    count = np.bincount(code, minlength=len(names))

    def mean(seconds: Numbers) -> Numbers:
        total = np.bincount(code, weights=seconds[asked], minlength=len(names))
        found: Numbers = np.divide(
            total, count * steps.day, out=np.zeros(len(names)), where=count > 0
        )
        return found

    columns = {
        "wait": mean(found.waiting),
        "to_start": mean(np.minimum(found.to_start, found.waiting)),
        "work": mean(found.work),
        **{cause: mean(found.causes[cause]) for cause in CAUSES},
    }
    rows = []
    for each in np.flatnonzero(count).tolist():
        row: Row = {"key": names[each], "n": int(count[each])}
        row |= {name: float(values[each]) for name, values in columns.items()}
        row["cause"] = max(CAUSES, key=lambda cause: row[cause]) if row["wait"] > 0 else None
        rows.append(row)
    return sorted(rows, key=lambda row: (-row["wait"] * row["n"], row["key"]))


def _most(names: Sequence[str], codes: Codes) -> str | None:
    known = codes[codes != NONE]
    return names[int(np.argmax(np.bincount(known)))] if len(known) else None


def _lateness(ledger: Ledger, part: Slice) -> Mapping[str, float]:
    """Working days late in all, by step."""
    rows = ledger.rows(
        "SELECT t.step, sum(greatest(0, t.done_d - t.due_d)) AS late"
        " FROM task t JOIN asked_case c USING (case_no)"
        f" WHERE t.done_d IS NOT NULL AND t.due_d IS NOT NULL AND {_of_people(part)} GROUP BY 1",
        part.parameters(),
    )
    return {row["step"]: row["late"] for row in rows}


def _open(ledger: Ledger, part: Slice) -> Mapping[str, tuple[int, float]]:
    """Steps that are open now, and their age in working days on average."""
    rows = ledger.rows(
        "SELECT t.step, count(*) AS n, avg($now_s - t.created_s) AS age FROM task t"
        " JOIN case_file c USING (case_no)"
        f" WHERE t.status = 'open' AND {replace(part, start=None, end=None).of_work('t.due_on')}"
        " GROUP BY 1",
        part.parameters(),
    )
    return {row["step"]: (row["n"], row["age"] / ledger.office.day_seconds) for row in rows}


def _running(ledger: Ledger, part: Slice) -> int:
    whole = replace(part, start=None, end=None)
    row = ledger.row(
        f"SELECT count(*) AS n FROM case_file c WHERE c.ended_s IS NULL AND {whole.of_case()}",
        whole.parameters(),
    )
    return int(row["n"])


def _of_people(part: Slice) -> str:
    """Condition on the steps that a slice is about, within cases that are chosen already."""
    return Slice(step=part.step, team=part.team, person=part.person).of_work("t.done_on")


def _longest(ledger: Ledger, step: str) -> list[Place]:
    return ledger.places(
        "SELECT t.case_no, t.task_no,"
        f" (t.done_s - t.created_s) / {ledger.office.day_seconds} AS value FROM task t"
        " JOIN asked_case c USING (case_no) WHERE t.step = $longest AND t.done_s IS NOT NULL"
        f" ORDER BY value DESC, t.task_no LIMIT {LISTED}",
        {"longest": step},
    )
