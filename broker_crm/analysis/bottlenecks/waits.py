"""Where cases wait, for whom and why: the waiting of each step, split into causes without a rest.

A step lies from its creation to its end; what of that is not work is waiting. Each working second
of it has one cause, the first of these that fits:

- *client*, *insurer*, *pause*: the step was paused, for the client, the insurer or something else;
- *rework*: it is work done over again (a repeated offer, contract, approval, letter or signing;
  any repetition where the kind of step is not told);
- *nobody*: no one held it;
- *later_first*: whoever did it worked on something that had come in later (prioritisation);
- *busy*: they worked on something else (contention of people);
- *absent*: they were away (unavailability);
- *client*, *insurer*: a signature or a quote was what the step is about; once such a step is
  started, nobody here holds it up any more;
- *rest*: it lay although its person was free, or the columns don't know why (extraneous).

The causes follow Lashkevich, Milani, Chapela-Campa, Suvorau and Dumas (2023, arXiv 2212.01392), who
infer calendars and queues from the log; here both are known. Nights and closed days count for
nobody: all time is office time. Batching is not told apart: it is part of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from broker_crm.analysis.bottlenecks.busy import (
    Spans,
    absences,
    apart_from,
    later_first,
    works,
)
from broker_crm.analysis.bottlenecks.pauses import pauses_of
from broker_crm.analysis.bottlenecks.steps import NONE, Numbers, Steps
from broker_crm.analysis.ledger import Ledger

CAUSES = (
    "busy",
    "later_first",
    "absent",
    "client",
    "insurer",
    "pause",
    "rework",
    "nobody",
    "rest",
)
LEAST = 1e-4
"""Seconds; less is what adding up has rounded."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What of each step was work and what waiting, in office seconds, in the order of the steps.

    Attributes:
        work: of the person on the step.
        to_start: waiting before it was started; all of it where no start was noted.
        causes: by name; their sum is all waiting, before and after the start.
        busy: stretches in which the people worked.
        away: stretches in which they were absent.
    """

    work: Numbers
    to_start: Numbers
    causes: dict[str, Numbers]
    busy: Spans
    away: Spans

    @property
    def waiting(self) -> Numbers:
        found: Numbers = np.sum(list(self.causes.values()), axis=0)
        return found


def waits(ledger: Ledger, steps: Steps) -> Waits:
    """Split the waiting of the steps.

    Args:
        ledger: knows pauses and absences.
        steps: as `steps_of` gives them.
    """
    paused = pauses_of(ledger, steps)
    unknown = np.isnan(steps.started)
    begun = np.where(unknown, steps.done, np.clip(steps.started, steps.created, steps.done))
    could_work = np.maximum(steps.created, paused.last())
    noted = np.where(np.isnan(steps.minutes), steps.done - begun, steps.minutes)
    work = works(steps.person, could_work, steps.done, noted)
    stop = steps.done - work
    did = work > 0
    busy = Spans.of(steps.person[did], stop[did], steps.done[did])
    away = absences(ledger, list(steps.people))
    ours = np.where(steps.outside > 0, np.minimum(begun, stop), stop)
    causes = {cause: np.zeros(len(stop)) for cause in CAUSES}
    for cause, seconds in paused.by_cause().items():
        causes[cause] += seconds
    unpaused = stop - steps.created - paused.total()
    held = ~steps.again & (steps.person != NONE)
    causes["rework"] += np.where(steps.again, unpaused, 0.0)
    causes["nobody"] += np.where(~steps.again & ~held, unpaused, 0.0)
    person = steps.person
    worked = busy.until(person, ours) - busy.until(person, steps.created)
    worked -= paused.before(busy, person, ours)
    later = _later_first(steps, work, ours)
    later -= paused.later_first(busy, steps.created[did], steps, ours)
    free = Spans.of(*apart_from(away, busy))
    gone = free.until(person, ours) - free.until(person, steps.created)
    gone -= paused.before(free, person, ours)
    causes["later_first"] += np.where(held, later, 0.0)
    causes["busy"] += np.where(held, worked - later, 0.0)
    causes["absent"] += np.where(held, gone, 0.0)
    told = np.sum(list(causes.values()), axis=0)
    left = stop - steps.created - told
    outside = held & (steps.outside > 0)
    causes["insurer"] += np.where(outside & (steps.outside == 1), left, 0.0)
    causes["client"] += np.where(outside & (steps.outside == 2), left, 0.0)
    causes["rest"] = np.where(outside, 0.0, left)
    for cause, seconds in causes.items():
        causes[cause] = np.where(np.abs(seconds) < LEAST, 0.0, seconds)
    return Waits(work, np.minimum(begun, stop) - steps.created, causes, busy, away)


def _later_first(steps: Steps, work: Numbers, ours: Numbers) -> Numbers:
    """Seconds of works finished before each step that had come in after it.

    Steps without work, and those that are another's turn from some instant on, are asked as of
    that instant: works that end with it have been done before.
    """
    n = len(work)
    aside = np.flatnonzero((ours < steps.done - work) | (work <= 0))
    person = np.concatenate((steps.person, steps.person[aside]))
    when = np.concatenate((steps.done, ours[aside]))
    asks = np.concatenate((np.zeros(n), np.ones(len(aside))))
    order = np.lexsort((np.arange(len(person)), asks, when, person))
    created = np.concatenate((steps.created, steps.created[aside]))
    seconds = np.concatenate((work, np.zeros(len(aside))))
    sums = np.empty(len(person))
    sums[order] = later_first(person[order], created[order], seconds[order])
    found = sums[:n]
    found[aside] = sums[n:]
    return found
