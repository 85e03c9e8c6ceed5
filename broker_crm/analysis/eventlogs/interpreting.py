"""Makes steps and cases of the rows of a foreign log, by what its columns are said to hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from broker_crm.analysis.eventlogs.fields import NUMBERS, OF_CASE, OF_STEP, REQUIRED, TIMES, Reading
from broker_crm.calendar import OFFICE

LISTED = 20
"""Rows told of that can't be read."""
FARTHEST = 10**14
"""Milliseconds since 1970 that are still a time."""
FIRST_YEAR = 1900
LAST_YEARS = {"due": 9999}
LAST_YEAR = 2999
"""Times outside are none: 'infinity', years before Christ, an end in 9999 for work that is open."""
OFFSET_APART = r"'\s+([+-]\d\d:?\d\d)$', '\1'"

STEPS_OF_ROWS = """
    CREATE TABLE step AS
    SELECT place AS id, place, case_id, activity, resource, team, step_outcome,
        scheduled AS created_at, start AS started_at, complete AS done_at,
        CASE WHEN complete IS NULL THEN 'open' ELSE 'completed' END AS status,
        due, std_days, std_minutes, std_cost, minutes
    FROM event
"""
STEPS_OF_TRANSITIONS = """
    CREATE TABLE step AS
    WITH told AS (
        SELECT *, CASE transition
            WHEN 'schedule' THEN 'created' WHEN 'start' THEN 'started'
            WHEN 'assign' THEN 'other' WHEN 'reassign' THEN 'other'
            WHEN 'suspend' THEN 'other' WHEN 'resume' THEN 'other'
            WHEN 'ate_abort' THEN 'cancelled' WHEN 'pi_abort' THEN 'cancelled'
            WHEN 'withdraw' THEN 'cancelled' WHEN 'autoskip' THEN 'cancelled'
            WHEN 'manualskip' THEN 'cancelled'
            ELSE 'completed' END AS means
        FROM event
    ), counted AS (
        SELECT *, row_number() OVER (
            PARTITION BY case_id, activity, coalesce(instance, ''),
                CASE means WHEN 'cancelled' THEN 'completed' ELSE means END
            ORDER BY complete, place) AS nth
        FROM told WHERE means <> 'other'
    )
    SELECT min(place) AS id, min(place) AS place, case_id, activity,
        coalesce(max(resource) FILTER (means IN ('completed', 'cancelled')),
            max(resource) FILTER (means = 'started'), max(resource)) AS resource,
        coalesce(max(team) FILTER (means IN ('completed', 'cancelled')), max(team)) AS team,
        max(step_outcome) AS step_outcome,
        coalesce(min(complete) FILTER (means = 'created'), min(scheduled)) AS created_at,
        coalesce(min(complete) FILTER (means = 'started'), min(start)) AS started_at,
        min(complete) FILTER (means IN ('completed', 'cancelled')) AS done_at,
        CASE WHEN count(*) FILTER (means = 'completed') > 0 THEN 'completed'
            WHEN count(*) FILTER (means = 'cancelled') > 0 THEN 'cancelled'
            ELSE 'open' END AS status,
        max(due) AS due, max(std_days) AS std_days, max(std_minutes) AS std_minutes,
        max(std_cost) AS std_cost, max(minutes) AS minutes
    FROM counted GROUP BY case_id, activity, coalesce(instance, ''), nth
"""
ENABLED = """
    CREATE OR REPLACE TABLE step AS
    WITH placed AS (
        SELECT * REPLACE (CASE WHEN started_at > done_at THEN NULL ELSE started_at END
            AS started_at)
        FROM step
    ), ordered AS (
        SELECT *, coalesce(started_at, done_at, created_at) AS began,
            max(CASE status WHEN 'completed' THEN done_at END) OVER before AS done_before,
            row_number() OVER (PARTITION BY case_id, activity
                ORDER BY coalesce(started_at, done_at, created_at), place) AS loop
        FROM placed
        WINDOW before AS (PARTITION BY case_id
            ORDER BY coalesce(started_at, done_at, created_at), place
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), completions AS (
        SELECT DISTINCT case_id, done_at FROM placed WHERE status = 'completed'
    )
    SELECT o.* REPLACE (CASE
            WHEN o.created_at <= o.began THEN o.created_at
            WHEN o.started_at IS NULL OR o.started_at = o.done_at
                THEN least(coalesce(o.done_before, o.began), o.began)
            ELSE coalesce(d.done_at, o.began) END AS created_at)
    FROM ordered o ASOF LEFT JOIN completions d
        ON o.case_id = d.case_id AND o.began >= d.done_at
"""
"""Where nothing tells when a step could begin, it could when the one before it was completed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that can't be read.

    Attributes:
        line: in the file; the number of the event in a file of events.
        field: 'case', 'activity', a time, or 'order' for an end before the start.
        value: what stands there.
    """

    line: int
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Interpreted:
    """What became of the rows.

    Attributes:
        problems: the first rows that can't be read.
        problem_count: how many there are.
        cases: how many.
        steps: how many.
    """

    problems: tuple[Problem, ...]
    problem_count: int
    cases: int
    steps: int


