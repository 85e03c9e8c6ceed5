"""How long the queues are and how busy the people, week by week or day by day.

Queue of a week or day: steps that lay at its end, created and not done. Utilisation: seconds of
work by seconds that people had, which is office time less absences; works of one are put one behind
another as in `busy`. Kingman (1961): waiting grows with u / (1 - u), so that above 0.85 a little
more work makes much longer queues. Little (1961): the mean queue is arrivals × mean time in it;
both sides are reckoned apart, the one from the steps up and down, the other from single steps, and
must agree in any true ledger.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from broker_crm.analysis.answers import Row
from broker_crm.analysis.bottlenecks.busy import Spans, absences, works
from broker_crm.analysis.bottlenecks.steps import Numbers
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import Slice

STRAINED = 0.85
"""Utilisation above which queues grow fast."""
DIMENSIONS = {"step": "t.step", "lane": "t.lane", "person": "t.person"}
MOST = 53
"""Stretches shown at most, the last ones."""
BY_DAY = 31
"""Days of a period up to which it is told by days instead of by weeks."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Length of a queue at the end of each week.

    Attributes:
        key: of the step, lane or person.
        lengths: by week.
        arrived: steps created in the weeks.
        done: steps done or taken away in them.
    """

    key: str | None
    lengths: list[int]
    arrived: int
    done: int


@dataclass(frozen=True, slots=True)
class Little:
    """Both sides of Little's law over a stretch of time.

    Attributes:
        mean_queue: steps that lay at any time, on average, from the ups and downs of the queue.
        a_day: steps that were there, for each working day.
        days: working days that each lay in the stretch, on average, from single steps.
    """

    mean_queue: float
    a_day: float
    days: float

    @property
    def holds(self) -> bool:
        """Whether both sides agree."""
        return abs(self.mean_queue - self.a_day * self.days) <= 1e-6 * max(1.0, self.mean_queue)


@dataclass(frozen=True, slots=True)
class Load:
    """Queues and utilisation.

    Attributes:
        firsts: the first day of each week, or each working day of a short period.
        length: days of each, 7 or 1.
        queues: by step, lane or person, the longest first.
        people: `key`, `utilisation` over all weeks (None without office time), `shares` by week,
            `strained`, `hours`; the busiest first.
        lanes: likewise, of those who work mostly in the lane.
        little: the self-test over all the weeks.
    """

    firsts: Sequence[date]
    length: int
    queues: Sequence[Queue]
    people: Sequence[Row]
    lanes: Sequence[Row]
    little: Little | None


def load(ledger: Ledger, part: Slice, by: str = "step") -> Load:
    """Queues and utilisation in the weeks of a period.

    Args:
        ledger: the columns.
        part: the queue is of its steps, whenever their cases end; utilisation is of all work that
            its people did, for they are as busy by other processes.
        by: 'step', 'lane' or 'person', for the queues.
    """
    firsts, length = _stretches(ledger, part)
    if not firsts:
        return Load((), 7, (), (), (), None)
    people, lanes = _utilisation(ledger, part, firsts, length)
    queues = _queues(ledger, part, firsts, length, by)
    return Load(firsts, length, queues, people, lanes, _little(ledger, part, firsts, length))


def _stretches(ledger: Ledger, part: Slice) -> tuple[list[date], int]:
    row = ledger.row(
        "SELECT min(t.created_on) AS first, max(coalesce(t.done_on, $today)) AS last FROM task t"
        f" JOIN case_file c USING (case_no) WHERE {part.of_case()}",
        part.parameters(),
    )
    if row["first"] is None:
        return [], 7
    first = max(part.start or row["first"], row["first"])
    last = min(part.end or row["last"], row["last"], ledger.today)
    if (last - first).days < BY_DAY:
        days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
        return [each for each in days if ledger.office.calendar.is_working(each)], 1
    monday, found = first - timedelta(days=first.weekday()), []
    while monday <= last:
        found.append(monday)
        monday += timedelta(weeks=1)
    return found[-MOST:], 7


def _queues(ledger: Ledger, part: Slice, firsts: list[date], length: int, by: str) -> list[Queue]:
    key = DIMENSIONS[by]
    source = (
        "FROM task t JOIN case_file c USING (case_no)"
        f" WHERE {_whenever(part).of_work('t.created_on')}"
    )
    rows = ledger.rows(
        f"""
        WITH moved AS (
            SELECT {key}::VARCHAR AS key, t.created_on AS day, 1 AS up, 0 AS down {source}
                AND t.created_on IS NOT NULL
            UNION ALL
            SELECT {key}::VARCHAR AS key, t.done_on AS day, 0 AS up, 1 AS down {source}
                AND t.created_on IS NOT NULL AND t.done_on IS NOT NULL
        )
        SELECT key, day, sum(up) AS up, sum(down) AS down
        FROM moved WHERE day <= $last GROUP BY 1, 2
        """,
        {
            **part.parameters(),
            "last": firsts[-1] + timedelta(days=length - 1),
        },
    )
    count = len(firsts)
    changes: dict[str | None, Numbers] = {}
    lasts = [each + timedelta(days=length - 1) for each in firsts]
    for row in rows:
        own = changes.setdefault(row["key"], np.zeros((2, count + 1)))
        place = 1 + bisect_left(lasts, row["day"]) if row["day"] >= firsts[0] else 0
        own[:, place] += row["up"], row["down"]
    found = [
        Queue(
            name,
            [int(each) for each in np.cumsum(own[0] - own[1])[1:]],
            int(own[0, 1:].sum()),
            int(own[1, 1:].sum()),
        )
        for name, own in changes.items()
    ]
    shown = [each for each in found if any(each.lengths) or each.arrived or each.done]
    return sorted(shown, key=lambda each: (-sum(each.lengths), each.key or ""))


def _whenever(part: Slice) -> Slice:
    return replace(part, start=None, end=None)


def _little(ledger: Ledger, part: Slice, firsts: list[date], length: int) -> Little | None:
    since, until = _span(ledger, firsts, length)
    found = ledger.arrays(
        "SELECT greatest(t.created_s, $since) AS since,"
        " least(greatest(coalesce(t.done_s, $now_s), t.created_s), $until) AS until FROM task t"
        " JOIN case_file c USING (case_no)"
        f" WHERE {_whenever(part).of_work('t.created_on')} AND t.created_s < $until"
        " AND coalesce(t.done_s, $now_s) > $since",
        {**part.parameters(), "since": since, "until": until},
    )
    if not len(found["since"]) or until <= since:
        return None
    lay = np.maximum(found["until"] - found["since"], 0.0)
    span = (until - since) / ledger.office.day_seconds
    return Little(
        _mean_queue(found["since"], found["until"], since, until),
        len(lay) / span,
        float(lay.mean()) / ledger.office.day_seconds,
    )


def _mean_queue(since: Numbers, until: Numbers, first: float, last: float) -> float:
    """The length of a queue on average, following it up and down."""
    at = np.concatenate((since, until))
    order = np.argsort(at, kind="stable")
    change = np.concatenate((np.ones(len(since)), -np.ones(len(until))))[order]
    lengths = np.concatenate(([0.0], np.cumsum(change)))
    edges = np.concatenate(([first], at[order], [last]))
    return float((lengths * np.diff(edges)).sum() / (last - first))


def _span(ledger: Ledger, firsts: Sequence[date], length: int) -> tuple[float, float]:
    """Office seconds where the stretches begin, and where they end or now is."""
    edges = _edges(ledger, firsts, length)
    now = float(ledger.row("SELECT $now_s AS now", {})["now"])
    return float(edges[0]), min(float(edges[-1]), now)


def _edges(ledger: Ledger, firsts: Sequence[date], length: int) -> Numbers:
    """Office seconds at the beginning of each stretch, and at the end of the last."""
    zone = ledger.office.calendar.zone
    starts = [
        datetime.combine(each, time.min, zone).astimezone(UTC).replace(tzinfo=None)
        for each in (*firsts, firsts[-1] + timedelta(days=length))
    ]
    found: Numbers = ledger.office.seconds(np.array(starts, dtype="datetime64[us]"))
    return found


def _utilisation(
    ledger: Ledger, part: Slice, firsts: list[date], length: int
) -> tuple[list[Row], list[Row]]:
    since, until = _span(ledger, firsts, length)
    ledger.keep(
        "at_work",
        "SELECT t.person AS login, row_number() OVER (ORDER BY t.person) - 1 AS code,"
        " mode(t.lane)::VARCHAR AS lane FROM task t JOIN case_file c USING (case_no)"
        " WHERE t.person IS NOT NULL"
        f" AND t.done_s >= $since AND t.done_s <= $until"
        f" AND {_whenever(part).of_work('t.done_on')} GROUP BY 1",
        {**part.parameters(), "since": since, "until": until},
    )
    people = ledger.rows("SELECT login, lane FROM at_work ORDER BY code", {})
    if not people:
        return [], []
    found = ledger.arrays(
        """
        WITH paused AS (
            SELECT t.task_no, max(least(p.until_s, t.done_s)) AS last
            FROM pause p JOIN task t USING (task_no)
            WHERE least(p.until_s, t.done_s) > greatest(p.from_s, t.created_s) GROUP BY 1
        )
        SELECT w.code, greatest(t.created_s, coalesce(q.last, t.created_s)) AS begun,
            t.done_s AS done,
            coalesce(60 * coalesce(t.minutes, t.std_minutes), t.done_s - t.started_s, 0) AS seconds
        FROM task t JOIN at_work w ON w.login = t.person LEFT JOIN paused q USING (task_no)
        WHERE t.status = 'completed' AND t.done_s >= $since AND t.done_s <= $until
            AND t.created_s <= t.done_s
        ORDER BY w.code, t.done_s, t.done_at, t.created_s, t.task_no
        """,
        {"since": since, "until": until},
    )
    person = found["code"].astype(np.int64)
    seconds = works(person, found["begun"], found["done"], found["seconds"])
    did = seconds > 0
    busy = Spans.of(person[did], (found["done"] - seconds)[did], found["done"][did])
    away = absences(ledger, [row["login"] for row in people])
    edges = np.minimum(_edges(ledger, firsts, length), until)
    worked, gone = (_by_stretch(each, len(people), edges) for each in (busy, away))
    had = np.maximum(np.diff(edges)[None, :] - gone, 0.0)
    rows = [_used(row["login"], worked[[code]], had[[code]]) for code, row in enumerate(people)]
    lanes = sorted({row["lane"] for row in people if row["lane"] is not None})
    of_lane = [
        _used(
            lane,
            worked[[each["lane"] == lane for each in people]],
            had[[each["lane"] == lane for each in people]],
        )
        for lane in lanes
    ]
    busiest = sorted(rows, key=lambda row: (-(row["utilisation"] or 0), row["key"]))
    return busiest, sorted(of_lane, key=lambda row: (-(row["utilisation"] or 0), row["key"]))


def _by_stretch(spans: Spans, people: int, edges: Numbers) -> Numbers:
    person = np.repeat(np.arange(people), len(edges))
    found: Numbers = spans.until(person, np.tile(edges, people)).reshape(people, len(edges))
    return np.diff(found, axis=1)


def _used(key: str, worked: Numbers, had: Numbers) -> Row:
    total, weekly = float(had.sum()), had.sum(axis=0)
    share = float(worked.sum()) / total if total > 0 else None
    return {
        "key": key,
        "n": len(worked),
        "utilisation": share,
        "hours": float(worked.sum()) / 3600,
        "strained": share is not None and share > STRAINED,
        "shares": [
            float(did) / float(there) if there > 0 else None
            for did, there in zip(worked.sum(axis=0), weekly, strict=True)
        ],
    }
