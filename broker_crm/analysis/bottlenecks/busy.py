"""When people were busy: works one after another, absences, and work that was begun later.

Works of a person are put one behind another: each ends when its step was done and lasts as long as
noted, but begins no sooner than the step came in and the work before it had ended. So no second of
a person is counted twice, and the busy time between two instants is a difference of sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from broker_crm.analysis.bottlenecks.steps import Codes, Numbers
from broker_crm.analysis.ledger import Ledger
from broker_crm.people.models import Absence

APART = 1e9
"""Office seconds by which the timelines of two people lie apart in one array."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of time of many people, none overlapping another of the same person.

    Attributes:
        starts: with the person's place in front: person × APART + office seconds.
        ends: likewise, rising.
        before: seconds of all stretches before each, and at last of all.
    """

    starts: Numbers
    ends: Numbers
    before: Numbers

    @classmethod
    def of(cls, person: Codes, starts: Numbers, ends: Numbers) -> Spans:
        """Stretches in the order of person and end."""
        base = person * APART
        lengths = np.cumsum(ends - starts)
        return cls(base + starts, base + ends, np.concatenate(([0.0], lengths)))

    def until(self, person: Codes, at: Numbers) -> Numbers:
        """Seconds before an instant; only differences for the same person mean anything."""
        key = person * APART + at
        place = np.searchsorted(self.ends, key, side="right")
        if not len(self.ends):
            return np.zeros(len(key))
        inside = np.minimum(place, len(self.ends) - 1)
        begun = np.where(
            (place < len(self.ends)) & (self.starts[inside] < key), key - self.starts[inside], 0.0
        )
        found: Numbers = self.before[place] + begun
        return found


def works(person: Codes, begun: Numbers, done: Numbers, seconds: Numbers) -> Numbers:
    """Seconds of each work that no other work of the same person takes.

    Args:
        person: in rising order, and `done` within each person.
        begun: when the work could begin.
        done: when it ended.
        seconds: as noted.
    """
    takes = np.minimum(seconds, done - begun) > 0
    last = np.where(takes, np.arange(len(done)), -1)
    last = np.concatenate(([-1], np.maximum.accumulate(last)[:-1])) if len(done) else last
    same = (last >= 0) & (person[last] == person)
    free = np.where(same, done[last], -np.inf)
    start = np.maximum(np.maximum(done - seconds, begun), free)
    found: Numbers = np.where(takes & (person >= 0), np.maximum(done - start, 0.0), 0.0)
    return found


def later_first(person: Codes, created: Numbers, seconds: Numbers) -> Numbers:
    """For each work, the seconds of works done before it that came in after it.

    Sums of inversions, found bit by bit of the rank as in a wavelet tree: about 20 passes over the
    array, whatever its order.

    Args:
        person: in rising order, and the works of each as they were done.
        created: when each came in.
        seconds: of each.
    """
    n = len(created)
    found = np.zeros(n)
    if n < 2:
        return found
    rank = _ranks(person, created)
    edge = np.flatnonzero(np.concatenate(([True], person[1:] != person[:-1])))
    sizes = np.diff(np.append(edge, n))
    first, stop = np.repeat(edge, sizes), np.repeat(edge + sizes, sizes)
    place, here = np.arange(n), np.arange(n)
    for bit in range(int(rank.max()).bit_length() - 1, -1, -1):
        low = rank[place] >> bit & 1 == 0
        carried = np.concatenate(([0.0], np.cumsum(np.where(low, 0.0, seconds[place]))))
        found[place[low]] += (carried[:-1] - carried[first])[low]
        lows = np.concatenate(([0], np.cumsum(low)))
        before, middle = lows[:-1] - lows[first], first + lows[stop] - lows[first]
        goes = np.where(low, first + before, middle + (here - first - before))
        first, stop = np.where(low, first, middle), np.where(low, middle, stop)
        moved = np.empty((3, n), dtype=np.int64)
        moved[:, goes] = place, first, stop
        place, first, stop = moved
    return found


def _ranks(person: Codes, created: Numbers) -> Codes:
    """Place of each among those of the same person by when it came in; equals share one."""
    order = np.lexsort((created, person))
    sorted_person, sorted_created = person[order], created[order]
    fresh = np.concatenate(([True], sorted_person[1:] != sorted_person[:-1]))
    differs = fresh | np.concatenate(([True], sorted_created[1:] != sorted_created[:-1]))
    count = np.cumsum(differs)
    at_first = np.maximum.accumulate(np.where(fresh, count, 0))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = count - at_first
    return rank


def absences(ledger: Ledger, people: list[str]) -> Spans:
    """Stretches of the absences of people, by their places in the list."""
    known = set(_logins(ledger))
    place = {login: each for each, login in enumerate(people) if login in known}
    rows = ledger.session.execute(
        select(Absence.login, Absence.first_day, Absence.last_day).where(
            Absence.login.in_(list(place))
        )
    ).all()
    if not rows:
        return Spans.of(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    zone = ledger.office.calendar.zone

    def midnights(days: list[datetime]) -> Numbers:
        instants = np.array(
            [day.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) for day in days],
            dtype="datetime64[us]",
        )
        return ledger.office.seconds(instants)

    person = np.array([place[row.login] for row in rows], dtype=np.int64)
    starts = midnights([datetime.combine(row.first_day, time.min) for row in rows])
    ends = midnights([datetime.combine(row.last_day + timedelta(days=1), time.min) for row in rows])
    order = np.lexsort((ends, starts, person))
    person, starts, ends = person[order], starts[order], ends[order]
    reached = np.maximum.accumulate(person * APART + ends) - person * APART
    before = np.concatenate(([-np.inf], reached[:-1]))
    before[1:][person[1:] != person[:-1]] = -np.inf
    starts = np.minimum(np.maximum(starts, before), reached)
    return Spans.of(person, starts, np.maximum(reached, starts))


def apart_from(these: Spans, others: Spans) -> tuple[Codes, Numbers, Numbers]:
    """Stretches of these that are not among the others, with their people.

    Both are cut at every edge of either; an edge of one person is on that person's line alone.
    """
    edges = np.unique(np.concatenate((these.starts, these.ends, others.starts, others.ends)))
    if not len(these.ends):
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    starts, ends = edges[:-1], edges[1:]
    kept = _covers(these, starts, ends) & ~_covers(others, starts, ends)
    person = np.floor(starts[kept] / APART).astype(np.int64)
    base = person * APART
    return person, starts[kept] - base, ends[kept] - base


def _covers(spans: Spans, starts: Numbers, ends: Numbers) -> NDArray[np.bool_]:
    if not len(spans.ends):
        return np.zeros(len(starts), dtype=bool)
    place = np.searchsorted(spans.ends, starts, side="right")
    inside = np.minimum(place, len(spans.ends) - 1)
    found: NDArray[np.bool_] = (
        (place < len(spans.ends)) & (spans.starts[inside] <= starts) & (spans.ends[inside] >= ends)
    )
    return found


def _logins(ledger: Ledger) -> list[str]:
    return [row["login"] for row in ledger.rows("SELECT login FROM person", {})]