def interpret(
    connection: duckdb.DuckDBPyConnection, parquet: Path, reading: Reading, name: str
) -> Interpreted:
    """Make tables `step`, `case_trait` and `version_name` from a log's rows.

    Args:
        connection: in memory, without tables.
        parquet: the log's content.
        reading: which column holds what; the required ones must be there.
        name: of the log, for the process where no column tells it.
    """
    connection.execute(f"SET TimeZone = '{OFFICE.key}'")
    connection.execute(
        f"CREATE TABLE raw AS SELECT {', '.join((*_needed(reading), *_times(reading)))}"
        " FROM read_parquet($file)",
        {"file": str(parquet)},
    )
    problems, count = _problems(connection, reading)
    connection.execute(
        f"CREATE TABLE event AS SELECT place, {', '.join(_columns(reading))} FROM raw"
        f" WHERE NOT coalesce({_wrong(reading)}, FALSE)"
    )
    connection.execute("DROP TABLE raw")
    by_transitions = "transition" in reading.columns
    connection.execute(STEPS_OF_TRANSITIONS if by_transitions else STEPS_OF_ROWS)
    connection.execute(ENABLED)
    _trait_cases(connection, name)
    connection.execute("DROP TABLE event")
    found = connection.execute("SELECT count(DISTINCT case_id), count(*) FROM step").fetchone() or (
        0,
        0,
    )
    return Interpreted(problems, count, found[0], found[1])


def _text(reading: Reading, field: str) -> str:
    place = reading.columns.get(field)
    return "NULL::VARCHAR" if place is None else f"nullif(trim(c{int(place)}), '')"


def _number(reading: Reading, field: str) -> str:
    number = f"TRY_CAST(replace({_text(reading, field)}, ',', '.') AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def time_of(reading: Reading, field: str) -> str:
    """An expression for the instant in a column, in UTC; null where it can't be read."""
    text = _text(reading, field)
    if field not in reading.columns:
        return "NULL::TIMESTAMP"
    if reading.time in ("seconds", "milliseconds"):
        factor = 1 if reading.time == "milliseconds" else 1000
        since = f"TRY_CAST({text} AS DOUBLE) * {factor}"
        return _within(
            field,
            f"CASE WHEN abs({since}) < {FARTHEST} THEN epoch_ms(CAST({since} AS BIGINT)) END",
        )
    if reading.time == "iso":
        instant = f"TRY_CAST(regexp_replace({text}, {OFFSET_APART}) AS TIMESTAMPTZ)"
    else:
        written = reading.time.replace("'", "")
        instant = f"CAST(try_strptime({text}, '{written}') AS TIMESTAMPTZ)"
    return _within(field, f"timezone('UTC', {instant})")


