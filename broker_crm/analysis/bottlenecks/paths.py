"""Which paths cases took: variants of the sequence of steps, and which step follows which.

The path of a case is the sequence of its completed steps by when they were completed; with loops
collapsed, each step counts where it was reached first. A variant is one such sequence. Times are
office time, in working days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from broker_crm.analysis.answers import LISTED, Place, Row
from broker_crm.analysis.bottlenecks.finding import busiest
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import Slice

RARE = 1
"""Variants of so few cases are told together where many are shown."""
LISTED_VARIANTS = 100
START, END = "(start)", "(end)"
"""Before the first step, and after the last."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths of the cases of a process that ended in the period.

    Attributes:
        part: that was looked at, of one process; None where nothing ever ended.
        cases: that ended.
        variants: `id`, `steps`, `n`, `share`, `median` and `ninth` days, `won`, `decided`, the
            most frequent first; at most a hundred.
        variant_count: how many there are.
        rare: those that only one case took.
        covered: share of cases in the variants that are drawn.
        steps: of the drawn ones: `key`, `n` times, `cases`, `median` days, `place` on average.
        moves: `source`, `target`, `n` times, `cases`, `median` days from one's end to the other's.
        places: cases of the variant that was picked, or of all.
        place_count: how many.
    """

    part: Slice | None
    cases: int = 0
    variants: Sequence[Row] = ()
    variant_count: int = 0
    rare: int = 0
    covered: float = 0.0
    steps: Sequence[Row] = ()
    moves: Sequence[Row] = ()
    places: Sequence[Place] = ()
    place_count: int = 0


def paths(
    ledger: Ledger,
    part: Slice,
    *,
    collapsed: bool = False,
    variant: str | None = None,
    most: int | None = None,
) -> Paths:
    """The paths of cases.

    Args:
        ledger: the columns.
        part: as for `bottlenecks`; people and step choose nothing here.
        collapsed: count only the first time that a case reaches a step.
        variant: id of the one to draw; None for several.
        most: how many of the most frequent variants to draw; None for all.
    """
    process = part.process or busiest(ledger, part)
    if process is None:
        return Paths(None)
    part = replace(part, process=process, person=None, team=None, step=None)
    _keep(ledger, part, collapsed=collapsed)
    whole = ledger.row(
        "SELECT count(*) AS variants, coalesce(sum(n), 0) AS cases,"
        f" coalesce(sum(n) FILTER (n <= {RARE}), 0) AS rare FROM variant",
        {},
    )
    listed = ledger.rows(
        "SELECT v.variant AS id, v.path, v.n, quantile_cont(w.days, 0.5) AS median,"
        " quantile_cont(w.days, 0.9) AS ninth, count(*) FILTER (w.ending = 'won') AS won,"
        " count(*) FILTER (w.ending IS NOT NULL AND w.ending <> 'excluded') AS decided"
        " FROM (SELECT * FROM variant WHERE place <= $listed OR variant = $variant) v"
        " JOIN walk w USING (variant) GROUP BY 1, 2, 3, v.place ORDER BY v.place",
        {"listed": LISTED_VARIANTS, "variant": variant},
    )
    cases = int(whole["cases"])
    variants = [
        {**row, "steps": row.pop("path"), "share": row["n"] / cases if cases else 0.0}
        for row in listed
    ]
    drawn = "v.variant = $variant" if variant else "v.place <= $most"
    given: dict[str, object] = {"variant": variant, "most": most or int(whole["variants"])}
    covered = ledger.row(f"SELECT coalesce(sum(n), 0) AS n FROM variant v WHERE {drawn}", given)
    _keep_drawn(ledger, drawn, given)
    return Paths(
        part,
        cases=cases,
        variants=variants,
        variant_count=int(whole["variants"]),
        rare=int(whole["rare"]),
        covered=int(covered["n"]) / cases if cases else 0.0,
        steps=_steps(ledger),
        moves=_moves(ledger),
        places=ledger.places(
            "SELECT w.code AS case_no, NULL::INTEGER AS task_no, days AS value FROM walk w"
            " JOIN variant v USING (variant)"
            f" WHERE {drawn} ORDER BY days DESC, w.code LIMIT {LISTED}",
            given,
        ),
        place_count=int(covered["n"]),
    )


def _keep(ledger: Ledger, part: Slice, *, collapsed: bool) -> None:
    """Tables of this ledger alone: `stride` (steps in order), `walk` (cases), `variant`."""
    ledger.keep(
        "walk_case",
        "SELECT c.case_no AS code, c.ending, c.started_s, c.ended_s"
        " FROM case_file c WHERE c.ended_s IS NOT NULL"
        f" AND {part.of_cases('c.ended_on')}",
        part.parameters(),
    )
    first = "QUALIFY row_number() OVER (PARTITION BY code, step ORDER BY done_at, created_at,"
    first += " task_no) = 1"
    ledger.keep(
        "stride",
        f"""
        WITH done AS (
            SELECT c.code, t.step::VARCHAR AS step, t.created_s, t.done_s, t.done_at, t.created_at,
                t.task_no
            FROM task t JOIN walk_case c ON c.code = t.case_no
            WHERE t.status = 'completed' AND t.done_at IS NOT NULL {first if collapsed else ""}
        )
        SELECT code, step, created_s, done_s, row_number() OVER by_case AS place,
            lead(step) OVER by_case AS next_step, lead(done_s) OVER by_case AS next_s
        FROM done WINDOW by_case AS (PARTITION BY code ORDER BY done_at, created_at, task_no)
        """,
        {},
    )
    ledger.keep(
        "walk",
        f"""
        SELECT c.*, greatest(0, c.ended_s - c.started_s) / {ledger.office.day_seconds} AS days,
            coalesce(s.path, []) AS path,
            substr(md5(array_to_string(coalesce(s.path, []), chr(10))), 1, 12) AS variant
        FROM walk_case c LEFT JOIN (
            SELECT code, list(step ORDER BY place) AS path FROM stride GROUP BY 1
        ) s USING (code)
        """,
        {},
    )
    ledger.keep(
        "variant",
        "SELECT variant, any_value(path) AS path, count(*) AS n,"
        " row_number() OVER (ORDER BY count(*) DESC, variant) AS place FROM walk GROUP BY 1",
        {},
    )


def _keep_drawn(ledger: Ledger, drawn: str, given: dict[str, object]) -> None:
    ledger.keep(
        "drawn",
        "SELECT w.code, w.started_s, w.ended_s FROM walk w JOIN variant v USING (variant)"
        f" WHERE {drawn}",
        given,
    )


def _steps(ledger: Ledger) -> list[Row]:
    return ledger.rows(
        "SELECT s.step AS key, count(*) AS n, count(DISTINCT s.code) AS cases,"
        " quantile_cont(greatest(0, s.done_s - s.created_s), 0.5)"
        f" / {ledger.office.day_seconds} AS median,"
        " avg(s.place) AS place FROM stride s JOIN drawn USING (code) GROUP BY 1"
        " ORDER BY place, key",
        {},
    )


def _moves(ledger: Ledger) -> list[Row]:
    return ledger.rows(
        f"""
        WITH move AS (
            SELECT s.code, s.step AS source, coalesce(s.next_step, '{END}') AS target,
                coalesce(s.next_s, d.ended_s) - s.done_s AS lasted
            FROM stride s JOIN drawn d USING (code)
            UNION ALL
            SELECT d.code, '{START}', coalesce(s.step, '{END}'),
                coalesce(s.done_s, d.ended_s) - d.started_s
            FROM drawn d LEFT JOIN (SELECT * FROM stride WHERE place = 1) s USING (code)
        )
        SELECT source, target, count(*) AS n, count(DISTINCT code) AS cases,
            quantile_cont(greatest(0, lasted), 0.5) / {ledger.office.day_seconds} AS median
        FROM move GROUP BY 1, 2 ORDER BY n DESC, source, target
        """,
        {},
    )
