"""Keeps foreign logs: brings a file in, says what its columns hold, throws it away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import duckdb
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.analysis.eventlogs import opening, reading_csv, reading_xes
from broker_crm.analysis.eventlogs.fields import FIELDS, FORMATS, REQUIRED, Reading, guess
from broker_crm.analysis.eventlogs.interpreting import Interpreted, interpret, time_of
from broker_crm.analysis.eventlogs.models import EventLog
from broker_crm.analysis.eventlogs.staging import Stage, as_file
from broker_crm.calendar import FIRST_YEAR, LAST_YEAR, OFFICE
from broker_crm.crm import audit


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may have at most.

    Attributes:
        size: bytes when unpacked.
        rows: rows or events.
    """

    size: int
    rows: int


BY_COMMAND = Limits(4_000_000_000, 5_000_000)
BY_PAGE = Limits(60_000_000, 300_000)
"""Small enough to be read while the page waits."""


class MappingRefused(Exception):
    """The columns can't be read like that; nothing has changed.

    Attributes:
        code: 'missing', 'faulty', 'noSteps' or 'outsideCalendar'; from the command line also
            'noField', 'noColumn' or 'noFormat'.
        fields: required fields without a column; or what is not there, and what is.
        found: what was read, with the rows that can't be.
    """

    def __init__(
        self, code: str, fields: tuple[str, ...] = (), found: Interpreted | None = None
    ) -> None:
        self.code = code
        self.fields = fields
        self.found = found
        super().__init__(_said(code, fields, found))


def receive(
    session: Session,
    file: IO[bytes],
    file_name: str,
    *,
    by: str | None,
    name: str = "",
    limits: Limits = BY_PAGE,
) -> EventLog:
    """Bring a file in, with proposals for its columns; it waits for `confirm`.

    Args:
        session: the caller commits.
        file: XES or CSV, packed with gzip or not; read piece by piece.
        file_name: as the person knows it.
        by: login; None for the command line.
        name: for the list; the file's name when empty.
        limits: of the file.

    Raises:
        LogRefused: naming what is wrong, and the line where it is known.
    """
    content = opening.unpacked(file, limits.size)
    xml = opening.is_xml(content)
    with Stage(limits.rows) as stage:
        (reading_xes if xml else reading_csv).read(content, stage)
        staged = stage.staged()
    proposed = Reading(guess(each["name"] for each in staged.columns))
    log = EventLog(
        name=(name.strip() or Path(file_name).stem)[:120],
        file_name=Path(file_name).name[:200],
        kind="xes" if xml else "csv",
        by=by,
        at=clock.now(),
        columns=staged.columns,
        rows=staged.rows,
        content=staged.content,
    )
    log.mapping = replace(proposed, time=_time_format(log, proposed)).stored()
    session.add(log)
    session.flush()
    audit.note(session, "log-imported", None, by=by, log=log.id.hex, rows=log.rows)
    return log


def tried(log: EventLog, reading: Reading, *, round_the_clock: bool) -> Interpreted:
    """What would become of a log's rows; a large one takes a while, during which nobody waits.

    Args:
        log: with its content.
        reading: columns that are not there, and unknown fields, are left out.
        round_the_clock: count time day and night instead of by the company's calendar.

    Raises:
        MappingRefused: a required field has no column, rows can't be read, or the calendar does
            not reach that far.
    """
    kept = _possible(log, reading)
    if missing := tuple(field for field in REQUIRED if field not in kept.columns):
        raise MappingRefused("missing", missing)
    with as_file(log.content) as parquet, duckdb.connect(":memory:") as connection:
        found = interpret(connection, parquet, kept, log.name)
        if found.problem_count and not kept.skip:
            raise MappingRefused("faulty", found=found)
        if not found.steps:
            raise MappingRefused("noSteps", found=found)
        if not round_the_clock and not _within_calendar(connection):
            raise MappingRefused("outsideCalendar", found=found)
    return found


def confirm(
    session: Session,
    log_id: UUID,
    reading: Reading,
    *,
    round_the_clock: bool,
    found: Interpreted | None = None,
) -> Interpreted:
    """Say what the columns hold; from then on the log can be looked into.

    Args:
        session: the caller commits.
        log_id: of the log.
        reading: columns that are not there, and unknown fields, are left out.
        round_the_clock: count time day and night instead of by the company's calendar.
        found: by `tried` with the same reading, so that no lock is held while it is read.

    Raises:
        MappingRefused: as for `tried`; nothing has changed.
    """
    log = session.get_one(EventLog, log_id, with_for_update=True)
    found = found or tried(log, reading, round_the_clock=round_the_clock)
    log.mapping, log.round_the_clock, log.read = (
        _possible(log, reading).stored(),
        round_the_clock,
        True,
    )
    log.cases, log.steps = found.cases, found.steps
    log.revision += 1
    session.flush()
    return found