def _within(field: str, instant: str) -> str:
    last = LAST_YEARS.get(field, LAST_YEAR)
    return f"CASE WHEN year({instant}) BETWEEN {FIRST_YEAR} AND {last} THEN {instant} END"


def _needed(reading: Reading) -> list[str]:
    """Columns that are read; a log may have hundreds more."""
    places = sorted({int(place) for place in reading.columns.values()})
    return ["place", "line", *(f"c{place}" for place in places)]


def _times(reading: Reading) -> list[str]:
    return [f"{time_of(reading, field)} AS at_{field}" for field in TIMES]


def _columns(reading: Reading) -> list[str]:
    told = [
        f"{_text(reading, 'case')} AS case_id",
        f"{_text(reading, 'activity')} AS activity",
        *(f"at_{field} AS {field}" for field in TIMES),
        *(f"{_number(reading, field)} AS {field}" for field in NUMBERS),
        *(f"{_text(reading, field)} AS {field}" for field in (*OF_STEP, *OF_CASE)),
    ]
    return [
        "lower(" + each.replace(" AS transition", ") AS transition")
        if each.endswith(" AS transition")
        else each
        for each in told
    ]


def _faults(reading: Reading) -> dict[str, str]:
    """Field to a condition that is true where it can't be read."""
    faults = {field: f"{_text(reading, field)} IS NULL" for field in ("case", "activity")}
    for field in TIMES:
        if field in reading.columns:
            faults[field] = f"{_text(reading, field)} IS NOT NULL AND at_{field} IS NULL"
    empty = "at_complete IS NULL"
    if "transition" not in reading.columns:
        empty += " AND at_start IS NULL"
        faults["order"] = "at_start > at_complete"
    faults["complete"] = f"({faults['complete']}) OR ({empty})"
    return faults


def _wrong(reading: Reading) -> str:
    return " OR ".join(f"coalesce({each}, FALSE)" for each in _faults(reading).values())


def _problems(
    connection: duckdb.DuckDBPyConnection, reading: Reading
) -> tuple[tuple[Problem, ...], int]:
    assert all(field in reading.columns for field in REQUIRED)
    whens, values = "", ""
    for field, fault in _faults(reading).items():
        shown = _text(reading, "complete" if field == "order" else field)
        whens += f" WHEN coalesce({fault}, FALSE) THEN '{field}'"
        values += f" WHEN coalesce({fault}, FALSE) THEN {shown}"
    rows = connection.execute(
        f"SELECT line, CASE{whens} END, left(coalesce(CASE{values} END, ''), 60),"
        f" count(*) OVER () FROM raw WHERE {_wrong(reading)} ORDER BY place LIMIT {LISTED}"
    ).fetchall()
    return tuple(Problem(*row[:3]) for row in rows), rows[0][3] if rows else 0


def _trait_cases(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """One row for each case: the last value that is not empty; versions get numbers."""
    last = ", ".join(
        f"arg_max({field}, place) FILTER ({field} IS NOT NULL) AS {field}" for field in OF_CASE
    )
    connection.execute(
        f"CREATE TABLE case_trait AS SELECT case_id, {last} FROM event GROUP BY case_id"
    )
    connection.execute(
        "UPDATE case_trait SET process = $name WHERE process IS NULL", {"name": name}
    )
    connection.execute("""
        CREATE TABLE version_name AS
        WITH told AS (SELECT DISTINCT version AS name FROM case_trait WHERE version IS NOT NULL)
        SELECT name, CAST(CASE
            WHEN (SELECT bool_and(regexp_full_match(name, '[0-9]{1,6}')) FROM told)
                THEN TRY_CAST(name AS INTEGER)
            ELSE row_number() OVER (ORDER BY name) END AS INTEGER) AS number
        FROM told
    """)
