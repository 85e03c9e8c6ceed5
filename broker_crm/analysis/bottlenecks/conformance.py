"""Whether cases went as the diagram of their version allows, and where those that did not left it.

The engine lets no case leave its diagram by itself. Cases leave it when somebody moves them to
another step, or when they are migrated and the path so far does not fit the new diagram. Each path
is followed through the diagram of the version that the case has now: `replay` tells how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import LISTED, Row
from broker_crm.analysis.bottlenecks.finding import busiest
from broker_crm.analysis.bottlenecks.graph import Graph, TooWide
from broker_crm.analysis.bottlenecks.replay import Replay, Verdict
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import Slice
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import compiled, version_hash

_replays: dict[str, Replay] = {}
"""By content hash; versions never change."""
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Conformance:
    """How many cases went as the diagram allows.

    Attributes:
        part: that was looked at, of one process; None where nothing ever ended.
        cases: that were followed.
        fitting: of them, as the diagram allows.
        untold: cases of versions whose diagram is not known or has too many ways.
        versions: `version`, `n`, `fitting` by the version that cases have now.
        leaving: where cases left: `how`, `element` (None where they ended too early), `after`,
            `n`, `moved`, `migrated`, the most frequent first.
        cases_out: those cases: `case_id`, `version`, `how`, `element`, `after`, `place`, `moved`,
            `moved_from`, `moved_to`, `moved_by`, `migrated_from`, `steps`.
        moved: cases that somebody moved by hand, whether or not that left the diagram.
        moved_fitting: of them, those that fit all the same.
        migrated: cases that were migrated.
        migrated_fitting: likewise.
        taken: steps that were taken away before they were done, by element.
    """

    part: Slice | None
    cases: int = 0
    fitting: int = 0
    untold: int = 0
    versions: Sequence[Row] = ()
    leaving: Sequence[Row] = ()
    cases_out: Sequence[Row] = ()
    moved: int = 0
    moved_fitting: int = 0
    migrated: int = 0
    migrated_fitting: int = 0
    taken: Sequence[Row] = ()


def conformance(ledger: Ledger, part: Slice) -> Conformance:
    """Follow the cases that ended in the period through their diagrams.

    Args:
        ledger: the columns; a log without published versions is told as untold.
        part: as for `paths`.
    """
    process = part.process or busiest(ledger, part)
    if process is None:
        return Conformance(None)
    part = replace(part, process=process, person=None, team=None, step=None)
    _keep(ledger, part)
    replays = _known(ledger.session, process)
    traces = ledger.rows(
        "SELECT version, path, cut, moved, migrated, count(*) AS n, min(trace) AS trace"
        " FROM trace GROUP BY ALL",
        {},
    )
    judged = [(row, _judge(replays.get(row["version"]), row)) for row in traces]
    told = [(row, verdict) for row, verdict in judged if verdict is not None]
    out = [(row, verdict) for row, verdict in told if not verdict.fits]

    def count(**wanted: bool) -> tuple[int, int]:
        some = [pair for pair in told if all(pair[0][name] for name in wanted)]
        return sum(row["n"] for row, _each in some), sum(row["n"] for row, v in some if v.fits)

    cases, fitting = count()
    moved, moved_fitting = count(moved=True)
    migrated, migrated_fitting = count(migrated=True)
    return Conformance(
        part,
        cases=cases,
        fitting=fitting,
        untold=sum(row["n"] for row, verdict in judged if verdict is None),
        versions=_by_version(told),
        leaving=_leaving(out),
        cases_out=_cases_out(ledger, out),
        moved=moved,
        moved_fitting=moved_fitting,
        migrated=migrated,
        migrated_fitting=migrated_fitting,
        taken=ledger.rows(
            "SELECT t.element, any_value(t.step) AS step, count(*) AS n,"
            " count(DISTINCT t.case_no) AS cases FROM task t JOIN trace USING (case_no)"
            " WHERE t.status = 'cancelled' GROUP BY 1 ORDER BY n DESC, 1",
            {},
        ),
    )


def _judge(replay: Replay | None, row: Row) -> Verdict | None:
    if replay is None:
        return None
    try:
        return replay.follow(row["path"], ended=not row["cut"])
    except TooWide:
        return None


def _known(session: Session, process: str) -> Mapping[int, Replay]:
    """Replays of the published versions by their numbers."""
    rows = session.execute(
        select(ProcessVersion.id, ProcessVersion.number).where(
            ProcessVersion.process_key == process
        )
    ).all()
    found = {}
    for version_id, number in rows:
        key = version_hash(session, version_id)
        with _lock:
            if key not in _replays:
                try:
                    _replays[key] = Replay(Graph(compiled(session, version_id)))
                except TooWide:
                    continue
            found[number] = _replays[key]
    return found


def _keep(ledger: Ledger, part: Slice) -> None:
    """A table of this ledger alone: the path of each case by elements, and what steered it."""
    ledger.keep(
        "trace",
        f"""
        WITH path AS (
            SELECT t.case_no,
                list(t.element::VARCHAR ORDER BY t.done_at, t.created_at, t.task_no) AS path
            FROM task t JOIN case_file c USING (case_no) WHERE t.status = 'completed'
                AND t.done_at IS NOT NULL AND c.ended_s IS NOT NULL
                AND {part.of_cases("c.ended_on")} GROUP BY 1
        ), steered AS (
            SELECT h.case_no, bool_or(kind = 'token-moved') AS moved,
                bool_or(kind = 'instance-migrated') AS migrated
            FROM happening h WHERE kind IN ('token-moved', 'instance-migrated') GROUP BY 1
        )
        SELECT c.case_no, c.case_id, coalesce(c.now_version, c.version) AS version,
            c.version AS first_version, coalesce(r.path, []) AS path,
            c.status <> 'completed' AS cut, coalesce(s.moved, FALSE) AS moved,
            coalesce(s.migrated, FALSE) AS migrated,
            md5(concat_ws(chr(10), coalesce(c.now_version, c.version),
              c.status <> 'completed', coalesce(s.moved, FALSE), coalesce(s.migrated, FALSE),
              array_to_string(coalesce(r.path, []), chr(10)))) AS trace
        FROM case_file c LEFT JOIN path r USING (case_no) LEFT JOIN steered s USING (case_no)
        WHERE c.ended_s IS NOT NULL AND {part.of_cases("c.ended_on")}
        """,
        part.parameters(),
    )


def _by_version(told: Sequence[tuple[Row, Verdict]]) -> list[Row]:
    found: dict[int, Row] = {}
    for row, verdict in told:
        own = found.setdefault(row["version"], {"version": row["version"], "n": 0, "fitting": 0})
        own["n"] += row["n"]
        own["fitting"] += row["n"] if verdict.fits else 0
    return [found[version] for version in sorted(found)]


def _where(row: Row, verdict: Verdict) -> Row:
    path = row["path"]
    return {
        "how": verdict.how,
        "element": path[verdict.place] if verdict.place < len(path) else None,
        "after": path[verdict.place - 1] if verdict.place else None,
    }


def _leaving(out: Sequence[tuple[Row, Verdict]]) -> list[Row]:
    found: dict[tuple[object, ...], Row] = {}
    for row, verdict in out:
        place = _where(row, verdict)
        own = found.setdefault(tuple(place.values()), {**place, "n": 0, "moved": 0, "migrated": 0})
        own["n"] += row["n"]
        own["moved"] += row["n"] if row["moved"] else 0
        own["migrated"] += row["n"] if row["migrated"] else 0
    return sorted(found.values(), key=lambda row: (-row["n"], str(row["element"])))


def _cases_out(ledger: Ledger, out: Sequence[tuple[Row, Verdict]]) -> list[Row]:
    where = {row["trace"]: (row, verdict) for row, verdict in out}
    rows = ledger.rows(
        """
        WITH move AS (
            SELECT case_no, arg_max(from_element, happened_at) AS moved_from,
                arg_max(element, happened_at) AS moved_to, arg_max(actor, happened_at) AS moved_by
            FROM happening WHERE kind = 'token-moved' GROUP BY 1
        )
        SELECT t.case_id, t.trace, t.version, t.first_version, m.moved_from, m.moved_to, m.moved_by
        FROM trace t JOIN case_file c USING (case_no) LEFT JOIN move m USING (case_no)
        WHERE t.trace IN (SELECT unnest($traces::VARCHAR[]))
        ORDER BY c.ended_s DESC, t.case_id LIMIT $most
        """,
        {"traces": list(where), "most": LISTED},
    )
    found = []
    for each in rows:
        row, verdict = where[each.pop("trace")]
        first = each.pop("first_version")
        found.append(
            {
                **each,
                **_where(row, verdict),
                "place": verdict.place,
                "expected": list(verdict.expected),
                "moved": row["moved"],
                "migrated_from": first if row["migrated"] and first != each["version"] else None,
                "path": row["path"],
            }
        )
    return found
