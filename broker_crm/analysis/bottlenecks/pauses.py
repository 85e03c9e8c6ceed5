"""Pauses of steps as arrays, one after another, and what the people did meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from broker_crm.analysis.bottlenecks.busy import APART, Spans
from broker_crm.analysis.bottlenecks.steps import NONE, Codes, Numbers, Steps
from broker_crm.analysis.ledger import Ledger

CAUSES: Mapping[str, str] = {
    "waiting-for-client": "client",
    "client-absent": "client",
    "waiting-for-insurer": "insurer",
}
"""Reasons of pauses by whom they wait for; others are just pauses."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Pauses, each within its step.

    Attributes:
        step: place of the step of each.
        since: office seconds.
        until: likewise.
        causes: 'client', 'insurer' or 'pause'.
        count: how many steps there are.
    """

    step: Codes
    since: Numbers
    until: Numbers
    causes: list[str]
    count: int

    def total(self) -> Numbers:
        """Paused seconds by step."""
        return self._by_step(self.until - self.since)

    def last(self) -> Numbers:
        """End of the last pause by step; minus infinity without one."""
        found = np.full(self.count, -np.inf)
        np.maximum.at(found, self.step, self.until)
        return found

    def by_cause(self) -> dict[str, Numbers]:
        """Paused seconds by step, for each cause."""
        told = np.array(self.causes, dtype=object)
        return {
            cause: self._by_step(np.where(told == cause, self.until - self.since, 0.0))
            for cause in sorted(set(self.causes))
        }

    def before(self, spans: Spans, person: Codes, instants: Numbers) -> Numbers:
        """Seconds of a person's stretches within the pauses, up to an instant of each step."""
        until = np.maximum(np.minimum(self.until, instants[self.step]), self.since)
        owner = person[self.step]
        return self._by_step(spans.until(owner, until) - spans.until(owner, self.since))

    def later_first(self, busy: Spans, came: Numbers, steps: Steps, instants: Numbers) -> Numbers:
        """Seconds in pauses of works that came in after the step and ended before its instant.

        Args:
            busy: works of the people.
            came: when the step of each work came in.
            steps: all.
            instants: of each step.
        """
        base = steps.person[self.step] * APART
        until = np.maximum(np.minimum(self.until, instants[self.step]), self.since)
        low = np.searchsorted(busy.ends, base + self.since, side="right")
        high = np.searchsorted(busy.starts, base + until, side="left")
        sizes = np.maximum(high - low, 0)
        pause = np.repeat(np.arange(len(self.step)), sizes)
        work = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + low[pause]
        step = self.step[pause]
        overlap = np.minimum(busy.ends[work], (base + until)[pause]) - np.maximum(
            busy.starts[work], (base + self.since)[pause]
        )
        counts = (came[work] > steps.created[step]) & (
            busy.ends[work] <= steps.person[step] * APART + instants[step]
        )
        found = np.zeros(self.count)
        np.add.at(found, step, np.where(counts, np.maximum(overlap, 0.0), 0.0))
        return found

    def _by_step(self, seconds: Numbers) -> Numbers:
        return np.bincount(self.step, weights=seconds, minlength=self.count).astype(np.float64)


def pauses_of(ledger: Ledger, steps: Steps) -> Pauses:
    """The pauses of the steps, cut to them and to one another."""
    found = ledger.arrays(
        "SELECT q.code, p.reason::VARCHAR AS reason, p.from_s AS since,"
        " coalesce(p.until_s, $now_s) AS until FROM pause p JOIN asked_pause q USING (task_no)"
        " ORDER BY q.code, since, until",
        {},
    )
    codes = found["code"].astype(np.int64)
    place = np.full(int(max(codes.max(initial=-1), steps.paused.max(initial=-1))) + 1, NONE)
    there = np.flatnonzero(steps.paused != NONE)
    place[steps.paused[there]] = there
    step = place[codes] if len(codes) else codes
    known = step != NONE
    step, since, until = step[known], found["since"][known], found["until"][known]
    reasons = found["reason"][known]
    since = np.clip(since, steps.created[step], steps.done[step])
    until = np.clip(until, since, steps.done[step])
    reached = np.maximum.accumulate(step * 0.0 + until + _rank(step) * APART) - _rank(step) * APART
    before = np.concatenate(([-np.inf], reached[:-1])) if len(step) else reached
    same = np.concatenate(([False], step[1:] == step[:-1])) if len(step) else step == step
    since = np.where(same, np.clip(before, since, until), since)
    some = until > since
    causes = [CAUSES.get(each, "pause") for each in reasons[some]]
    return Pauses(step[some], since[some], until[some], causes, len(steps.done))


def _rank(step: Codes) -> Numbers:
    """Rising numbers of runs of the same step."""
    if not len(step):
        return step.astype(np.float64)
    return np.concatenate(([0.0], np.cumsum(step[1:] != step[:-1]))).astype(np.float64)
