"""`make scorecard`: is the comparison right where the truth is known?

Some hundred pairs of versions for each line of the table, with a planted delay, conversion, mix or
segment, or with nothing at all. Fails when a line lies beyond its bounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.planted import SPREAD, Plan, planted
from broker_crm.analysis import segments
from broker_crm.analysis.comparison import Comparison, Verdict, compare, resampling
from broker_crm.analysis.comparison.curves import kaplan_meier
from broker_crm.analysis.segments import find_segments
from broker_crm.analysis.slices import Slice

FLEETS = {"fleet": 0.60, "small": 0.25, "medium": 0.15}
SAID = (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT)
RUNS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the scorecard.

    Attributes:
        name: what is shown.
        share: of the runs in which it was so.
        runs: how many.
        least: of the share.
        most: of the share.
    """

    name: str
    share: float
    runs: int
    least: float = 0.0
    most: float = 1.0

    @property
    def holds(self) -> bool:
        return self.least <= self.share <= self.most

    def row(self) -> str:
        bounds = f"{self.least:.2f} to {self.most:.2f}"
        word = "yes" if self.holds else "NO"
        return f"| {self.name} | {self.runs} | {self.share:.3f} | {bounds} | {word} |"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=RUNS)
    asked.add_argument("--only", default="", help="lines whose name begins so")
    options = asked.parse_args()
    print("| what | runs | share | bounds | holds |\n|---|---|---|---|---|", flush=True)
    failed = False
    for name, cell in CELLS.items():
        if name.startswith(options.only):
            for line in cell(options.runs):
                print(line.row(), flush=True)
                failed |= not line.holds
    if failed:
        raise SystemExit("A line lies beyond its bounds.")


def told(
    seed: int, before: Plan, after: Plan, *, adjust: tuple[str, ...] | None = None
) -> Comparison:
    """The comparison of two planned versions."""
    return compare(
        planted(seed, before, after), None, Slice(version=1), Slice(version=2), adjust=adjust
    )


def delay(runs: int) -> Iterator[Line]:
    """A working day more at one step, 400 cases of each version."""
    found = top = 0
    inside: list[bool] = []
    for seed in range(runs):
        made = told(seed, Plan(400), Plan(400, 149, 45, delay=("offer", 1.0)))
        figure = made.figure("waiting", "offer")
        assert figure is not None and figure.interval is not None
        found += figure.verdict is Verdict.WORSE
        waits = [each.figure("waiting") for each in made.steps]
        largest = max(
            (each for each in waits if each and each.chance is not None),
            key=lambda each: -(each.chance or 0),
        )
        top += largest.element == "offer"
        low, high = figure.interval
        if low is not None and high is not None:
            inside.append(low <= 1.0 <= high)
    yield Line("delay of 1 working day found, n = 400", found / runs, runs, 0.90)
    yield Line("the delayed step has the least chance, n = 400", top / runs, runs, 0.95)
    yield Line(
        "interval of the median's difference holds the truth",
        float(np.mean(inside)),
        len(inside),
        0.93,
    )


def conversion(runs: int) -> Iterator[Line]:
    found = sum(
        (
            figure := told(
                seed, Plan(800), Plan(800, 149, 45, conversion=("negotiate", 0.1))
            ).figure("conversion", "negotiate")
        )
        is not None
        and figure.verdict is Verdict.BETTER
        for seed in range(1000, 1000 + runs)
    )
    yield Line("10 points more of conversion found, n = 800", found / runs, runs, 0.55)


def nothing(runs: int) -> Iterator[Line]:
    """No difference at all."""
    for n, first in ((200, 2000), (400, 3000)):
        raw = corrected = 0
        for seed in range(first, first + runs):
            made = told(seed, Plan(n), Plan(n, 149, 45))
            raw += any(each.chance is not None and each.chance < 0.05 for each in made.figures)
            corrected += any(each.verdict in SAID for each in made.figures)
        yield Line(f"no difference: some p < 0.05, uncorrected, n = {n}", raw / runs, runs, 0.30)
        yield Line(f"no difference: something is said, n = {n}", corrected / runs, runs, 0.0, 0.08)


def few(runs: int) -> Iterator[Line]:
    said = sum(
        any(each.verdict in SAID for each in made.figures)
        for made in (
            told(seed, Plan(25), Plan(25, 149, 45, delay=("call", 5.0)))
            for seed in range(4000, 4000 + runs)
        )
    )
    yield Line("something is said of 25 cases", said / runs, runs, 0.0, 0.0)