def _possible(log: EventLog, reading: Reading) -> Reading:
    """What is there of a reading."""
    columns = {
        field: place
        for field, place in reading.columns.items()
        if field in FIELDS and 0 <= place < len(log.columns)
    }
    written = reading.time if reading.time in FORMATS else "iso"
    return replace(reading, columns=columns, time=written)


def throw_away(session: Session, log_id: UUID, *, by: str | None) -> bool:
    """Delete a log; False when it is gone already.

    Args:
        session: the caller commits.
        log_id: of the log.
        by: login; None for the command line.
    """
    if session.execute(delete(EventLog).where(EventLog.id == log_id)).rowcount:  # type: ignore[attr-defined]
        audit.note(session, "log-deleted", None, by=by, log=log_id.hex)
        return True
    return False


def logs(session: Session) -> list[EventLog]:
    """All foreign logs, the newest first, without their content."""
    return list(session.scalars(select(EventLog).order_by(EventLog.at.desc(), EventLog.id)))


def _time_format(log: EventLog, proposed: Reading) -> str:
    """The way of writing times that fits all values of the time column, or the most of them."""
    if "complete" not in proposed.columns or log.kind == "xes":
        return "iso"
    fits: dict[str, int] = {}
    with as_file(log.content) as parquet, duckdb.connect(":memory:") as connection:
        connection.execute(f"SET TimeZone = '{OFFICE.key}'")
        for each in FORMATS:
            instant = time_of(replace(proposed, time=each), "complete")
            if each in ("seconds", "milliseconds"):
                instant = f"CASE WHEN year({instant}) BETWEEN 1990 AND 2100 THEN 1 END"
            row = connection.execute(
                f"SELECT count({instant}) FROM read_parquet($file)", {"file": str(parquet)}
            ).fetchone()
            fits[each] = row[0] if row else 0
    return max(FORMATS, key=lambda each: fits[each])


def _within_calendar(connection: duckdb.DuckDBPyConnection) -> bool:
    row: Any = connection.execute(
        "SELECT min(year(least(created_at, done_at))), max(year(coalesce(done_at, created_at)))"
        " FROM step"
    ).fetchone()
    first, last = row
    return bool(first >= FIRST_YEAR and last <= LAST_YEAR)


def _said(code: str, fields: tuple[str, ...], found: Interpreted | None) -> str:
    if code == "missing":
        return f"No column is chosen for: {', '.join(fields)}. Choose one."
    if code in ("noField", "noColumn", "noFormat"):
        what = {"noField": "field", "noColumn": "column", "noFormat": "way of writing times"}[code]
        return f"There is no {what} “{fields[0]}”. Known: {', '.join(fields[1:])}."
    if code == "noSteps":
        return "No row can be read with these columns. Choose others."
    if code == "outsideCalendar":
        return (
            f"The log has times outside {FIRST_YEAR}–{LAST_YEAR}, the years of the company's"
            " calendar. Count its time round the clock."
        )
    assert found is not None
    told = [f"{found.problem_count} rows can't be read:"]
    told += [f"  line {each.line}: {each.field}: “{each.value}”" for each in found.problems]
    return "\n".join([*told, "Mend them, choose other columns, or leave these rows out."])


def changed(
    log: EventLog, proposed: Reading, told: Iterable[str], time: str | None, *, skip: bool
) -> Reading:
    """Proposals for a log, changed as a command says.

    Args:
        log: that was received.
        proposed: for it.
        told: such as 'case=Order number'; 'resource=' takes a proposal away.
        time: how times are written; None for the proposal.
        skip: whether rows that can't be read are left out.

    Raises:
        MappingRefused: there is no such field, column or way of writing times.
    """
    columns = dict(proposed.columns)
    names = [each["name"] for each in log.columns]
    for each in told:
        field, _equals, name = each.partition("=")
        if field not in FIELDS:
            raise MappingRefused("noField", (field, *FIELDS))
        if name and name not in names:
            raise MappingRefused("noColumn", (name, *names))
        if name:
            columns[field] = names.index(name)
        else:
            columns.pop(field, None)
    if time is not None and time not in FORMATS:
        raise MappingRefused("noFormat", (time, *FORMATS))
    return Reading(columns, time or proposed.time, skip)


def reading_of(given: Mapping[str, str], time: str, *, skip: bool) -> Reading:
    """A mapping as a form sends it: field to the column's place in digits, or nothing."""
    columns = {
        field: int(text)
        for field in FIELDS
        if (text := given.get(field, "").strip()).isdecimal() and len(text) < 5
    }
    return Reading(columns, time, skip)