def other_mix(runs: int) -> Iterator[Line]:
    """No difference but that the later version has more slow fleets."""
    alone = within = mixed = 0
    sides = (Slice(version=1), Slice(version=2))
    for seed in range(2 * runs):
        ledger = planted(5000 + seed, Plan(400), Plan(400, 149, 45, mix=FLEETS))
        honest = compare(ledger, None, *sides)
        within += any(each.verdict in SAID for each in honest.figures)
        if seed < runs:
            plain = compare(ledger, None, *sides, adjust=())
            alone += any(each.verdict in SAID for each in plain.figures)
            mixed += any(each.verdict is Verdict.MIX for each in honest.figures)
    yield Line(
        "another mix: something is said without regard to it, n = 400", alone / runs, runs, 0.5
    )
    yield Line(
        "another mix: something is said within segments, n = 400",
        within / (2 * runs),
        2 * runs,
        0.0,
        0.08,
    )
    yield Line("another mix: “explained by the mix” is said, n = 400", mixed / runs, runs, 0.9)


def intervals(runs: int) -> Iterator[Line]:
    """Interval of the difference of two medians of 60 values each, true difference known."""
    inside = 0
    for seed in range(runs * 5):
        random = np.random.default_rng(6000 + seed)
        draws = []
        for median in (2.5, 3.5):
            values = random.lognormal(np.log(median), SPREAD, 60)
            curve = kaplan_meier(values, np.ones(60, dtype=bool))
            draws.append(resampling.quantile_draws(curve, 0.5, random))
        low, high = resampling.limits(resampling.less(draws[1], draws[0]))
        inside += low is not None and high is not None and low <= 1.0 <= high
    share = inside / (runs * 5)
    yield Line("interval of a difference of medians, n = 60", share, runs * 5, 0.93, 0.985)


def young(runs: int) -> Iterator[Line]:
    """A version 12 working days old: the median time to the end, most cases still running."""
    finished, honest, truth = [], [], []
    for seed in range(7000, 7000 + runs):
        made = told(seed, Plan(2000, 400, 300), Plan(2000, 12, 0))
        figure = made.figure("total", "meeting")
        assert figure is not None
        truth.append(figure.a.value or 0.0)
        honest.append(figure.b.value or 0.0)
        finished.append(_finished_only(seed))
    true = float(np.mean(truth))
    yield Line(
        f"12 days old: median of a step, Kaplan–Meier / truth ({true:.2f} w. d.)",
        float(np.mean(honest)) / true,
        runs,
        0.97,
        1.03,
    )
    yield Line(
        "12 days old: the same of finished ones only / truth",
        float(np.mean(finished)) / true,
        runs,
        0.0,
        0.9,
    )


def _finished_only(seed: int) -> float:
    ledger = planted(seed, Plan(2000, 400, 300), Plan(2000, 12, 0))
    row = ledger.row(
        f"SELECT median(t.done_s - t.created_s) / {8 * 3600} AS days FROM task t"
        " JOIN case_file c USING (case_no) WHERE c.version = 2 AND t.step = 'meeting'"
        " AND t.status = 'completed' AND t.loop = 1",
        {},
    )
    return float(row["days"])


def segment(runs: int) -> Iterator[Line]:
    """Interest of fleets lower by 25 points after the first call; or nothing of the kind."""
    found = first = said = hinted = 0
    for seed in range(8000, 8000 + runs):
        made = find_segments(planted(seed, Plan(1000, segment=("fleet", "call", -0.25))), Slice())
        found += any(each.holds and each.traits == {"size": "fleet"} for each in made.candidates)
        first += made.best is not None and made.best.traits == {"size": "fleet"}
        plain = find_segments(planted(seed, Plan(1000)), Slice())
        said += plain.verdict is segments.Verdict.CLEAR
        hinted += plain.verdict is segments.Verdict.TENDENCY
    yield Line("segment with 25 points less interest found, n = 1000", found / runs, runs, 0.95)
    yield Line("it is the first of those that hold, n = 1000", first / runs, runs, 0.80)
    yield Line("no segment: “clear” is said, n = 1000", said / runs, runs, 0.0, 0.05)
    yield Line("no segment: a tendency is told, n = 1000", hinted / runs, runs, 0.0, 0.08)


CELLS: dict[str, Callable[[int], Iterator[Line]]] = {
    "delay": delay,
    "conversion": conversion,
    "nothing": nothing,
    "few": few,
    "mix": other_mix,
    "intervals": intervals,
    "segment": segment,
    "young": lambda runs: young(max(2, runs // 10)),
}

if __name__ == "__main__":
    main()
